"""Where a run comes from: the commit, whether the checkout differed from it, and how."""

import getpass
import subprocess
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "unknown"
# What stages write themselves and is committed does not make a checkout dirty
GENERATED = ("dvc.lock", "params.yaml", "reports")
MAX_DIFF_BYTES = 1_000_000


@dataclass(frozen=True)
class Checkout:
    """The state of the code."""

    commit: str
    dirty: bool
    diff: str
    """Changes to tracked files against the commit, as `git diff` shows them."""


def read_checkout(folder: Path) -> Checkout:
    """The state of the git checkout that `folder` is in; commit "unknown" outside of one."""
    commit = _git(folder, "rev-parse", "HEAD").strip()
    if not commit:
        return Checkout(UNKNOWN, dirty=False, diff="")
    excluded = [f":(exclude,top){path}" for path in GENERATED]
    changed = _git(folder, "status", "--porcelain", "--", ":/", *excluded)
    diff = _git(folder, "diff", "HEAD", "--", ":/", *excluded) if changed else ""
    return Checkout(commit, dirty=bool(changed), diff=diff[:MAX_DIFF_BYTES])


def user_name() -> str:
    """Who runs this, as MLflow shows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return UNKNOWN


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", errors="replace")
