"""How much longer training takes where MLflow's server is away, slow, fails or is killed.

python -m benchmarks.tracking_faults

The train stage as a process of its own, in a copy of the project that is deleted afterwards, with a
real server behind a proxy that fails. The cases take turns, each time another one first, so that
what else the machine does falls on all of them. Takes some ten minutes.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.pipeline import PROJECT, cost_of, end_delivery, fresh_project
from rich.console import Console
from rich.table import Table

PROXY = PROJECT / "tests/faults/unreliable.py"
REPEATS = 12  # fewer tell differences of 5%, not of 2%
EPOCHS = 25
KILLED_AFTER = 4.0  # seconds, when delivery has begun
GOAL = 0.02


@contextmanager
def started(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """A process with all that it starts, which ends with the block."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a real server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    uri = f"http://127.0.0.1:{port}"
    places = ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    places += ["--artifacts-destination", str(folder / "artifacts")]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", *places]
    with started(*command, "--host", "127.0.0.1", "--port", port):
        while True:
            with suppress(URLError, OSError), urlopen(f"{uri}/health", timeout=5):  # noqa: S310
                break
            time.sleep(0.2)
        yield uri


@contextmanager
def proxy(upstream: str, mode: str, lives: float | None = None) -> Iterator[str]:
    """A proxy that fails in a certain way, and is killed after so many seconds; its address."""
    with started(sys.executable, str(PROXY), upstream, mode) as process:
        assert process.stdout is not None
        uri = process.stdout.readline().strip()
        if lives is not None:
            threading.Timer(lives, os.killpg, (process.pid, signal.SIGKILL)).start()
        yield uri


def train(root: Path, uri: str) -> float:
    """Seconds that the train stage takes, with delivery to an address beginning anew."""
    taken = cost_of(
        *(sys.executable, "pipelines/train.py"),
        cwd=root,
        PYTHONPATH="src",
        DVC_STAGE="train",
        MLFLOW_TRACKING_URI=uri,
    )
    end_delivery(root)
    return taken.seconds


def train_while_the_server_is_killed(root: Path, upstream: str) -> float:
    """The same, with a proxy of its own: another server would take the processor to start."""
    with proxy(upstream, "pass", KILLED_AFTER) as uri:
        return train(root, uri)


def prepare(root: Path) -> None:
    """Make what the train stage needs, for a training of some seconds."""
    path = root / "conf/train/default.yaml"
    lines = path.read_text().splitlines(keepends=True)
    changed = [f"epochs: {EPOCHS}\n" if line.startswith("epochs:") else line for line in lines]
    path.write_text(
        "".join("patience: null\n" if line.startswith("patience:") else line for line in changed)
    )
    for stage in ("compose", "preprocess"):
        cost_of(
            sys.executable, f"pipelines/{stage}.py", cwd=root, PYTHONPATH="src", DVC_STAGE=stage
        )


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        root = stack.enter_context(fresh_project())
        prepare(root)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        upstream = stack.enter_context(server(folder))
        addresses = {
            "server well": stack.enter_context(proxy(upstream, "pass")),
            "away": "http://127.0.0.1:9",
            "1 s an answer": stack.enter_context(proxy(upstream, "slow")),
            "answers 500": stack.enter_context(proxy(upstream, "error")),
        }
        cases: dict[str, Callable[[], float]] = {
            name: lambda uri=uri: train(root, uri)  # type: ignore[misc]
            for name, uri in addresses.items()
        }
        cases["killed during training"] = lambda: train_while_the_server_is_killed(root, upstream)
        train(root, addresses["server well"])
        seconds = {name: [] for name in cases}  # type: dict[str, list[float]]
        turns = list(cases)
        for _ in range(REPEATS):
            for name in turns:
                seconds[name].append(cases[name]())
            turns.append(turns.pop(0))
    show(seconds)


def show(seconds: dict[str, list[float]]) -> None:
    """Print each case beside the first."""
    table = Table(title=f"seconds of training, medians of {REPEATS}", title_justify="left")
    for column in ("server", "median", "least", "longer", f"goal: at most {GOAL:.0%}"):
        table.add_column(column)
    base = statistics.median(next(iter(seconds.values())))
    for name, values in seconds.items():
        median = statistics.median(values)
        longer = median / base - 1
        verdict = "yes" if longer <= GOAL else "no"
        table.add_row(name, f"{median:.2f}", f"{min(values):.2f}", f"{longer:+.1%}", verdict)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
