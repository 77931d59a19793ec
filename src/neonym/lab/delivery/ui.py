"""Serve the tracked runs in MLflow's UI, on this machine only."""

import argparse
import os
import socket
import sys
import warnings
from typing import Any

from neonym.base.errors import UserError
from neonym.lab.delivery import views
from neonym.lab.delivery.store_check import check_usable
from neonym.lab.project import Project, load_project
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store

HOST = "127.0.0.1"
# What browsers must not wait for when the server ends: connections that they keep open
SECONDS_TO_END = 1


def check(store: Store) -> None:
    """See that there is something to serve, and that it can be served as it is.

    Raises
    ------
    UserError
        If not.
    """
    if store.uri.startswith(("http://", "https://")):
        raise UserError(f"runs are tracked at {store.address}: open it in a browser")
    check_usable(store)


def listen(port: int, again: str = "make ui PORT=") -> socket.socket:
    """A socket on a port of this machine; a browser that comes too early waits at it.

    Raises
    ------
    UserError
        If it is taken, or no port for users.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or "no such port"
        other = port + 1 if 1024 <= port < 65535 else 5001
        raise UserError(
            f"port {port} cannot be used ({reason}); choose another: {again}{other}"
        ) from None
    return listening


def serve(store: Store, listening: socket.socket) -> None:
    """Serve a store's runs until Ctrl-C.

    In this process: `mlflow ui` imports MLflow twice, for itself and for the server that it starts.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # No runner of jobs for language models' judges, which would be a process more
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    warnings.simplefilter("ignore")  # of libraries that MLflow uses
    import uvicorn  # noqa: PLC0415 (it and MLflow take seconds, which mistakes need not wait for)
    from mlflow.server import constants  # noqa: PLC0415

    os.environ[constants.BACKEND_STORE_URI_ENV_VAR] = store.uri
    os.environ[constants.REGISTRY_STORE_URI_ENV_VAR] = store.uri
    os.environ[constants.ARTIFACT_ROOT_ENV_VAR] = store.artifacts.as_uri()
    from mlflow.server.fastapi_app import app  # noqa: PLC0415 (reads these variables)

    address = f"http://{HOST}:{listening.getsockname()[1]}"
    print(f"MLflow's UI is ready (Ctrl-C ends it); look first at\n{address}{_first_page(store)}")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=SECONDS_TO_END)
    uvicorn.Server(config).run(sockets=[listening])


def _first_page(store: Store) -> str:
    """The page of the runs of the experiment that was last added to."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 (takes seconds)

    experiment = _latest_experiment(MlflowClient(store.uri))
    if experiment is None:
        return "/"
    view = f"&viewStateShareKey={views.FIRST}"
    known = f"{tags.VIEW_PREFIX}{views.FIRST}" in experiment.tags
    page = f"/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
    return page + view if known else page


def _latest_experiment(client: Any) -> Any:
    """The experiment with the newest run, or None without any."""
    ids = [found.experiment_id for found in client.search_experiments()]
    newest = client.search_runs(ids, max_results=1, order_by=["attributes.start_time DESC"])
    return client.get_experiment(newest[0].info.experiment_id) if newest else None


def open_ui(project: Project[Any], port: int, again: str = "make ui PORT=") -> None:
    """Serve a project's runs on a port until Ctrl-C.

    Parameters
    ----------
    project
        Whose runs.
    port
        Of this machine alone.
    again
        What is typed before another port.

    Raises
    ------
    UserError
        If there is nothing to serve, or the port is taken.
    """
    store = Store.of_project(project)
    check(store)
    listening = listen(port, again)
    print("Starting MLflow's UI, which takes some seconds", flush=True)
    serve(store, listening)


def main() -> None:
    """Serve the project in the working directory."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--project", required=True, help="module:name of what the lab knows of it")
    arguments = parser.parse_args()
    try:
        open_ui(load_project(arguments.project), arguments.port)
    except UserError as error:
        print(f"ui: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
