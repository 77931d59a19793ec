"""Names are data: whatever a corpus holds, nothing obeys it, and nothing of it is lost."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import DROPPED, OBEYED, write_list
from mlflow.tracking import MlflowClient
from small_project import Project, make_project

from neonym import NameGenerator
from neonym.base.text import exact, inert

pytestmark = pytest.mark.slow
TEXT_COLUMNS = {"name", "nearest_training_name", "beginning", "ending", "text"}


class Hostile:
    """A project that went through the whole pipeline with the list."""

    def __init__(self, root: Path, database: Path) -> None:
        self.project: Project = make_project(root, database)
        write_list(root / "data/raw/hostile.txt")
        self.printed = self.python("sweep.py", "sample.count=400", "evaluate.temperatures=[1.0]")
        self.printed += self.project.succeed("neonym", "sync")
        [self.results] = (root / "outputs/sweep").iterdir()
        self.model = str(self.results / "models/model.npz")

    def python(self, script: str, *words: str) -> str:
        data = ["data=list", "data.path=data/raw/hostile.txt", "data.comment=null"]
        data += ["data.lowercase=false"]
        return self.project.succeed(
            *("python", f"pipelines/{script}", *data, *words), PYTHONPATH="src"
        )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Hostile]:
    made = Hostile(tmp_path_factory.mktemp("hostile") / "project", empty_database)
    yield made
    made.project.stop_delivery()


def test_the_terminal_obeys_nothing(hostile: Hostile) -> None:
    project, model = hostile.project, hostile.model
    drawn = project.succeed("neonym", "sample", "-n", "500", "--temperature", "2", "--model", model)
    scored = project.run("neonym", "score", "data/raw/hostile.txt", "--per-name", "--model", model)
    left_out = [line for line in scored.stdout.splitlines() if line.endswith("is left out")]
    assert len(left_out) == len(DROPPED)
    as_json = project.succeed("neonym", "sample", "-n", "500", "--json", "--model", model)
    for printed in (hostile.printed, drawn, scored.stdout.replace("\t", ""), as_json):
        assert not OBEYED.search(printed)
    json.loads(as_json[as_json.index("{") :])  # behind a remark


def test_a_mistake_that_quotes_a_name_is_harmless(hostile: Hostile) -> None:
    path = hostile.project.root / "data/raw/head\x1b[31m.csv"
    path.write_text("na\x1b[31mme\nrex\n")
    done = hostile.project.run(
        *("python", "pipelines/preprocess.py", "data=list", "data.column=name"),
        f"data.path='{path}'",
        PYTHONPATH="src",
    )
    assert done.returncode == 2
    assert "\\x1b[31m" in done.stdout
    assert not OBEYED.search(done.stdout)


def cells(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield from (text for column, text in row.items() if column in TEXT_COLUMNS)


def test_a_spreadsheet_takes_no_name_for_a_formula(hostile: Hostile) -> None:
    tables = [*hostile.results.rglob("*.csv"), *hostile.project.root.glob("outputs/**/*.csv")]
    shared = hostile.project.root / ".neonym"
    tables += list(shared.rglob("dropped.csv"))
    assert {path.name for path in tables} >= {"names.csv", "names_table.csv", "dropped.csv"}
    texts = [text for path in tables for text in cells(path)]
    assert any(text.startswith("'=") for text in texts)
    assert [text for text in texts if text != inert(exact(text))] == []
    for path in shared.rglob("dropped.csv"):
        assert not OBEYED.search(path.read_text())


def test_names_read_back_as_they_were_drawn(hostile: Hostile) -> None:
    with (hostile.results / "reports/names.csv").open(encoding="utf-8", newline="") as file:
        names = [exact(row["name"]) for row in csv.DictReader(file)]
    assert names == NameGenerator.load(hostile.model).sample(400, seed=0, raw=True)


def test_reports_and_notes_hold_no_names_that_a_browser_would_obey(hostile: Hostile) -> None:
    [run] = hostile.project.runs()
    assert run.info.status == "FINISHED"
    markdown = (hostile.results / "reports/metrics.md").read_text()
    for text in (markdown, run.data.tags["mlflow.note.content"]):
        assert "<" not in text
        assert "javascript:" not in text
        assert not OBEYED.search(text)


def test_tables_in_mlflow_obey_nothing(hostile: Hostile) -> None:
    [run] = hostile.project.runs()
    client = MlflowClient(f"sqlite:///{hostile.project.root / 'mlflow.db'}")
    folder = Path(client.download_artifacts(run.info.run_id, ""))
    for name in ("names.json", "names_table.json"):
        table = json.loads((folder / name).read_text())
        for column, *texts in zip(table["columns"], *table["data"], strict=True):
            for text in texts if column in TEXT_COLUMNS else ():
                assert text == inert(exact(text))
                assert not OBEYED.search(text)


def test_every_picture_is_drawn(hostile: Hostile) -> None:
    pictures = list((hostile.results / "reports/figures").glob("*.png"))
    assert len(pictures) >= 5
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
