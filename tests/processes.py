"""Processes of a project: find them, kill them, and them alone."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def commands() -> dict[int, list[str]]:
    """The command line of every process."""
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return {pid: words for pid in pids if (words := command_of(pid))}


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def delivery_pids(root: Path) -> list[int]:
    """The processes that deliver for the project in `root`."""
    wanted = ["neonym.lab.delivery.process", "--root", str(root)]
    return [pid for pid, words in commands().items() if words[2:5] == wanted]


def stage_runs(parent: int, stage: str) -> bool:
    """Whether a process, `dvc repro`, or one that it has started executes a stage."""
    if f"pipelines/{stage}.py" in command_of(parent)[:3]:
        return True
    children: list[str] = []
    with suppress(OSError):  # it may end at any time, as may each of its threads
        for thread in Path(f"/proc/{parent}/task").iterdir():
            with suppress(OSError):
                children += (thread / "children").read_text().split()
    return any(stage_runs(int(child), stage) for child in children)


def kill(pids: list[int]) -> None:
    """End processes as a failing machine does."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    end = time.monotonic() + 10
    while any(_lives(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process started in a session of its own, with all that it started there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
