"""`neonym prune`: what nothing points to goes, when it is asked for, and nothing else."""

import os
import shutil
import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from promotable import deliver_run

from marked_project import mark
from neonym.cli import run as run_cli
from neonym.commands.prune import in_units
from neonym.lab.tracking.store import Store


def neonym(monkeypatch: pytest.MonkeyPatch, store: Store, *words: str) -> int:
    mark(store.root)
    monkeypatch.chdir(store.root)
    monkeypatch.setattr("sys.argv", ["neonym", *words])
    return run_cli()


def make(store: Store, path: str, days: float = 0) -> str:
    """A folder with 1,500 bytes that was last touched some days ago."""
    folder = store.root / path
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"x" * 1500)
    then = time.time() - days * 24 * 3600
    os.utime(folder, (then, then))
    return path


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_what_nothing_points_to_is_listed_and_removed_when_asked_and_the_rest_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, trashed = deliver_run(store, "a"), deliver_run(store, "b")
    client = MlflowClient(store.uri)
    place = client.get_run(kept).info.experiment_id
    model = client.create_logged_model(place, name="m", source_run_id=kept).model_id
    gone = client.create_logged_model(place, name="m", source_run_id=kept).model_id
    client.delete_logged_model(gone)
    client.delete_run(trashed)
    make(store, f"mlartifacts/models/{model}/artifacts")
    for path in ("mlartifacts/mine", "mlartifacts/models/mine", "reports"):
        make(store, path, days=99)
    make(store, ".neonym/data/fresh", days=6)
    make(store, ".neonym/spool/0/rejected/1", days=99)
    mark(store.root)
    before = everything(store.root)
    lost = [
        make(store, ".neonym/data/0123456789abcdef", days=8),
        make(store, f"mlartifacts/{'0' * 32}"),
        make(store, f"mlartifacts/models/{gone}"),
    ]
    lines = [
        f"   1.5 kB  {lost[0]}  (processed data, unused for a week)",
        f"   1.5 kB  {lost[1]}  (of no run)",
        f"   1.5 kB  {lost[2]}  (of no model)",
    ]
    full = everything(store.root)
    assert neonym(monkeypatch, store, "prune") == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [*lines, "   4.5 kB  can be removed: neonym prune --yes"]
    assert everything(store.root) == full
    assert neonym(monkeypatch, store, "prune", "--yes") == 0
    assert capsys.readouterr().out.splitlines() == [*lines, "   4.5 kB  removed"]
    assert everything(store.root) == before
    assert neonym(monkeypatch, store, "prune", "--yes") == 0
    assert capsys.readouterr().out == "nothing to remove\n"
    assert neonym(monkeypatch, store, "prune", "--yes", "--deleted") == 0
    assert (
        f"mlartifacts/{trashed}  (of a run that was deleted in MLflow)" in capsys.readouterr().out
    )
    assert (store.artifacts / kept).is_dir()
    assert not (store.artifacts / trashed).exists()


def test_without_its_database_nothing_of_a_store_is_removed(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(store, f"mlartifacts/{'0' * 32}")
    store.database.unlink()
    assert neonym(monkeypatch, store, "prune", "--yes") == 2
    assert capsys.readouterr().err == "neonym: nothing is tracked yet; run `dvc repro`\n"
    shutil.rmtree(store.artifacts)
    assert neonym(monkeypatch, store, "prune", "--yes") == 0
    assert capsys.readouterr().out == "nothing to remove\n"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (3e12, "3.0 TB")],
)
def test_sizes_are_told_in_the_unit_that_suits_them(size: float, text: str) -> None:
    assert in_units(size) == text
