"""The one way to git: whatever repository the environment names, and without hooks."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from neonym.base.errors import UserError

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# Looking at a repository neither waits for its index nor runs what somebody put into it
OPTIONS = ("--no-optional-locks", "-c", f"core.hooksPath={os.devnull}")
PATIENCE = 30.0


def _call(
    folder: Path,
    arguments: tuple[str, ...],
    *,
    given: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        ["git", *OPTIONS, "-C", str(folder), *arguments],
        env={**own, **(environment or {})},
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        check=False,
        timeout=seconds,
    )


def git(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    """What git prints in a folder.

    Raises
    ------
    UserError
        If git fails, with what it says.
    """
    try:
        done = _call(folder, arguments, given=given)
    except OSError:
        raise UserError("git is not installed; install it first") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise UserError(f"git {arguments[0]}: {said[-1] if said else 'failed'}")
    return _as_text(done.stdout)


def git_bytes(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> bytes | None:
    """What git prints; None where it fails, takes too long or is not there."""
    try:
        done = _call(folder, arguments, environment=environment, seconds=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def git_text(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What git prints; nothing where it fails."""
    return _as_text(git_bytes(folder, *arguments, environment=environment) or b"")


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


def _as_text(printed: bytes) -> str:
    return printed.decode("utf-8", errors="surrogateescape")
