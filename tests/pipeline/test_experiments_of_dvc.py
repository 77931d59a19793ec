"""DVC's own experiments: one MLflow run each, and both show the same numbers."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run
from small_project import Project

from neonym.base.nested import flatten
from neonym.evaluation.catalogue import MAIN
from neonym.lab.configuration import UNTRACKED_SECTIONS
from neonym.lab.tracking import tags

pytestmark = pytest.mark.slow
# model=lstm is what the workspace holds, so DVC runs no stage for it
CELLS = ("-S", "model=rnn,gru,lstm")
METRICS = ("reports/metrics.json", "reports/metrics.md")
SIZE = ("-S", "model.hidden_size=8", "-S", "model.embedding_size=8")


def wait_for_queue(project: Project, count: int) -> None:
    """Wait until DVC has so many experiments: git names each when all of its stages have ended.

    To ask DVC takes a second of a processor.
    """
    end = time.monotonic() + 240
    while len(list((project.root / ".git/refs/exps").glob("??/*/*"))) < count:
        assert time.monotonic() < end, project.succeed("dvc", "queue", "status")
        time.sleep(0.5)


def shown_by_dvc(project: Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """The experiments that end well and their data, as `dvc exp show` gives them."""
    for baseline in json.loads(project.succeed("dvc", "exp", "show", "--json")):
        for experiment in baseline["experiments"] or ():
            [revision] = experiment["revs"]
            yield revision["name"], revision["data"]


def assert_metrics_agree(run: Run, data: dict[str, Any]) -> None:
    [file] = data["metrics"].values()
    metrics = flatten(file["data"])
    # what has no value, as those of 1,000 where fewer were drawn, DVC leaves out
    assert {name for name in MAIN if not name.endswith("_1k")} <= set(metrics) <= set(MAIN)
    for name, value in metrics.items():
        tracked = run.data.metrics[name.replace(".", "/", 1)]
        assert tracked == value or (value is None and math.isnan(tracked)), name


def assert_params_agree(run: Run, data: dict[str, Any]) -> None:
    values = data["params"]["params.yaml"]["data"]
    params = flatten({key: values[key] for key in values if key not in UNTRACKED_SECTIONS})
    # A key that came later and is not set is left out, so that earlier runs have equal hashes
    tracked = {name: value for name, value in params.items() if name in run.data.params}
    assert set(tracked) == set(run.data.params)
    assert all(params[name] is None for name in params.keys() - tracked.keys())
    for name, value in tracked.items():
        text = run.data.params[name]
        assert (text if isinstance(value, str) else json.loads(text)) == value, name


def test_queued_experiments_are_one_run_each_with_the_same_numbers(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    project.commit("Results")
    project.succeed("dvc", "exp", "run", "--queue", *CELLS, *SIZE)
    project.succeed("dvc", "queue", "start", "-j", "2")
    wait_for_queue(project, 3)
    project.succeed("neonym", "sync")
    runs = {run.data.tags[tags.DVC_EXPERIMENT]: run for run in project.runs()}
    assert len(runs) == len(project.runs())
    experiments = dict(shown_by_dvc(project))
    assert len(experiments) == 3
    assert set(runs) == {"", *experiments}
    for name, data in experiments.items():
        run = runs[name]
        assert run.info.status == "FINISHED"
        assert run.info.run_name.endswith(f", {name}")
        assert_metrics_agree(run, data)
        assert_params_agree(run, data)
    assert project.succeed("git", "status", "--porcelain") == ""
    assert stores_elsewhere(project) == []
    # nothing is left to do, and nothing is done twice
    project.succeed("neonym", "sync")
    assert len(project.runs()) == 4


def stores_elsewhere(project: Project) -> list[Path]:
    return [path for path in project.root.glob("**/mlflow.db") if path.parent != project.root]


def test_a_list_by_another_name_needs_no_training_and_a_failure_loses_no_figures(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    project.commit("Results")
    model = (project.root / "models/model.npz").read_bytes()
    asked = ("-S", "data.name=dinos", "-S", "sample.temperature=0.8", "-S", "sample.count=50")
    said = project.succeed("dvc", "exp", "run", *asked)
    assert "Stage 'train' didn't change, skipping" in said
    assert "Running stage 'evaluate'" in said
    assert (project.root / "models/model.npz").read_bytes() == model
    done = project.run("dvc", "exp", "run", "-S", 'evaluate.examples=["é4"]')
    assert done.returncode != 0
    assert "evaluate.examples" in done.stdout
    assert all((project.root / name).stat().st_size for name in METRICS)
