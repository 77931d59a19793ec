"""Where a run comes from: the commit, how the checkout differed from it, and the list of names."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neonym.base.files import md5_of
from neonym.lab.tracking.redaction import redact_diff

UNKNOWN = "unknown"
# What stages write themselves and is committed does not make a checkout dirty
GENERATED = ("dvc.lock", "params.yaml", "reports")
# Where new files that git does not know yet can change a result, so that the diff holds them
CODE = ("conf", "pipelines", "src", "dvc.yaml")
MAX_DIFF_BYTES = 1_000_000
MAX_LIST_BYTES = 10_000_000

DiffState = Literal["", "whole", "cut off", "redacted", "not text"]
Kept = Literal["git", "DVC's cache", "artifact", "nowhere"]


@dataclass(frozen=True)
class Checkout:
    """The state of the code."""

    commit: str
    dirty: bool
    diff: str
    """Changes to tracked files against the commit and new files among the code; `git apply` takes
    it where `state` is "whole"."""
    state: DiffState = ""
    """Whether all of the difference is in `diff`; "" where nothing differs, or git cannot tell."""


def read_checkout(folder: Path) -> Checkout:
    """The state of the git checkout that `folder` is in; commit "unknown" outside of one."""
    commit = _git(folder, "rev-parse", "HEAD").strip()
    # An archive that was unpacked inside of another repository is no part of it
    if not commit or not _git(folder, "rev-parse", "--verify", "--quiet", "HEAD:./"):
        return Checkout(UNKNOWN, dirty=False, diff="")
    excluded = [f":(exclude){path}" for path in GENERATED]
    options = ("--porcelain", "--untracked-files=normal", "--", ":/", *excluded)
    status = _git_bytes(folder, "status", *options)
    if status == b"":
        return Checkout(commit, dirty=False, diff="")
    raw = None if status is None else _diff(folder, excluded)
    if raw is None:
        return Checkout(commit, dirty=True, diff="")
    diff = raw[:MAX_DIFF_BYTES].decode("utf-8", errors="replace")
    diff, redacted = redact_diff(diff)
    return Checkout(commit, dirty=True, diff=diff, state=_state(raw, redacted))


def _state(raw: bytes, redacted: bool) -> DiffState:
    if redacted:
        return "redacted"
    if len(raw) > MAX_DIFF_BYTES:
        return "cut off"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not text"
    return "whole"


def _diff(folder: Path, excluded: list[str]) -> bytes | None:
    """What `git apply` needs to get from the commit to the checkout, whatever git's settings.

    None where git, or the disc, fails.
    """
    command = ["diff", "HEAD", "--binary", "--full-index", "--no-color", "--no-ext-diff"]
    command += ["--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3"]
    command += ["--no-relative", "--submodule=short", "--", ":/", *excluded]
    listed = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", *CODE)
    new = [name for name in listed.split("\0") if name]
    if not new:
        return _git_bytes(folder, *command)
    with suppress(OSError), tempfile.TemporaryDirectory() as temporary:
        if sum((folder / name).lstat().st_size for name in new) > MAX_DIFF_BYTES:
            return b"\n" * (MAX_DIFF_BYTES + 1)
        # In a copy of the index, so that the checkout's own stays as it is
        index = Path(temporary) / "index"
        own = folder / _git(folder, "rev-parse", "--git-path", "index").strip()
        shutil.copyfile(own, index)
        environment = {"GIT_INDEX_FILE": str(index)}
        _git_bytes(folder, "add", "--intent-to-add", "--", *new, environment=environment)
        return _git_bytes(folder, *command, environment=environment)
    return None


def where_kept(path: Path, folder: Path, root: Path) -> Kept:
    """Where a list that a run uses can be had again later.

    Parameters
    ----------
    path
        The list, absolute or in `folder`.
    folder
        The checkout that the run is made in.
    root
        The project's real root, whose DVC cache is looked into.
    """
    if not path.is_absolute():  # elsewhere it may be in git too, but in another repository
        committed = _git(folder, "rev-parse", "--verify", "--quiet", f"HEAD:./{path}").strip()
        if committed and committed == _git(folder, "hash-object", "--", str(path)).strip():
            return "git"
    file = folder / path
    md5 = md5_of(file)
    if (root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).is_file():
        return "DVC's cache"
    return "artifact" if file.stat().st_size <= MAX_LIST_BYTES else "nowhere"


def user_name() -> str:
    """Who runs this, as MLflow shows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return UNKNOWN


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; nothing where it fails or is not there."""
    return (_git_bytes(folder, *arguments) or b"").decode("utf-8", errors="surrogateescape")


def _git_bytes(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> bytes | None:
    """What git prints; None where it fails or is not there."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            env={**own, **(environment or {})},
            capture_output=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
