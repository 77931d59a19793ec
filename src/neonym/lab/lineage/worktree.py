"""A commit, and what was changed in it, in a temporary worktree of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.temporary import held_folder, is_left, left_behind
from neonym.lab.git import git, git_text
from neonym.lab.lineage import janitor

PREFIX = "neonym-reproduce-"


class Worktree:
    """A temporary checkout of the project.

    Parameters
    ----------
    project
        The project's folder in it.
    guard
        The process that removes it in the end, and ends what runs in it.
    """

    def __init__(self, project: Path, guard: "subprocess.Popen[bytes]") -> None:
        self.project = project
        self._guard = guard

    @contextmanager
    def running(self, command: list[str], **options: object) -> "Iterator[subprocess.Popen[bytes]]":
        """Run a command in the project's folder, in a process group that does not outlive us."""
        with subprocess.Popen(command, cwd=self.project, process_group=0, **options) as process:  # type: ignore[call-overload]
            self._tell(process.pid)
            try:
                yield process
            except BaseException:
                _kill_group(process.pid)
                raise
            process.wait()
        self._tell(0)

    def _tell(self, group: int) -> None:
        if self._guard.stdin:
            self._guard.stdin.write(f"{group}\n".encode())
            self._guard.stdin.flush()

    def inside(self, path: str) -> Path:
        """A file in the project's folder.

        Raises
        ------
        UserError
            If the path leads out of it.
        """
        place = (self.project / path).resolve()
        if not place.is_relative_to(self.project):
            raise UserError(f"{path} leads out of the temporary worktree")
        return place


@contextmanager
def worktree(root: Path, commit: str, diff: str = "") -> Iterator[Worktree]:
    """A temporary worktree for as long as the block lasts; nothing is left of it, also if killed.

    Parameters
    ----------
    root
        The project, in a git repository.
    commit
        Is checked out.
    diff
        Is applied to it.

    Raises
    ------
    UserError
        If the commit cannot be checked out, or the diff does not fit it.
    """
    _remove_left(root)
    with held_folder(PREFIX) as folder:
        guard = _start_guard(root, folder)
        try:
            within = git(root, "rev-parse", "--show-prefix").strip()
            git(root, "worktree", "add", "--quiet", "--detach", str(folder), commit)
            if diff:
                _apply(folder, diff)
            yield Worktree(folder / within, guard)
        finally:
            if guard.stdin:
                guard.stdin.close()
            guard.wait()


def _remove_left(root: Path) -> None:
    """Remove worktrees whose guard was killed too, as by the end of the machine."""
    listed = git_text(root, "worktree", "list", "--porcelain").splitlines()
    known = [Path(line.removeprefix("worktree ")) for line in listed if line[:9] == "worktree "]
    ours = [path for path in known if path.name.startswith(PREFIX)]
    gone = [path for path in ours if not path.exists() or is_left(path)]
    for path in {*gone, *left_behind(PREFIX)}:
        janitor.remove(str(root), str(path))


def _apply(folder: Path, diff: str) -> None:
    before = _links(folder)
    try:
        git(folder, "apply", "--whitespace=nowarn", given=diff.encode())
    except UserError as error:
        raise UserError(f"the recorded diff does not fit its commit ({error})") from None
    # One could lead what a stage writes out of the worktree. What makes one git knows, not we
    for path, target in _links(folder).items():
        if before.get(path) != target:
            name = path.relative_to(folder)
            raise UserError(f"the recorded diff makes a symbolic link, {name}, which is not taken")


def _links(folder: Path) -> dict[Path, str]:
    """The symbolic links in a folder, and where each leads to."""
    walked = os.walk(folder)
    found = (Path(place, name) for place, *names in walked for kind in names for name in kind)
    return {path: str(path.readlink()) for path in found if path.is_symlink()}


def _start_guard(root: Path, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", janitor.__name__, str(root), str(folder)],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C at the terminal is not for it
    )


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, 9)
    except ProcessLookupError:
        return
