"""Names that are shown while a network learns change nothing of it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neonym.base.streams import Purpose, generator
from neonym.experiment import Configuration, run_name
from neonym.generation.shown import shown_names
from neonym.lab.configuration import configuration_hash
from neonym.lab.project import Project
from neonym.lab.stage.execution import Stage
from neonym.lab.tracking.events import Artifact, RunOpened
from neonym.lab.tracking.run import Run
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.nn import RecurrentNetwork
from neonym.settings import training_settings
from neonym.steps.outputs import Outputs
from neonym.steps.preprocess_step import preprocess
from neonym.tracked.shown_log import ShownNames
from neonym.tracked.training_log import train_tracked
from neonym.training.history import EpochRecord
from small_training import NAMES, VOCABULARY, configuration

OTHERS = {"sweep__id": "0" * 32, "sweep__job": 0}


class Logged:
    """A run that is logged into a folder."""

    def __init__(self, folder: Path) -> None:
        opened = RunOpened(kind="job", key="k", name="n", time_ms=1, experiment="e")
        self.writer = SegmentWriter(folder / "spool", opened)
        self.run = Run(self.writer)

    def tables(self) -> list[list[str]]:
        """The lines of each table of names, in the order in which they were logged."""
        return [
            (self.writer.folder / event.file).read_text().splitlines()
            for event, _ in Segment(self.writer.folder).events_from(0)
            if isinstance(event, Artifact) and event.file.endswith("/names_while_training.md")
        ]


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Logged]:
    found = Logged(tmp_path)
    yield found
    found.writer.abandon()


def trained(folder: Path, run: Run, **changes: Any) -> Outputs:
    """What training leaves in a folder."""
    files = Outputs.below(folder)
    (folder / "names.txt").write_text("\n".join(NAMES))
    settings = configuration(data__path=str(folder / "names.txt"), **changes)
    preprocess(settings.data, files.processed)
    project = Project.__new__(Project)  # nothing of it is asked for
    stage = Stage(project, "train", folder, configuration=settings)
    train_tracked(stage, run, files.processed, files, as_model=False)
    return files


@pytest.mark.parametrize(
    "changes",
    [{}, {"train__ema_decay": 0.9}, {"train__members": 2}, {"train__carry_state": True}],
)
def test_model_and_curves_are_the_same_bytes_whether_names_are_shown_or_not(
    tmp_path: Path, logged: Logged, changes: dict[str, Any]
) -> None:
    places = [tmp_path / "with", tmp_path / "without"]
    for place in places:
        place.mkdir()
    shown = trained(places[0], logged.run, train__show_names_every=1, **changes)
    plain = trained(places[1], Run(None), **changes)
    assert logged.tables()
    assert shown.model.read_bytes() == plain.model.read_bytes()
    assert shown.history.read_bytes() == plain.history.read_bytes()


def test_names_are_shown_at_the_first_epoch_each_nth_and_the_last(
    tmp_path: Path, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "neonym"):
        files = trained(tmp_path, logged.run, train__show_names_every=3, train__epochs=7)
    *_, last = logged.tables()
    assert [line.split(" | ")[0] for line in last[2:]] == ["| 1", "| 3", "| 6", "| 7"]
    names = [line.split(" | ")[2].removesuffix(" |") for line in last[2:]]
    said = [text for text in caplog.messages if text.startswith("epoch") and " of 7" not in text]
    assert said == [f"epoch {e}: {each}" for e, each in zip((1, 3, 6, 7), names, strict=True)]
    assert all(len(line.split(", ")) == 5 for line in names)
    assert len(set(names)) == 4  # the network has changed
    assert [path.name for path in files.model.parent.iterdir()] == ["model.npz"]


def test_of_several_networks_each_ones_last_epoch_is_shown(tmp_path: Path, logged: Logged) -> None:
    options = {"train__show_names_every": 100, "train__epochs": 3, "train__members": 2}
    trained(tmp_path, logged.run, **options)
    *_, last = logged.tables()
    assert [line.split(" | ")[0] for line in last[2:]] == ["| 1", "| 3", "| 6"]


@pytest.mark.parametrize("changes", [{}, {"train__show_names_every": 1, **OTHERS}])
def test_no_names_are_shown_where_none_are_wanted_and_in_sweeps(
    tmp_path: Path, logged: Logged, changes: dict[str, Any]
) -> None:
    trained(tmp_path, logged.run, **changes)
    assert logged.tables() == []


def test_a_training_that_goes_on_goes_on_with_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"train__show_names_every": 1, "train__epochs": 4}
    for name in ("whole", "cut", "again"):
        (tmp_path / name).mkdir()
    whole = Logged(tmp_path / "whole")
    files = trained(tmp_path / "whole", whole.run, **options)

    real = ShownNames.on_weights
    with monkeypatch.context() as patched:
        patched.setattr(ShownNames, "on_weights", dying_at(3, real))
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "cut", Run(None), **options)
    again = Logged(tmp_path / "again")
    resumed = trained(tmp_path / "cut", again.run, train__resume=True, **options)
    assert again.tables()[-1] == whole.tables()[-1]
    assert len(again.tables()) < len(whole.tables())  # it began amid the training
    assert resumed.model.read_bytes() == files.model.read_bytes()
    for each in (whole, again):
        each.writer.abandon()


def dying_at(epoch: int, real: Any) -> Any:
    def on_weights(self: ShownNames, record: EpochRecord, network: Any, is_last: bool) -> None:
        if record.epoch == epoch:
            raise KeyboardInterrupt
        real(self, record, network, is_last)

    return on_weights


@pytest.mark.parametrize("notes", ["", "[1, 2]", '[["a"]]', "[[1, 2.0, 3]]", "\udcff"])
def test_notes_that_are_damaged_or_of_another_training_are_left_aside(
    tmp_path: Path, notes: str
) -> None:
    path = tmp_path / "notes.json"
    path.write_bytes(notes.encode("utf-8", "surrogateescape"))
    shown = ShownNames(Run(None), VOCABULARY, every=1, seed=0, longest=9, notes=path)
    shown.on_epoch(EpochRecord(1, 2, 0.1, 3.0, 2.9, 2.8, 1.0))
    assert shown.rows == []


def test_names_of_a_network_are_drawn_from_a_stream_of_their_own(tmp_path: Path) -> None:
    """The first letter of each is where its uniform falls in the network's first distribution."""
    network = RecurrentNetwork(len(VOCABULARY), hidden_size=5, seed=3, dtype="float64")
    names = shown_names(network, VOCABULARY, seed=7, longest=4)
    logits, _ = network.step(np.array([0]), network.initial_state(1))
    chances = np.cumsum(np.exp(logits[0]) / np.exp(logits[0]).sum())
    uniforms = generator(7, Purpose.SHOWN_NAMES).random(5)
    first = [VOCABULARY.symbols[place] for place in np.searchsorted(chances, uniforms)]
    assert [name[: len(letter)] for name, letter in zip(names, first, strict=True)] == first
    assert int(Purpose.SHOWN_NAMES) not in {
        int(each) for each in Purpose if each is not Purpose.SHOWN_NAMES
    }
    assert all(len(name) == 5 for name in names if name.endswith("…"))


def test_it_is_no_part_of_what_is_trained() -> None:
    plain, shown = configuration(), configuration(train__show_names_every=2)
    assert training_settings(shown) == training_settings(plain)
    assert configuration_hash(shown) == configuration_hash(plain)
    assert run_name(shown) == run_name(plain)
    assert "show_names_every" not in plain.section_dict("train")["train"]
    assert shown.section_dict("train")["train"]["show_names_every"] == 2
    assert isinstance(shown, Configuration)
