"""What a run says of itself when it is opened."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from neonym.lab.lineage.workspace_run import _agree
from neonym.lab.tracking import tags
from neonym.lab.tracking.opening import open_job, open_results, open_stage, open_sweep
from neonym.lab.tracking.spool import EVENTS
from neonym.lab.tracking.store import Store
from repositories import begin
from small_training import configuration

OPENERS = {
    "stage": lambda store: open_stage(store, configuration(), stage="train", name="run"),
    "job": lambda store: open_job(store, configuration(), name="run"),
    "results": lambda store: open_results(
        store, configuration(), name="run", model_sha256="0" * 64, result=Path(__file__)
    ),
}


def opened(store: Store, kind: str) -> dict[str, str]:
    """The tags of a run that is opened and ends at once; nothing is delivered."""
    store.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(store.lock), OPENERS[kind](store) as run:
        assert run.folder is not None
        first = (run.folder / EVENTS).read_text().splitlines()[0].rpartition(" ")[0]
        return dict(json.loads(first)["tags"])


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize(
    ("called", "source"),
    [
        (("pipelines/train.py", ["seed=1"]), "pipelines/train.py"),
        (("{root}/pipelines/train.py", []), "pipelines/train.py"),
        (("/usr/bin/neonym", ["sync", "--wait", "3"]), "neonym sync"),
    ],
)
def test_a_run_names_the_script_or_the_command_that_made_it(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    called: tuple[str, list[str]],
    source: str,
) -> None:
    program, arguments = called
    monkeypatch.chdir(store.root)
    monkeypatch.setattr(sys, "argv", [program.format(root=store.root), *arguments])
    assert opened(store, kind)[tags.SOURCE_NAME] == source


@pytest.mark.parametrize("kind", OPENERS)
def test_a_run_is_clean_where_only_what_its_projects_stages_make_differs(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    begin(store.root, {"eval/metrics.json": "1", "src/code.py": "ONE = 1"})
    (store.root / "eval/metrics.json").write_text("2")
    monkeypatch.chdir(store.root)
    for outputs, dirty in ({"train": ("eval/metrics.json",)}, "false"), ({"train": ("b",)}, "true"):
        project = replace(store.project, outputs=outputs)
        assert opened(replace(store, project=project), kind)[tags.GIT_DIRTY] == dirty


def test_seeds_of_one_configuration_have_equal_tags_however_they_are_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.root)
    store.folder.mkdir(parents=True, exist_ok=True)
    found = set()
    for word in ("seed=0", "++seed=1", "data.split.seed=2"):
        told = configuration(sweep__id="a" * 32)
        with FileLock(store.lock), open_job(store, told, name=f"model=gru {word}") as run:
            assert run.folder is not None
            first = Path(run.folder, EVENTS).read_text().splitlines()[0].rpartition(" ")[0]
            found.add(json.loads(first)["tags"][tags.SWEEP_CONFIGURATION])
    assert found == {"model=gru · aaaaaa"}


def first_event(store: Store, monkeypatch: pytest.MonkeyPatch, **changes: object) -> dict[str, Any]:
    monkeypatch.chdir(store.root)
    store.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(store.lock), open_job(store, configuration(**changes), name="run") as run:
        assert run.folder is not None
        line = (run.folder / EVENTS).read_text(encoding="utf-8").splitlines()[0]
        return dict(json.loads(line.rpartition(" ")[0]))


@pytest.mark.parametrize("length", [501, 6000, 6001, 9000])
def test_a_parameter_is_as_long_as_mlflow_takes_and_a_cut_is_marked(
    store: Store, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    given = "é" * length
    params = first_event(store, monkeypatch, sample__prefix=given)["params"]
    expected = given if length <= 6000 else f"{given[:5999]}…"
    assert params["sample.prefix"] == expected
    assert _agree(expected, given)
    assert _agree(given[:500], given)  # as versions before had it
    assert not _agree(f"{given[:499]}a", given)


@pytest.mark.parametrize(
    ("named", "experiment"), [(None, "configured"), ("", "configured"), ("another", "another")]
)
def test_the_environment_names_the_experiment_first(
    store: Store, monkeypatch: pytest.MonkeyPatch, named: str | None, experiment: str
) -> None:
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    if named is not None:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", named)
    opened = first_event(store, monkeypatch, tracking__experiment="configured")
    assert opened["experiment"] == experiment
    told = configuration(tracking__experiment="configured", tracking__enabled=True)
    with FileLock(store.lock), open_sweep(store, "a" * 32, "sweep", told.tracking) as run:
        assert run.folder is not None
        first = (run.folder / EVENTS).read_text().splitlines()[0].rpartition(" ")[0]
    assert json.loads(first)["experiment"] == experiment
