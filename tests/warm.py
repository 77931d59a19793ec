"""Scripts and `neonym` in processes that have their imports ready: forks of one that has them.

What takes most of the time of a command that ends at once is what it imports. A fork has the
command's own arguments, folder, environment and streams; code comes from this checkout.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCRIPTS = (
    *("hydra", "neonym.experiment", "neonym.lab.composing.by_hand", "neonym.lab.composing.entry"),
    *("neonym.lab.sweeps.planning", "neonym.lab.stage.execution", "neonym.steps.preprocess_step"),
)
"""What most scripts import."""
PROGRAMS = (
    *("neonym.experiment", "neonym.cli", "neonym.lab.lineage.rerun", "mlflow.tracking"),
    *("neonym.lab.delivery.replay", "dvc.cli", "dvc.commands.repro", "dvc.repo"),
)
"""What `neonym` and `dvc` import."""


class Warm:
    """The process that is forked; it imports what it is given when it is first asked."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules
        self._server: subprocess.Popen[str] | None = None

    def run(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], printed: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run `python SCRIPT …`, or a program, to its end; what it prints is in `stdout`.

        `printed` is a file to be made for it, outside of what the command may look at.
        """
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, __file__, *self._modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        asked = (list(command), str(folder), dict(environment), str(printed))
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        status = self._server.stdout.readline()
        assert status, f"the process that is forked has ended with {self._server.wait()}"
        return subprocess.CompletedProcess(list(command), int(status), printed.read_text())

    def close(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.communicate()


def serve() -> None:
    """Fork for each line that is read, and answer with the status that the fork ended with."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_run(*json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


def _run(command: list[str], folder: str, environment: dict[str, str], printed: str) -> int:
    """Be the command; its status."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, place in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
        os.dup2(stream, place)
    if command[0] != "python":
        command = ["python", str(Path(sys.executable).with_name(command[0])), *command[1:]]
    sys.orig_argv, sys.argv = command, command[1:]
    sys.path[0] = str(Path(folder, command[1]).parent)
    try:
        runpy.run_path(command[1], run_name="__main__")
        status: Any = 0
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if isinstance(status, str):
        os.write(2, f"{status}\n".encode())
        status = 1
    return status or 0


if __name__ == "__main__":
    for name in sys.argv[1:]:
        __import__(name)
    serve()
