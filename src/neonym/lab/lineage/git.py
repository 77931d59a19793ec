"""What is asked of git, and told to it."""

import os
import re
import subprocess
from pathlib import Path

from neonym.base.errors import UserError

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def git(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    """What git prints in a folder, whatever repository the environment names, without its hooks.

    Raises
    ------
    UserError
        If git fails, with what it says.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-c", f"core.hooksPath={os.devnull}", "-C", str(folder), *arguments],
            env=environment,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            check=False,
        )
    except OSError:
        raise UserError("git is not installed; install it first") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise UserError(f"git {arguments[0]}: {said[-1] if said else 'failed'}")
    return done.stdout.decode("utf-8", errors="surrogateescape")


def succeeds(folder: Path, *arguments: str) -> bool:
    """Whether git takes it."""
    try:
        git(folder, *arguments)
    except UserError:
        return False
    return True


def is_commit(text: str) -> bool:
    """Whether a text is the whole hash of a commit, and nothing that git takes for an option."""
    return bool(COMMIT.fullmatch(text))


def has_commit(folder: Path, commit: str) -> bool:
    """Whether the repository that a folder is in has a commit."""
    return is_commit(commit) and succeeds(folder, "cat-file", "-e", f"{commit}^{{commit}}")
