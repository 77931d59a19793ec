"""Removes a temporary worktree when the process that uses it ends, however it ends.

Run as a script with the repository and the worktree, in a session of its own. Standard input is a
pipe that only the user of the worktree holds open: killed, it closes like after a proper end. A
line on it is the process group that works in the worktree now, 0 for none. Imports little,
so that it starts at once.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from neonym.lab.git import git_text


def main() -> None:
    """Wait for the end of standard input, then leave nothing behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    repository, worktree = sys.argv[1:]
    group = 0
    for line in sys.stdin:
        group = int(line)
    if group:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    remove(repository, worktree)


def remove(repository: str, worktree: str) -> None:
    """Remove a worktree and what git knows of it, also one that was not finished."""
    git_text(Path(repository), "worktree", "unlock", worktree)  # git locks one while it makes it
    git_text(Path(repository), "worktree", "remove", "--force", worktree)
    shutil.rmtree(worktree, ignore_errors=True)
    if f"worktree {worktree}\n" in git_text(Path(repository), "worktree", "list", "--porcelain"):
        git_text(Path(repository), "worktree", "prune")


if __name__ == "__main__":
    main()
