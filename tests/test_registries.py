"""One place for a kind of thing: what is registered is known everywhere, or that is said."""

import inspect
import math
from pathlib import Path

import pytest
import yaml

from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation.catalogue import FIGURES, check_known
from neonym.evaluation.list_metrics import LIST_METRICS
from neonym.evaluation.measures import Drawn, Lists, measure
from neonym.experiment import PROJECT as EXPERIMENT
from neonym.experiment import Configuration, Sweep
from neonym.nn import CELLS, OPTIMIZERS, RecurrentNetwork
from neonym.settings import Rules
from small_training import configuration

PROJECT = Path(__file__).resolve().parent.parent


def chosen(group: str) -> set[str]:
    return {path.stem for path in (PROJECT / "conf" / group).glob("*.yaml")}


def test_every_cell_can_be_chosen_and_says_which_it_is() -> None:
    assert chosen("model") == set(CELLS)
    for name in CELLS:
        values = yaml.safe_load((PROJECT / f"conf/model/{name}.yaml").read_text())
        assert values["cell"] == name
        network = RecurrentNetwork(5, **{**configuration().model.model_dump(), "cell": name})
        assert type(network.architecture.make_cell()) is CELLS[name]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_chosen_with_exactly_its_hyperparameters(name: str) -> None:
    values = yaml.safe_load((PROJECT / f"conf/optimizer/{name}.yaml").read_text())
    assert values["name"] == name
    assert values.keys() - {"name", "lr"} == inspect.signature(OPTIMIZERS[name]).parameters.keys()
    assert configuration(optimizer=values).optimizer.model_dump() == values
    assert chosen("optimizer") == set(OPTIMIZERS)


def test_a_network_with_a_cell_that_nobody_registered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cell is 'qrnn', .* which neonym\.nn\.cells registers"):
        RecurrentNetwork(5, cell="qrnn", hidden_size=4)


def test_a_metric_without_a_line_in_the_table_is_refused_and_the_place_named() -> None:
    check_known(["names.validity", "names.broken.vowel", *FIGURES])
    with pytest.raises(LookupError, match=r"names\.charm has no meaning: add it to FIGURES in"):
        check_known(["names.charm"])


def test_nothing_can_be_chosen_by_a_metric_that_reads_test() -> None:
    for metric, listed in LIST_METRICS.items():
        for suffix in ("", "_1k"):
            found = bool(Sweep.reads_test.search(f"names.{metric}{suffix}"))
            assert found == listed.reads_test, metric


def test_a_metric_that_changes_with_the_test_names_cannot_be_chosen_by() -> None:
    names = ["rexo", "rex", "velotops", "velotops", "minmi", "allosaur"]
    drawn, rules = Drawn(names, [True] * 6), Rules(at_least_one_of={}, max_repeat=None)
    known, found = ["rex", "velox", "minmi", "stegops"], []
    for test in (["allosaur", "troodon"], ["ruasolla", "nodoort"]):  # of one alphabet and length
        vocabulary = Vocabulary.from_names([*known, *test], "character")
        found.append(measure(drawn, Lists(known, [], test, vocabulary, True, rules)).values)
    for metric, value in found[0].items():
        changes = not (value == found[1][metric] or math.isnan(value))
        assert not changes or Sweep.reads_test.search(f"names.{metric}"), metric


def test_the_lab_knows_the_stages_and_outputs_of_the_pipeline() -> None:
    pipeline = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    own = {name: stage for name, stage in pipeline.items() if name != "compose"}
    assert list(EXPERIMENT.outputs) == list(own)
    for name, outputs in EXPERIMENT.outputs.items():
        made = {next(iter(out)) if isinstance(out, dict) else out for out in own[name]["outs"]}
        assert set(outputs) <= made
        assert (PROJECT / f"pipelines/{name}.py").is_file()
    assert any(EXPERIMENT.model in outputs for outputs in EXPERIMENT.outputs.values())


def test_the_configuration_is_the_names_and_the_labs() -> None:
    composed = yaml.safe_load((PROJECT / "params.yaml").read_text())
    assert list(composed) != []
    assert set(Configuration.model_fields) == set(composed)
