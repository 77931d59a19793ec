import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from neonym.base.errors import UserError
from neonym.cli import cli
from neonym.commands.summary import committed_metrics, print_summary
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork
from neonym.steps.overview import metrics_table, names_grid, new_names
from small_training import VOCABULARY

NAME_ONE = "name a job's folder of pipelines/sweep.py"
METRICS = {
    "test": {"nll": 1.6, "perplexity": 5.0},
    "val": {"nll": 1.5},
    "names": {"validity": 0.98, "novelty": None},
    "interval": {"names": {"validity": {"low": 0.97, "high": 0.99}}},
    "reference": {"ngram": {"test": {"nll": 1.7}}, "real": {"names": {"validity": 1.0}}},
}
EARLIER = {**METRICS, "names": {"validity": 0.5}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with results."""
    files = {
        "reports/metrics.json": json.dumps(METRICS),
        "reports/names.csv": "name,ended,log_prob\n"
        "rex,true,-1\nnova,true,-2\ncut,false,-3\nnova,true,-2\n\x1b[2Jq,true,-4\nlast,true,-5\n",
        "data/processed/train.txt": "rex\n",
        "data/processed/val.txt": "veloc\n",
        "data/processed/test.txt": "last\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def commit(project: Path, metrics: object) -> None:
    path = project / "reports/metrics.json"
    now = path.read_text()
    path.write_text(json.dumps(metrics))
    for command in (
        ["init", "-q"],
        ["add", "reports/metrics.json"],
        ["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "Run"],
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    path.write_text(now)


def printed(project: Path, width: int = 80) -> list[str]:
    text = io.StringIO()
    print_summary(project, Console(file=text, width=width, highlight=False))
    return text.getvalue().splitlines()


def row(lines: list[str], meaning: str) -> list[str]:
    [line] = [line for line in lines if line.strip().startswith(meaning)]
    return line.strip().removeprefix(meaning).split()


def test_figures_stand_beside_their_references(project: Path) -> None:
    lines = printed(project)
    assert row(lines, "nats a token on test (lower is better)") == ["1.600", "1.700", "—", "—"]
    assert row(lines, "valid, of the names asked for") == ["0.980", "—", "1.000", "—"]
    assert row(lines, "new, of the distinct") == ["—", "—", "—", "—"]


def test_intervals_are_shown_where_there_is_room(project: Path) -> None:
    lines = printed(project, width=120)
    assert row(lines, "valid, of the names asked for")[:4] == ["0.980", "0.970", "to", "0.990"]


def test_all_fits_on_one_screen(project: Path) -> None:
    lines = printed(project)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_the_committed_result_has_a_column_if_it_is_another(project: Path) -> None:
    commit(project, EARLIER)
    lines = printed(project)
    assert row(lines, "valid, of the names asked for") == ["0.980", "—", "1.000", "—", "0.500"]
    assert max(map(len, lines)) <= 80


def test_a_committed_result_that_reads_the_same_has_none(project: Path) -> None:
    commit(project, METRICS)
    assert committed_metrics(project) == METRICS
    other_bits = METRICS | {"val": {"nll": 1.50001}, "interval": {}}
    for before in (METRICS, other_bits):
        assert len(metrics_table(METRICS, before).columns) == 5


def test_without_git_or_a_commit_there_is_nothing_before(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert committed_metrics(project) is None
    monkeypatch.setenv("PATH", "")
    assert committed_metrics(project) is None


def test_the_title_counts_the_names_below_it(project: Path) -> None:
    assert "2 new names" in printed(project)


def test_new_names_are_whole_distinct_and_in_no_split(project: Path) -> None:
    assert new_names(project, 10) == ["nova", "\x1b[2Jq"]
    assert new_names(project, 1) == ["nova"]


@pytest.mark.parametrize(
    ("names", "width", "lines"),
    [
        (["bad ulm", "aue", "bad ems", "roth", "hof"], 80, ["bad ulm aue bad ems roth", "hof"]),
        (["bad ulm an der aue", "hof", "bad ems"], 40, ["bad ulm an der aue hof", "bad ems"]),
        (["bad ulm an der aue", "hof"], 20, ["bad ulm an der aue", "hof"]),
    ],
)
def test_a_name_stands_on_one_line_whole(names: list[str], width: int, lines: list[str]) -> None:
    text = io.StringIO()
    Console(file=text, width=width).print(names_grid(names, width))
    assert [" ".join(line.split()) for line in text.getvalue().splitlines()] == lines


def test_a_job_of_its_own_folder_is_shown_with_what_its_model_knows(project: Path) -> None:
    shutil.rmtree(project / "data")
    names = "rex,true,-1\nnova,true,-2\n ,true,-9\n,true,-9\ncut,false,-3\nsaur,true,-4\n"
    (project / "reports/names.csv").write_text("name,ended,log_prob\n" + names)
    network = RecurrentNetwork(len(VOCABULARY), hidden_size=2)
    metadata = {"longest": 9, "lowercase": True}
    save_model(project / "models/model.npz", network, VOCABULARY, metadata, ["rex"])
    lines = printed(project, width=300)
    assert "2 new names" in lines
    assert lines[-3].split() == ["nova", "saur"]
    assert lines[-2].endswith(f": {project / 'reports'}")
    assert lines[-1].endswith(f"neonym sample --model {project / 'models/model.npz'}")


def test_a_folder_without_results_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["summary", str(tmp_path / "gone")])
    assert isinstance(done.exception, UserError)
    assert str(done.exception).endswith("gone has no reports/metrics.json; " + NAME_ONE)


def test_a_name_moves_no_cursor(project: Path) -> None:
    assert any(r"\x1b[2Jq" in line for line in printed(project))
    assert "\x1b" not in "".join(printed(project))


def test_without_results_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; run `dvc repro`"):
        printed(tmp_path)


@pytest.mark.parametrize("missing", ["data/processed/train.txt", "reports/names.csv"])
def test_where_only_the_figures_are_committed_the_remedy_is_said(
    project: Path, missing: str
) -> None:
    (project / missing).unlink()
    with pytest.raises(UserError, match=rf"{missing} does not exist; run `dvc repro`"):
        printed(project)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("data/processed/val.txt", b"\xff\n"),
        ("reports/names.csv", b"\xff\n"),
        ("reports/names.csv", b"nonsense\n1,2,3\n"),
    ],
)
def test_damaged_names_are_one_line(project: Path, path: str, content: bytes) -> None:
    (project / path).write_bytes(content)
    with pytest.raises(UserError, match=rf"{path} is damaged; run `dvc repro --force`"):
        printed(project)


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"test": {"nll": "low"}}', "\xff"])
def test_a_damaged_result_is_one_line(project: Path, text: str) -> None:
    (project / "reports/metrics.json").write_text(text)
    with pytest.raises(UserError, match=r"metrics.json is damaged; run `dvc repro --force"):
        printed(project)
