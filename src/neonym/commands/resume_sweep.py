"""`neonym resume-sweep`: run what a sweep has not finished."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from neonym.base.errors import UserError
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.sweeps.sweep_folder import Sweep


@click.command("resume-sweep")
@click.argument("sweep", metavar="DIR|RUN_ID")
@click.option("--trust", is_flag=True, help="Run all that its file asks for; look at it first.")
def command(sweep: str, trust: bool) -> None:
    """Run the jobs of a sweep that are missing or failed, under the same parent run.

    The sweep is named by its folder below multirun/, or by the id of its parent run in MLflow.
    What its file asks for beyond keys of the configuration, such as other folders of
    configuration, callbacks, or commands for nodes, could run anything, and is refused without
    --trust.
    """
    from neonym.lab.places import enter_project  # noqa: PLC0415 (others start faster)
    from neonym.lab.sweeps.sweep_folder import SWEEP, Sweep  # noqa: PLC0415
    from neonym.lab.sweeps.vouched import link_in, unvouched  # noqa: PLC0415

    given, root = Path(sweep).resolve(), enter_project()
    folder = given if given.is_dir() else root / sweep
    if folder.is_dir():
        found = Sweep.read(folder.relative_to(root) if folder.is_relative_to(root) else folder)
    else:
        found = _of_run(sweep)
    script = f"pipelines/{found.script}.py"
    if not Path(script).is_file():
        raise UserError(f"{script} does not exist here; run this in the project's folder")
    word = unvouched(found.arguments, own_project(root).schema, Path("conf"))
    if word and not trust:
        raise UserError(
            f"{found.folder / SWEEP} asks for {word}, which could run anything; look at the file, "
            "and add --trust if all in it is yours"
        )
    link = None if trust else link_in(found.folder)
    if link:
        raise UserError(
            f"{link} is a link, by which results could go elsewhere; look at it, and add --trust "
            "if it is yours"
        )
    place = f"hydra.sweep.dir={_quoted(str(found.folder))}"
    arguments = [*found.arguments, "sweep.resume=true", place]
    # becomes the sweep: who ends the one, ends the other
    os.execv(sys.executable, [sys.executable, script, "-m", *arguments])  # noqa: S606 (no shell)


def _quoted(text: str) -> str:
    """Text as Hydra's command line reads it, whatever is in it."""
    text = re.sub(r"(\\*)('|$)", lambda match: match[1] * 2 + ("\\'" if match[2] else ""), text)
    return f"'{text}'"


def _of_run(run_id: str) -> "Sweep":
    """The sweep whose parent run has this id."""
    from neonym.lab.lineage.recorded import Recorded  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.sweeps.sweep_folder import SWEEP, Sweep  # noqa: PLC0415
    from neonym.lab.tracking import tags  # noqa: PLC0415
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    key = Recorded.find(Store.of_project(own_project()), run_id).tag(tags.RUN_KEY)
    folders = Path("multirun")
    for path in (*folders.glob(f"*/{SWEEP}"), *folders.glob(f"*/*/{SWEEP}")):
        with suppress(UserError):  # another sweep's folder may be damaged
            sweep = Sweep.read(path.parent)
            if sweep.id == key:
                return sweep
    raise UserError(f"the folder of sweep {run_id} is not below multirun/ here")
