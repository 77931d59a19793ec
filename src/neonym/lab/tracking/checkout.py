"""Where a run comes from: the commit, how the checkout differed from it, and its raw data."""

import getpass
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neonym.base.files import md5_of, sha256_of_file
from neonym.base.text import escape
from neonym.lab.dvc_cache import cached
from neonym.lab.git import git_bytes, git_text
from neonym.lab.tracking.redacted_diff import redact_diff
from neonym.lab.tracking.redaction import hide_known

UNKNOWN = "unknown"
# What stages write themselves and is committed does not make a checkout dirty; so what the project
# says that they make, wherever that is, and what the lab writes, where nothing keeps git from it
OF_THE_LAB = (".neonym", "mlartifacts", "mlflow.db", "multirun", "outputs")
GENERATED = ("dvc.lock", "params.yaml", "reports", *OF_THE_LAB)
# Where new files that git does not know yet can change a result, so that the diff holds them
CODE = ("conf", "pipelines", "src", "dvc.yaml", "pyproject.toml")
# What lies among the code and cannot change a result
PROSE_AND_DATA = tuple(f"*.{suffix}" for suffix in ("md", "rst", "txt", "csv", "tsv", "ipynb"))
MAX_DIFF_BYTES = 1_000_000
SHOWN_NAMES = 20
NAMES = ("diff", "HEAD", "--no-ext-diff", "--no-relative", "--name-only", "-z")
MAX_RAW_BYTES = 10_000_000

DiffState = Literal["", "whole", "cut off", "redacted", "not text"]
Kept = Literal["git", "DVC's cache", "artifact", "nowhere"]


@dataclass(frozen=True)
class Checkout:
    """The state of the code."""

    commit: str
    dirty: bool
    """Whether tracked files differ from the commit, or there are new ones among the code."""
    diff: str
    """Changes to the code against the commit, new files too; `git apply` takes it where `state` is
    "whole". Data and prose are left out, which no rerun needs, and said so before it."""
    state: DiffState = ""
    """Whether all of the difference is in `diff`; "" where nothing differs, or git cannot tell."""
    digest: str = ""
    """The sha256 of commit and difference; of the files of code where git cannot tell."""


def read_checkout(folder: Path, made: Collection[str] = ()) -> Checkout:
    """The state of the git checkout that a folder is in; commit "unknown" outside of one.

    Parameters
    ----------
    folder
        The project's.
    made
        What its stages make: files and folders, relative to it.
    """
    commit = git_text(folder, "rev-parse", "HEAD").strip()
    # An archive that was unpacked inside of another repository is no part of it
    if not commit or not git_text(folder, "rev-parse", "--verify", "--quiet", "HEAD:./"):
        return Checkout(UNKNOWN, dirty=False, diff="", digest=_digest_of_files(folder))
    excluded = [f":(exclude,literal){path}" for path in dict.fromkeys((*GENERATED, *made))]
    tracked = ("--porcelain", "--untracked-files=no", "--", ":/", *excluded)
    status, new = git_bytes(folder, "status", *tracked), _new_code(folder, excluded)
    if status == b"" and not new:
        return Checkout(commit, dirty=False, diff="", digest=_digest(commit))
    raw = None if status is None else _diff(folder, (":/", *excluded), new)
    code = None if raw is None else _diff(folder, _needed(), new)
    if raw is None or code is None:
        return Checkout(commit, dirty=True, diff="", digest=_digest_of_files(folder))
    diff, redacted = _recorded(folder, excluded, new, code)
    state = _state(code, redacted)
    digest = _digest(commit, raw) if len(raw) <= MAX_DIFF_BYTES else _digest_of_files(folder)
    return Checkout(commit, dirty=True, diff=diff, state=state, digest=digest)


def _needed() -> tuple[str, ...]:
    """What of a checkout it takes to run its code again, as git's patterns."""
    return (*CODE, *(f":(exclude){pattern}" for pattern in PROSE_AND_DATA))


