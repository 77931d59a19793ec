"""Removes a temporary worktree when the process that uses it ends, however it ends.

Run as a script with the repository and the worktree, in a session of its own. Standard input is a
pipe that only the user of the worktree holds open: killed, it closes like after a proper end. A
line on it is the process group that works in the worktree now, 0 for none. Imports nothing of
neonym, so that it starts at once.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress


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
    _git(repository, "worktree", "unlock", worktree)  # git locks one while it makes it
    _git(repository, "worktree", "remove", "--force", worktree)
    shutil.rmtree(worktree, ignore_errors=True)
    if f"worktree {worktree}\n" in _git(repository, "worktree", "list", "--porcelain"):
        _git(repository, "worktree", "prune")


def _git(repository: str, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", repository, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


if __name__ == "__main__":
    main()
