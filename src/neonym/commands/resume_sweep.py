"""`neonym resume-sweep`: run what a sweep has not finished."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from neonym.base.errors import UserError
from neonym.base.files import parse_json


@click.command("resume-sweep")
@click.argument("sweep", metavar="DIR|RUN_ID")
def command(sweep: str) -> None:
    """Run the jobs of a sweep that are missing or failed, under the same parent run.

    The sweep is named by its folder below multirun/, or by the id of its parent run in MLflow.
    """
    folder = Path(sweep) if Path(sweep).is_dir() else _folder_of_run(sweep)
    values = _read(folder)
    script = f"pipelines/{values['script']}.py"
    arguments = [*values["arguments"], "sweep.resume=true", f"hydra.sweep.dir={folder}"]
    # becomes the sweep: who ends the one, ends the other
    os.execv(sys.executable, [sys.executable, script, "-m", *arguments])  # noqa: S606 (no shell)


def _read(folder: Path) -> dict[str, Any]:
    try:
        values = parse_json((folder / "sweep.json").read_bytes())
        script, arguments, key = values["script"], values["arguments"], values["id"]
        if not script.isidentifier() or not all(isinstance(word, str) for word in arguments):
            raise ValueError
        return {"script": script, "arguments": arguments, "id": key}
    except FileNotFoundError:
        raise UserError(f"{folder} is not a sweep's folder: it has no sweep.json") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{folder / 'sweep.json'} is damaged; begin the sweep anew") from None


def _folder_of_run(run_id: str) -> Path:
    """The folder of the sweep whose parent run has this id."""
    from neonym.experiment import PROJECT  # noqa: PLC0415
    from neonym.lab.lineage.lookup import run_key_of  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    key = run_key_of(Store.of_project(PROJECT), run_id)
    for path in Path("multirun").glob("*/*/sweep.json"):
        if _read(path.parent)["id"] == key:
            return path.parent
    raise UserError(f"the folder of sweep {run_id} is not below multirun/ here")