def _recorded(folder: Path, excluded: list[str], new: list[str], code: bytes) -> tuple[str, bool]:
    """The diff of the code without secrets, and whether there were any.

    Before it stands what else differs from the commit; git passes that over.
    """
    if not code:
        return "", False
    whole = _diff(folder, _needed(), new, context=MAX_DIFF_BYTES) or b""
    texts = [part[:MAX_DIFF_BYTES].decode("utf-8", errors="replace") for part in (code, whole)]
    diff, redacted = redact_diff(texts[0], texts[1] if len(whole) <= MAX_DIFF_BYTES else "")
    others = (":/", *excluded, *(f":(exclude){place}" for place in CODE))
    prose = tuple(f"{place}/{pattern}" for place in CODE for pattern in PROSE_AND_DATA)
    names: list[str] = []
    for places in (others, prose):
        listed = git_text(folder, *NAMES, "--", *places)
        names += [name for name in listed.split("\0") if name]
    if not names:
        return diff, redacted
    shown = [escape(name) for name in names[:SHOWN_NAMES]]
    more = [f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    said = "# Not needed to run the code again, and left out of this diff:"
    return hide_known(
        "\n".join([said, *(f"#   {each}" for each in (*shown, *more)), diff])
    ), redacted


def _digest(commit: str, raw: bytes = b"") -> str:
    return hashlib.sha256(commit.encode() + b"\0" + raw).hexdigest()


def _digest_of_files(folder: Path) -> str:
    """The sha256 of all files of code, and of their names."""
    digest = hashlib.sha256()
    for place in CODE:
        for path in sorted((folder / place, *(folder / place).rglob("*"))):
            if path.is_file() and "__pycache__" not in path.parts:
                name = os.fsencode(path.relative_to(folder))
                digest.update(b"%s\0%s\n" % (name, sha256_of_file(path).encode()))
    return digest.hexdigest()


def _new_code(folder: Path, excluded: Sequence[str]) -> list[str]:
    """The files that git does not know and that lie where they can change a result."""
    asked = ("--others", "--exclude-standard", "-z", "--", *CODE, *excluded)
    listed = git_text(folder, "ls-files", *asked)
    return [name for name in listed.split("\0") if name]


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


def _diff(folder: Path, places: tuple[str, ...], new: list[str], context: int = 3) -> bytes | None:
    """What `git apply` needs to get from the commit to the checkout, whatever git's settings.

    None where git, or the disc, fails.
    """
    command = ["diff", "HEAD", "--binary", "--full-index", "--no-color", "--no-ext-diff"]
    command += ["--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", f"--unified={context}"]
    command += ["--no-relative", "--submodule=short", "--", *places]
    if not new:
        return git_bytes(folder, *command)
    with suppress(OSError), tempfile.TemporaryDirectory() as temporary:
        if sum((folder / name).lstat().st_size for name in new) > MAX_DIFF_BYTES:
            return b"\n" * (MAX_DIFF_BYTES + 1)
        # In a copy of the index, so that the checkout's own stays as it is
        index = Path(temporary) / "index"
        own = folder / git_text(folder, "rev-parse", "--git-path", "index").strip()
        shutil.copyfile(own, index)
        environment = {"GIT_INDEX_FILE": str(index)}
        git_bytes(folder, "add", "--intent-to-add", "--", *new, environment=environment)
        return git_bytes(folder, *command, environment=environment)
    return None


def where_kept(path: Path, folder: Path, root: Path) -> Kept:
    """Where a file of raw data that a run uses can be found later.

    Parameters
    ----------
    path
        The file, absolute or in `folder`.
    folder
        The checkout that the run is made in.
    root
        The project's real root, whose DVC cache is looked into.
    """
    if not path.is_absolute():  # elsewhere it may be in git too, but in another repository
        committed = git_text(folder, "rev-parse", "--verify", "--quiet", f"HEAD:./{path}").strip()
        if committed and committed == git_text(folder, "hash-object", "--", str(path)).strip():
            return "git"
    file = folder / path
    md5 = md5_of(file)
    if cached(root, md5).is_file():
        return "DVC's cache"
    return "artifact" if file.stat().st_size <= MAX_RAW_BYTES else "nowhere"


def user_name() -> str:
    """Who runs this, as MLflow shows it."""
    try:
        name = getpass.getuser()
        return name.encode("utf-8", "backslashreplace").decode()  # bytes that are no text
    except (OSError, KeyError):
        return UNKNOWN
