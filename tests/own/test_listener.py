"""What runs log can be told to a second tracker, and what the configuration says of a run."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_declaring import VALUES, Settings, declared

from marked_project import mark
from neonym.lab.configuration import Tracking
from neonym.lab.tracking import opening
from neonym.lab.tracking.events import Event
from neonym.lab.tracking.spool import open_segments
from neonym.lab.tracking.store import Store

TRACKING = {**VALUES["tracking"], "enabled": True}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(mark(tmp_path))
    monkeypatch.setattr("neonym.lab.tracking.courier._left_to_others", True)
    yield tmp_path


def logged(root: Path, listener: Callable[[str, Path, Event], None] | None, **more: Any) -> Path:
    """A run that logs a curve, a file and a description; its segment's folder."""
    store = Store.of_project(replace(declared(), listener=listener), root)
    configuration = Settings.validated({**VALUES, "tracking": {**TRACKING, **more}}, "conf")
    (root / "table.csv").write_text("a\n1\n")
    with opening.open_job(store, configuration, name="job") as run:
        run.metrics({"val/error": 0.5}, 1)
        run.metrics({"val/error": 0.25}, 2)
        run.artifact(root / "table.csv", "reports")
        run.tags({"mlflow.note.content": "| figure |", "password": "hunter2hunter2"})
    [segment] = open_segments(store.segments)
    return segment.folder


class Files:
    """A second tracker: a CSV of each curve, and a copy of each file, in a folder a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, key: str, files: Path, event: Any) -> None:
        own = self.folder / key
        own.mkdir(parents=True, exist_ok=True)
        match event.type:
            case "metrics":
                for name, value in event.values.items():
                    with (own / f"{name.replace('/', '.')}.csv").open("a") as file:
                        file.write(f"{event.step},{value}\n")
            case "artifact":
                (own / Path(event.file).name).write_bytes((files / event.file).read_bytes())
            case "tags":
                with (own / "tags.jsonl").open("a") as file:
                    file.write(json.dumps(event.values) + "\n")
            case "end":
                (own / "status").write_text(event.status)


def test_a_second_tracker_is_told_all_that_a_run_logs_and_no_secret(root: Path) -> None:
    logged(root, Files(root / "second"))
    [own] = (root / "second").iterdir()
    assert (own / "val.error.csv").read_text() == "1,0.5\n2,0.25\n"
    assert (own / "table.csv").read_text() == "a\n1\n"
    assert (own / "status").read_text() == "FINISHED"
    assert "hunter2" not in (own / "tags.jsonl").read_text()


def test_a_run_is_tracked_as_ever_where_the_second_tracker_fails(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(key: str, files: Path, event: Event) -> None:
        raise OSError("no route to host")

    with caplog.at_level(logging.WARNING, "neonym"):
        failing = events(logged(root, broken))
    assert "the pipeline's listener failed (OSError: no route to host)" in caplog.text
    assert [event["type"] for event in failing][-1] == "end"
    assert [event["values"] for event in failing if event["type"] == "metrics"] == [
        {"val/error": 0.5},
        {"val/error": 0.25},
    ]


def test_name_note_and_tags_of_the_configuration_are_the_runs(root: Path) -> None:
    first, *rest = events(logged(root, None, note="**Why**", tags={"team": "a", "sweep.id": "b"}))
    assert first["tags"]["team"] == "a"
    assert first["tags"]["mlflow.note.content"] == "**Why**"
    notes = [event["values"] for event in rest if event["type"] == "tags"]
    assert {"mlflow.note.content": "**Why**\n\n| figure |"}.items() <= notes[-1].items()


def test_what_runs_are_called_changes_no_result_and_is_not_recorded_where_it_is_not_said() -> None:
    plain = Tracking.validated(TRACKING, "conf")
    assert plain.model_dump() == TRACKING
    named = Tracking.validated({**TRACKING, "run_name": "strong"}, "conf")
    assert named.run_name == "strong"


def events(segment: Path) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder()
    text = (segment / "events.jsonl").read_text()
    return [decoder.raw_decode(line)[0] for line in text.splitlines()]
