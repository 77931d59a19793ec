import json
from pathlib import Path

import pytest

from neonym.base.errors import UserError
from neonym.base.text import escape_lines
from neonym.experiment import PROJECT
from neonym.tracked.compared_sweeps import compare, read_jobs, to_markdown


def _write(folder: Path, overrides: list[str], group: str, val: float, status="finished") -> None:
    (folder / "reports").mkdir(parents=True)
    result = {
        "status": status,
        "value": val,
        "overrides": overrides,
        "configuration": "",
        "repetition_of": group,
    }
    (folder / "result.json").write_text(json.dumps(result))
    report = {
        "val": {"nll": val},
        "test": {"nll": val + 0.1},
        "minus_ngram": {"test": {"nll": val - 2}},
    }
    (folder / "reports/metrics.json").write_text(json.dumps(report))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    for seed, val in enumerate((1.5, 1.7)):
        _write(tmp_path / str(seed), ["model=gru", "sweep=x", f"seed={seed}"], "a", val)
    _write(tmp_path / "2", ["model=lstm", "sweep=x", "seed=0"], "b", 1.4)
    _write(tmp_path / "3", ["model=lstm", "sweep=x", "seed=1"], "b", 9.0, "failed")
    return tmp_path


def test_the_table_has_means_and_standard_errors_over_seeds_the_best_on_val_first(
    sweep: Path,
) -> None:
    assert to_markdown(compare(read_jobs(sweep, PROJECT), PROJECT), PROJECT) == (
        "| `model` | seeds | val | test | test, n-gram less it |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| lstm | 1 | 1.400 | 1.500 | 0.600 |\n"
        "| gru | 2 | 1.600 ± 0.100 | 1.700 ± 0.100 | 0.400 ± 0.100 |\n"
    )


def test_a_folder_without_finished_jobs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished job"):
        read_jobs(tmp_path, PROJECT)


def test_a_job_without_its_figures_is_refused(sweep: Path) -> None:
    (sweep / "0/reports/metrics.json").unlink()
    with pytest.raises(UserError, match="no whole job"):
        read_jobs(sweep, PROJECT)


def test_what_a_crafted_result_says_stays_in_its_cell_and_is_not_obeyed(sweep: Path) -> None:
    hostile = "x\x1b]0;owned\x07\u202e\u200f\x85| 0.001 |\n| fake | 1 | 0.0 |"
    _write(sweep / "4", [f"model={hostile}", "seed=0"], "c\x1b[2J", 1.3)
    _write(sweep / "5", ["model=rnn", f"a{hostile}=1", "seed=0"], "d", 1.2)
    table = to_markdown(compare(read_jobs(sweep, PROJECT), PROJECT), PROJECT)
    assert len(table.splitlines()) == table.count("\n") == 6
    assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1
    assert escape_lines(table) == table
    assert r"x\x1b]0;owned\x07\u202e\u200f\x85\| 0.001 \|\x0a\| fake" in table
