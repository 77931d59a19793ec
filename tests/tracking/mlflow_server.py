"""A real MLflow server for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

LISTENING = "0A"
LOCALHOST = "0100007F"  # 127.0.0.1
# Without the eight processes, each with an MLflow of its own, that run language models' judges
SPARING = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, database: str = "") -> Iterator[str]:
    """An MLflow server with its artifacts, and unless named its database, in a folder."""
    uri = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    places = ["--backend-store-uri", database or f"sqlite:///{folder / 'server.db'}"]
    places += ["--artifacts-destination", str(folder / "artifacts")]
    process = subprocess.Popen(
        [*command, *places, "--host", "127.0.0.1", "--port", uri.rpartition(":")[2]],
        env={**os.environ, **SPARING},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(f"{uri}/health", process)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_up(url: str, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while True:
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server did not come up"
        try:
            with urlopen(url, timeout=5):  # noqa: S310 (our own)
                return
        except (URLError, OSError):
            time.sleep(0.2)


def listening_at(port: int) -> list[str]:
    """The addresses at which something listens on a port, as Linux writes them down."""
    rows = []
    for table in ("tcp", "tcp6"):
        rows += Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    local = [row.split()[1] for row in rows if row.split()[3] == LISTENING]
    return [place.partition(":")[0] for place in local if place.endswith(f":{port:04X}")]
