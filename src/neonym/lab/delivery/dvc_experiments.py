"""The DVC experiments that MLflow does not know: DVC had their results already and ran no stage."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from neonym.base.errors import UserError
from neonym.lab.configuration import configuration_hash
from neonym.lab.git import git_text
from neonym.lab.tracking.store import Store


@dataclass(frozen=True)
class Experiment:
    """A DVC experiment that ended well."""

    name: str
    commit: str
    """The commit that DVC made of it."""


def untracked_experiments(store: Store, root: Path) -> list[Experiment]:
    """The experiments whose run is not known to be complete."""
    return [
        found
        for found in experiments_of(root)
        if (digest := _configuration(store, root, found.commit))
        and not store.experiment_note(found.name, digest).exists()
    ]


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
    """The hash of a commit's configuration; "" where it is of another neonym."""
    try:
        values = yaml.safe_load(git_text(root, "show", f"{commit}:./params.yaml"))
        return configuration_hash(store.project.schema.validated(values, "params.yaml"))
    except (UserError, yaml.YAMLError):
        return ""


@contextmanager
def checked_out(root: Path, experiment: Experiment) -> Iterator[Path]:
    """An experiment's files, as they would stand in the workspace, while the block lasts."""
    inside = git_text(root, "rev-parse", "--show-prefix").strip()
    cache = _dvc(root, "cache", "dir").strip()
    with tempfile.TemporaryDirectory(prefix="neonym-") as folder:
        tree = Path(folder) / "tree"
        git_text(root, "worktree", "add", "--detach", str(tree), experiment.commit)
        try:
            project = tree / inside
            (project / ".dvc" / "config.local").write_text(f'[cache]\n    dir = "{cache}"\n')
            _dvc(project, "checkout", "--quiet")
            yield project
        finally:
            git_text(root, "worktree", "remove", "--force", str(tree))


def _dvc(folder: Path, *arguments: str) -> str:
    """What DVC prints; where it fails nothing, and its files are found missing."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_"))}
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
