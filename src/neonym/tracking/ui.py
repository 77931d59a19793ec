"""Open the tracked runs in MLflow's UI, on this machine only."""

import argparse
import os
import socket
import sys
from pathlib import Path

from neonym.errors import UserError
from neonym.tracking.store import Store
from neonym.tracking.store_check import explain_unusable

HOST = "127.0.0.1"


def ui_command(store: Store, port: int) -> list[str]:
    """The command that serves a store's runs.

    Raises
    ------
    UserError
        If there is nothing to serve, or it cannot be served as it is.
    """
    if store.uri.startswith(("http://", "https://")):
        raise UserError(f"runs are tracked at {store.address}: open it in a browser")
    if store.is_own and not store.database.exists():
        raise UserError("nothing is tracked yet; run `make repro`")
    reason = explain_unusable(store)
    if reason:
        raise UserError(reason)
    if not _is_free(port):
        raise UserError(f"port {port} is taken; choose another: make ui PORT={port + 1}")
    mlflow = [sys.executable, "-m", "mlflow", "ui"]
    place = ["--backend-store-uri", store.uri, "--default-artifact-root", store.artifacts.as_uri()]
    return [*mlflow, *place, "--host", HOST, "--port", str(port), "--workers", "1"]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def main() -> None:
    """Become MLflow's UI server for the project in the working directory."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    try:
        command = ui_command(Store.of_project(Path.cwd()), port)
    except UserError as error:
        print(f"ui: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"MLflow's UI comes up at http://{HOST}:{port} (Ctrl-C ends it)", flush=True)
    os.execv(command[0], command)  # noqa: S606 (no shell is the point)


if __name__ == "__main__":
    main()
