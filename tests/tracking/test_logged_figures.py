"""What of a training and an evaluation is a metric in MLflow: curves first, and a handful."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import small_training
from neonym.evaluation.catalogue import FIGURES, MAIN, main_figures
from neonym.evaluation.report import to_json
from neonym.experiment import curve
from neonym.lab.tracking.events import Artifact, Metrics, RunOpened
from neonym.lab.tracking.run import Run
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.models.mixture import Mixture
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork
from neonym.steps.outputs import Outputs
from neonym.tracked.evaluation_log import log_evaluation
from neonym.tracked.training_log import TrainingLog, log_trained
from neonym.training.history import EpochRecord, write_history

REPORT = {
    **main_figures({}),
    "test": {"nll": 1.6, "perplexity": 5.0},
    "val": {"nll": 1.5},
    "names": {"validity": 0.98, "snn": 0.3, "drawn": 200},
    "interval": {"names": {"validity": {"low": 0.97, "high": 0.99}}},
    "reference": {"ngram": {"names": {"validity": 0.9}, "order": 4}},
}
METADATA = {"longest": 9, "lowercase": True, "val_nll": 1.5}
HISTORY = [
    EpochRecord(1, 10, 0.1, 3.0, 2.9, 2.8, 1.0),
    EpochRecord(2, 20, 0.1, 2.0, 1.9, 2.1, 1.0),
    EpochRecord(3, 30, 0.1, 2.6, 2.5, 2.4, 1.0, 2),
]


class Logged:
    """A run, and what has been logged to it."""

    def __init__(self, folder: Path) -> None:
        opened = RunOpened(kind="job", key="k", name="n", time_ms=1, experiment="e")
        self.writer = SegmentWriter(folder / "spool", opened)
        self.run = Run(self.writer)

    def points(self) -> dict[str, dict[int, float | None]]:
        found: dict[str, dict[int, float | None]] = {}
        for event, _ in Segment(self.writer.folder).events_from(0):
            if isinstance(event, Metrics):
                for name, value in event.values.items():
                    found.setdefault(name, {})[event.step] = value
        return found

    def table(self, name: str) -> dict[str, Any]:
        [file] = [
            event.file
            for event, _ in Segment(self.writer.folder).events_from(0)
            if isinstance(event, Artifact) and event.is_table and event.file.endswith(name)
        ]
        return dict(json.loads((self.writer.folder / file).read_text()))


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Logged]:
    found = Logged(tmp_path)
    yield found
    found.writer.abandon()


@pytest.fixture
def evaluated(tmp_path: Path) -> Callable[..., Outputs]:
    """Makes the files that an evaluation leaves."""

    def make(history: list[EpochRecord]) -> Outputs:
        files = Outputs.below(tmp_path)
        files.metrics.parent.mkdir(exist_ok=True)
        files.metrics.write_text(to_json(REPORT))
        files.metrics_table.write_text("page")
        files.names_table.write_text("name\nrex\n")
        write_history(files.history, history)
        return files

    return make


def trained(logged: Logged, history: list[EpochRecord], members: int = 1) -> None:
    log = TrainingLog(logged.run, small_training.configuration(train__members=members), every=1)
    for record in history:
        log.on_step(record.step, record.train_loss, record.lr)
        log.on_epoch(record)


def test_the_main_figures_and_that_a_sweep_chooses_by_are_all_that_are_metrics(
    logged: Logged, evaluated: Callable[..., Outputs]
) -> None:
    log_evaluation(logged.run, evaluated(HISTORY[:2]), "names.snn")
    found = logged.points()
    assert set(found) == {name.replace(".", "/", 1) for name in (*MAIN, "names.snn")}
    assert found["test/nll"] == {0: 1.6}
    assert found["names/snn"] == {0: 0.3}
    assert found["val/nll"] == {21: 1.5}  # behind the curve


def test_all_figures_stand_in_a_table_beside_their_references(
    logged: Logged, evaluated: Callable[..., Outputs]
) -> None:
    log_evaluation(logged.run, evaluated(HISTORY[:2]), "val.nll")
    table = logged.table("metrics_table.json")
    assert table["columns"][2:] == ["model", "low", "high", "n-gram", "real names", "uniform"]
    rows = {row[0]: row[1:] for row in table["data"]}
    validity = FIGURES["names.validity"]
    assert rows["names.validity"] == [validity, 0.98, 0.97, 0.99, 0.9, None, None]
    assert rows["test.perplexity"][1] == 5.0
    assert rows["names.drawn"] == ["", 200, None, None, None, None, None]


def test_a_sweeps_curve_of_several_networks_is_their_mean_and_no_saw(
    evaluated: Callable[..., Outputs], tmp_path: Path
) -> None:
    evaluated(HISTORY)
    assert curve(tmp_path) == [(1, pytest.approx((2.8 + 2.4) / 2))]
    evaluated(HISTORY[:2])
    assert curve(tmp_path) == [(1, 2.8), (2, 2.1)]


def test_curves_come_before_all_other_sections_of_a_runs_page(
    logged: Logged, evaluated: Callable[..., Outputs]
) -> None:
    trained(logged, HISTORY[:2])
    log_evaluation(logged.run, evaluated(HISTORY[:2]), "val.nll")
    found = logged.points()
    sections = sorted({name.rpartition("/")[0] for name in found})
    assert sections[0] == "Curves by epoch"
    assert found["Curves by epoch/val_nll"] == {1: 2.8, 2: 2.1}
    assert found["val/nll"] == {10: 2.8, 20: 2.1, 21: 1.5}
    single = [name for name, points in found.items() if max(points) < 1]
    assert len(single) <= 12


def test_the_networks_of_a_mixture_have_curves_of_their_own_and_its_value_is_a_level(
    logged: Logged, evaluated: Callable[..., Outputs]
) -> None:
    trained(logged, HISTORY, members=2)
    files = evaluated(HISTORY)
    network = RecurrentNetwork(len(small_training.VOCABULARY), hidden_size=2)
    mixture = Mixture([network, network])
    save_model(files.model, mixture, small_training.VOCABULARY, METADATA)
    log_trained(logged.run, files, as_model=False)
    log_evaluation(logged.run, files, "val.nll")
    found = logged.points()
    curves = {name: points for name, points in found.items() if name.startswith("Curves")}
    assert curves == {
        "Curves by epoch/member_1_train_nll": {1: 2.9, 2: 1.9},
        "Curves by epoch/member_1_val_nll": {1: 2.8, 2: 2.1},
        "Curves by epoch/member_2_train_nll": {1: 2.5},
        "Curves by epoch/member_2_val_nll": {1: 2.4},
        "Curves by epoch/mixture_val_nll": {1: 1.5, 2: 1.5},
    }
    assert found["val/nll"] == {21: 1.5}  # behind the longest of them: no saw
    assert "train/loss" not in found
    assert found["best/val_nll"] == {0: 1.5}
    assert found["best_member/val_nll"] == {0: 2.1}
