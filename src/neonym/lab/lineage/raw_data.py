"""The file of raw data that a run used: where it can still be found."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from neonym.base.files import sha256_of_file
from neonym.lab.dvc_cache import cached
from neonym.lab.git import git, succeeds
from neonym.lab.lineage.recorded import RAW, Recorded
from neonym.lab.tracking import tags


@dataclass(frozen=True)
class Found:
    """A file, and where it was found."""

    path: Path
    where: str


def find_raw_data(recorded: Recorded, root: Path, folder: Path) -> Found | None:
    """The raw data that a run used, wherever it is still the same; None where it is gone.

    Parameters
    ----------
    recorded
        The run.
    root
        The project.
    folder
        A temporary folder, for a file that is brought from elsewhere.
    """
    digest = recorded.tag(tags.RAW)
    for found in _candidates(recorded, root, folder):
        if not digest or sha256_of_file(found.path) == digest:
            return found
    return None


def _candidates(recorded: Recorded, root: Path, folder: Path) -> list[Found]:
    path = recorded.store.project.raw_path(recorded.configuration)
    places = [
        (_committed(recorded, root, path, folder), "git"),
        (root / path, "the workspace"),
        (_artifact(recorded, folder), "the run's artifacts"),
        (_in_cache(root, recorded.tag(tags.RAW_MD5)), "DVC's cache"),
    ]
    return [Found(place, where) for place, where in places if place and place.is_file()]


def _committed(recorded: Recorded, root: Path, path: str, folder: Path) -> Path | None:
    """The file as it is in the run's commit."""
    commit = recorded.tag(tags.GIT_COMMIT)
    name = f"{commit}:./{path}"
    if not path or PurePosixPath(path).is_absolute() or not succeeds(root, "cat-file", "-e", name):
        return None
    file = folder / f"committed{PurePosixPath(path).suffix}"
    text = git(root, "cat-file", "blob", name)
    file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    return file


def _artifact(recorded: Recorded, folder: Path) -> Path | None:
    for path in recorded.artifacts:
        if PurePosixPath(path).parent == PurePosixPath(RAW):
            return recorded.download(path, folder)
    return None


def _in_cache(root: Path, md5: str) -> Path | None:
    if not md5.isalnum():
        return None
    return cached(root, md5)


def place(found: Found, target: Path) -> None:
    """Copy the file to where the worktree's stages read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found.path, target)
