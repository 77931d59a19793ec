"""A model belongs to a configuration by what training depends on, and by nothing else."""

import json
import os
from pathlib import Path

import pytest
import yaml

from neonym.base.archive import read_archive, write_archive
from neonym.base.errors import UserError
from neonym.base.nested import flatten
from neonym.corpus.processed import read_processed
from neonym.experiment import Configuration
from neonym.settings import training_settings
from neonym.steps.outputs import Outputs
from neonym.steps.preprocess_step import preprocess, shared_folder
from neonym.steps.train_step import train
from neonym.steps.trained_model import load_trained
from neonym.training.loop import TrainingListener
from small_training import NAMES, configuration

PROJECT = Path(__file__).resolve().parents[2]
STAGES = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
LATER = {
    "data.separator",
    "train.start_from",
    "train.folds",
}  # their null is what was done before they came
RULES = {"at_least_one_of": {"vowel": "aeiou"}, "max_repeat": 2}


class Silent(TrainingListener):
    def on_step(self, step: int, loss: float, lr: float) -> None:
        pass

    def on_epoch(self, record: object) -> None:
        pass


def trained(folder: Path, name: str = "names", **changes: object) -> Outputs:
    """What training a list of this name leaves."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text("\n".join(NAMES))
    settings = configuration(
        data__name=name, data__path=str(path), train__epochs=1, model__hidden_size=4, **changes
    )
    files = Outputs.below(folder)
    preprocess(settings.data, files.processed)
    train(settings, read_processed(files.processed), files, Silent())
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    return trained(tmp_path_factory.mktemp("trained"))


def asked(**changes: object) -> object:
    return configuration(**{"train__epochs": 1, "model__hidden_size": 4, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data__name": "dinos"},
        {"data__path": "elsewhere/names.txt"},
        {"data__rules": RULES},
        {"sample__temperature": 0.8, "sample__count": 3},
        {"evaluate__table_rows": 1},
        {"train__resume": True},
        {"train__show_names_every": 2},
        {"paths__names": "n.csv", "tracking__experiment": "mine", "sweep__fail_fast": True},
    ],
)
def test_what_does_not_change_the_model_is_no_reason_to_refuse_it(
    files: Outputs, changes: dict[str, object]
) -> None:
    assert load_trained(files.model, asked(**changes), read_processed(files.processed))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "seed is 1 and was 0;"),
        ({"optimizer__lr": 0.5}, "optimizer.lr is 0.5 and was 0.01;"),
        ({"model__embedding_size": 3}, "model.embedding_size is 3 and was null;"),
        ({"train__epochs": 2}, "train.epochs is 2 and was 1;"),
        ({"data__split__seed": 7}, "data.split.seed is 7 and was 0;"),
        ({"data__lowercase": False, "seed": 2}, "data.lowercase is false and was true (and 1 more"),
        ({"schedule": {"name": "one_cycle", "warm_up": 0.2}}, 'schedule.name is "one_cycle" and'),
    ],
)
def test_what_changes_the_model_is_named_with_both_values(
    files: Outputs, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        load_trained(files.model, asked(**changes))
    assert said in str(caught.value)
    assert "train with this one first, or name its own model with paths.model" in str(caught.value)


def test_a_model_is_not_used_with_other_data_than_it_was_trained_on(
    files: Outputs, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text("\n".join([*NAMES, "maiasaura"]))
    preprocess(asked(data__path=str(tmp_path / "more.txt")).data, tmp_path / "processed")
    with pytest.raises(UserError, match="was trained on other data than it is used with; train"):
        load_trained(files.model, asked(), read_processed(tmp_path / "processed"))


def test_equal_lists_of_other_names_give_the_same_bytes(files: Outputs, tmp_path: Path) -> None:
    renamed = trained(tmp_path, name="dinos", data__rules=RULES)
    assert renamed.model.read_bytes() == files.model.read_bytes()
    for path in files.processed.iterdir():
        assert (renamed.processed / path.name).read_bytes() == path.read_bytes()


def test_a_model_that_an_earlier_version_wrote_is_known_by_the_keys_that_it_names(
    files: Outputs, tmp_path: Path
) -> None:
    arrays, document = read_archive(files.model, "a model", "")
    del document["metadata"]["data"]
    values = document["metadata"]["configuration"]
    values["data"] |= {"name": "old", "path": "old.txt"}
    del values["train"]["ngram_max_order"]
    write_archive(tmp_path / "old.npz", arrays, json.loads(json.dumps(document)))
    assert load_trained(tmp_path / "old.npz", asked(), read_processed(files.processed))
    with pytest.raises(UserError, match="seed is 1 and was 0"):
        load_trained(tmp_path / "old.npz", asked(seed=1))


@pytest.mark.parametrize(("key", "value"), [("train.folds", 3), ("train.start_from", "base")])
def test_a_model_trained_with_a_later_key_is_not_one_without_it(
    files: Outputs, tmp_path: Path, key: str, value: object
) -> None:
    arrays, document = read_archive(files.model, "a model", "")
    document["metadata"]["configuration"]["train"][key.removeprefix("train.")] = value
    write_archive(tmp_path / "other.npz", arrays, json.loads(json.dumps(document)))
    with pytest.raises(UserError, match=f"{key} is null and was {json.dumps(value)}; train"):
        load_trained(tmp_path / "other.npz", asked())


def test_what_decides_a_model_is_what_the_stages_up_to_train_depend_on() -> None:
    composed = yaml.safe_load((PROJECT / "params.yaml").read_text())
    listed = {*STAGES["preprocess"]["params"], *STAGES["train"]["params"]} - {"data.path"}
    expected = {
        key
        for key, value in flatten(composed).items()
        if (value is not None or key not in LATER)
        and any(key == prefix or key.startswith(f"{prefix}.") for prefix in listed)
    }
    settings = Configuration.validated(composed, "params.yaml")
    assert set(flatten(training_settings(settings))) == expected


def test_jobs_read_data_that_nobody_changes_while_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("\n".join(NAMES))
    workspace = Path("data/processed")
    data, other = configuration().data, configuration(data__split__seed=1).data
    preprocess(data, workspace)
    folder = shared_folder(data)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert before == {path.name: path.read_bytes() for path in workspace.iterdir()}
    preprocess(other, workspace)  # as `dvc repro` does, at any moment
    assert workspace.resolve() not in (folder.resolve(), *folder.resolve().parents)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    os.utime(folder, (0, 0))
    assert shared_folder(data) == folder != shared_folder(other)
    assert folder.stat().st_mtime > 0  # `neonym prune` sees that it is used
