"""Processes of a project: find them, kill them, and them alone."""

import os
import signal
import subprocess
import time
from pathlib import Path


def commands() -> dict[int, list[str]]:
    """The command line of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            found[int(folder.name)] = words
    return found


def delivery_pids(root: Path) -> list[int]:
    """The processes that deliver for the project in `root`."""
    wanted = ["neonym.lab.delivery.process", "--root", str(root)]
    return [pid for pid, words in commands().items() if words[2:5] == wanted]


def stage_runs(root: Path, stage: str) -> bool:
    """Whether a stage of the project in `root` is being executed."""
    script = f"pipelines/{stage}.py"
    for pid, words in commands().items():
        if script in words[:3]:
            try:
                if Path(f"/proc/{pid}/cwd").resolve() == root:
                    return True
            except OSError:
                continue
    return False


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
