"""The DVC experiments that MLflow does not know: DVC had their results already and ran no stage."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.files import md5_of
from neonym.base.temporary import temporary_folder
from neonym.lab.configuration import configuration_hash, parse_values
from neonym.lab.dvc_cache import cached_in, files_of, is_below
from neonym.lab.git import git_text
from neonym.lab.lockfile import Lock
from neonym.lab.tracking.store import Store

PREFIX = "neonym-sync-"
MOST_BYTES = 1_000_000  # of a params.yaml
MD5 = re.compile("[0-9a-f]{32}")
# What somebody's attributes name is not run, as filters of Git LFS would be
PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Experiment:
    """A DVC experiment that ended well."""

    name: str
    commit: str
    """The commit that DVC made of it."""


@dataclass(frozen=True)
class PassedOver:
    """An experiment that cannot be tracked."""

    name: str
    reason: str

    def __str__(self) -> str:
        return (
            f"the experiment {self.name} is passed over: {self.reason}; "
            f"`dvc exp remove {self.name}` if nobody needs it"
        )


def untracked_experiments(store: Store, root: Path) -> tuple[list[Experiment], list[PassedOver]]:
    """The experiments whose run is not known to be complete, and those that cannot be read."""
    untracked, passed_over = [], []
    for found in experiments_of(root):
        try:
            digest = _configuration(store, root, found.commit)
            if not found.name.isprintable():
                raise UserError("its name holds what is no text")
        except UserError as error:
            passed_over.append(PassedOver(found.name, str(error)))
            continue
        if digest and not store.experiment_note(found.name, digest).exists():
            untracked.append(found)
    return untracked, passed_over


def experiments_of(root: Path) -> list[Experiment]:
    """The experiments that DVC keeps in a repository."""
    listed = git_text(root, "for-each-ref", "--format=%(refname) %(objectname)", "refs/exps")
    found = []
    for line in listed.splitlines():
        reference, _, commit = line.partition(" ")
        # refs/exps/ab/cdef…/name: the commit that it began from; others are DVC's own
        parts = reference.split("/", 4)
        if len(parts) == 5 and len(parts[2]) == 2 and len(parts[3]) == 38:
            found.append(Experiment(parts[4], commit))
    return found


def _configuration(store: Store, root: Path, commit: str) -> str:
    """The hash of a commit's configuration; "" where it is of another neonym.

    Raises
    ------
    UserError
        If it is no configuration at all.
    """
    name = f"{commit}:./params.yaml"
    size = git_text(root, "cat-file", "-s", name).strip()
    if not size:
        return ""
    if int(size) > MOST_BYTES:
        raise UserError(f"its params.yaml has more than {MOST_BYTES:,} bytes")
    values = parse_values(git_text(root, "cat-file", "blob", name), "its params.yaml")
    try:
        return configuration_hash(store.project.schema.validated(values, "params.yaml"))
    except UserError:
        return ""


@contextmanager
def checked_out(root: Path, experiment: Experiment) -> Iterator[Path]:
    """An experiment's files, as they would stand in the workspace, while the block lasts.

    The experiment may be somebody else's. So its commit is checked out into a repository of its
    own, without links, filters and hooks, and nothing of it is obeyed; of results only what
    `dvc.lock` names is there, with its hash, as a copy of what DVC's cache holds.
    """
    inside = git_text(root, "rev-parse", "--show-prefix").strip()
    objects = git_text(root, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    with temporary_folder(PREFIX) as folder:
        tree = folder / "tree"
        git_text(folder, "init", "--quiet", "--template=", str(tree), environment=PLAIN)
        alternates = tree / ".git/objects/info/alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(objects)
        for key, value in (("core.symlinks", "false"), ("advice.detachedHead", "false")):
            git_text(tree, "config", key, value)
        git_text(tree, "checkout", "--quiet", experiment.commit, environment=PLAIN)
        project = tree / inside
        _put_results(root, project)
        yield project


def _put_results(root: Path, project: Path) -> None:
    """Leave those results in a checkout that its `dvc.lock` names, and no others."""
    named, own = _named(project), _named(root)
    cache = Path(_dvc(root, "cache", "dir").strip() or root / ".dvc/cache")
    for path in {**own, **named}:
        place, md5 = project / path, named.get(path, "")
        if not is_below(path) or (place.is_file() and md5_of(place) == md5):
            continue
        if place.is_dir():
            shutil.rmtree(place)
        with suppress(OSError):  # one's folder is another's file: it is found missing
            place.unlink(missing_ok=True)
            for name, digest in files_of(cache, md5).items():
                _put(cached_in(cache, digest), place / name, digest)


def _named(project: Path) -> dict[str, str]:
    """What a project's `dvc.lock` names, and its md5; nothing where it cannot be read."""
    try:
        return Lock(project / "dvc.lock").outputs
    except UserError:
        return {}


def _put(source: Path, target: Path, md5: str) -> None:
    """Copy a file that has an md5, if it is there."""
    if not MD5.fullmatch(md5) or not source.is_file() or md5_of(source) != md5:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _dvc(folder: Path, *arguments: str) -> str:
    """What DVC prints; nothing where it fails."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_"))}
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
