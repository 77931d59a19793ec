"""A PostgreSQL server on loopback, with its data in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow_server import free_port

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
START_SECONDS = 60


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database, while the block lasts."""
    assert BINARIES, "postgresql is not installed"
    folder = Path(tempfile.mkdtemp(prefix="neonym-postgres-"))  # postgres' own user must reach it
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name  # refuses root
    shutil.chown(folder, user)
    initialize = ("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    _run(folder, user, *initialize).wait()
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = _run(folder, user, "postgres", "-D", "data", *options)
    try:
        _wait_until_ready(folder, user, port)
        yield f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, user: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{program}.log").open("ab") as log:
        return subprocess.Popen(
            [BINARIES[-1] / program, *arguments],
            cwd=folder,
            user=user if os.geteuid() == 0 else None,
            group=pwd.getpwnam(user).pw_gid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdout=log,
            stderr=log,
        )


def _wait_until_ready(folder: Path, user: str, port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while _run(folder, user, "pg_isready", "-h", "127.0.0.1", "-p", str(port)).wait() != 0:
        if time.monotonic() > end:
            raise TimeoutError((folder / "postgres.log").read_text())
        time.sleep(0.1)
