"""What a run says of itself when it is opened."""

import json
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from neonym.lab.tracking import tags
from neonym.lab.tracking.opening import open_job, open_results, open_stage
from neonym.lab.tracking.spool import EVENTS
from neonym.lab.tracking.store import Store
from small_training import configuration

OPENERS = {
    "stage": lambda store: open_stage(store, configuration(), stage="train", name="run"),
    "job": lambda store: open_job(store, configuration(), name="run"),
    "results": lambda store: open_results(
        store, configuration(), name="run", model_sha256="0" * 64
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
