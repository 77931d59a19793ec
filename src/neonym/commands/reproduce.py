"""`neonym reproduce`: rerun a tracked run in a clean checkout, and compare."""

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

import click

from neonym.base.errors import UserError
from neonym.base.text import escape
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.lineage.comparison import Row
    from neonym.lab.lineage.recorded import Recorded
    from neonym.lab.lineage.rerun import Made

DIFFERS = 1


@click.command("reproduce")
@click.argument("run_id", metavar="RUN_ID")
def command(run_id: str) -> int:
    """Run a tracked run again, or each job of a sweep, and compare every hash and metric.

    RUN_ID: an id or its beginning, a DVC experiment's name, or `latest`; `neonym runs` lists them.

    Its commit is checked out into a temporary git worktree, the changes that it was made with are
    applied there, and its stages run with its configuration in the present environment. Neither the
    workspace nor MLflow's store changes, and nothing is left behind.

    Ends with status 0 if all is equal, 1 if something differs, 2 if the run cannot be reproduced.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from neonym.lab.lineage.recorded import Recorded  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.lineage.refusal import explain_refusal  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.places import project_root  # noqa: PLC0415
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    root = project_root()
    run = Recorded.find(Store.of_project(own_project(root), root), run_id)
    runs = _jobs(run) if run.kind == "sweep" else [run]
    for recorded in runs:
        refusal = explain_refusal(recorded, root)
        if refusal:
            raise UserError(f"run {recorded.id} cannot be reproduced: {refusal}")
    signal.signal(signal.SIGTERM, _interrupt)
    equal = [_is_equal_again(recorded, root, number) for number, recorded in enumerate(runs)]
    if len(runs) > 1:
        click.echo(f"\n{sum(equal)} of the sweep's {len(runs)} finished jobs are equal")
    return 0 if all(equal) else DIFFERS


def _jobs(sweep: "Recorded") -> "list[Recorded]":
    """The jobs of a sweep that have results, in the order in which they ran."""
    jobs = [job for job in reversed(sweep.children()) if job.run.info.status == "FINISHED"]
    if not jobs:
        raise UserError(f"run {sweep.id} is a sweep of which no job has finished")
    return jobs


def _is_equal_again(recorded: "Recorded", root: Path, number: int) -> bool:
    """Run a run again, show what came of it, and say whether all of it is equal."""
    from neonym.lab.lineage.comparison import compare  # noqa: PLC0415 (imports MLflow)

    click.echo("\n" * (number > 0) + escape(f"run {recorded.id}  {recorded.run.info.run_name}"))
    _tell_environment(recorded)
    rows = list(compare(recorded, _run_again(recorded, root)))
    _print(rows)
    return all(row.equal for row in rows)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _tell_environment(recorded: "Recorded") -> None:
    from neonym.lab.lineage.environment import differences  # noqa: PLC0415 (others start faster)
    from neonym.lab.tracking.provenance import environment  # noqa: PLC0415

    if not recorded.environments:
        click.echo("environment: the run does not tell its own, so versions may differ")
        return
    here = environment()
    lines = dict.fromkeys(
        line
        for then in recorded.environments.values()
        for line in differences(then, here, recorded.store.project.packages)
    )
    for line in lines or ["versions, processor and BLAS are the run's"]:
        click.echo(escape(f"environment: {line}"))


def _run_again(recorded: "Recorded", root: Path) -> "Made":
    from neonym.lab.lineage.raw_data import find_raw_data  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.lineage.rerun import rerun  # noqa: PLC0415
    from neonym.lab.lineage.worktree import worktree  # noqa: PLC0415
    from neonym.lab.tracking import tags  # noqa: PLC0415

    commit = recorded.tag(tags.GIT_COMMIT)
    diff = recorded.diff if recorded.tag(tags.GIT_DIRTY) == "true" else ""
    with TemporaryDirectory() as folder:
        names = find_raw_data(recorded, root, Path(folder))
        project = recorded.store.project
        if recorded.configuration is None or (names is None and project.raw_key):
            raise UserError(f"what run {recorded.id} was made from has just vanished")
        changed = diff.count("\ndiff --git ") + diff.startswith("diff --git ")
        click.echo(f"code: commit {commit[:12]}" + (f", {changed} files changed" if diff else ""))
        if names:
            click.echo(f"{project.raw_called}: from {names.where}")
        with worktree(root, commit, diff) as place:
            return rerun(recorded, place, names, _tell_stage)


def _tell_stage(stage: str, seconds: float) -> None:
    click.echo(f"{stage} ran again: {seconds:.1f} s")


def _print(rows: "list[Row]") -> None:
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("what", "recorded")]
    click.echo(f"\n{'':9}{'':{widths[0]}}  {'recorded':{widths[1]}}  again")
    for row in rows:
        mark = "equal" if row.equal else "DIFFERS"
        line = f"{mark:9}{row.what:{widths[0]}}  {row.recorded:{widths[1]}}  {row.again}"
        click.secho(escape(line.rstrip()), fg=None if row.equal else "red")
    differing = [row.what for row in rows if not row.equal]
    if differing:
        click.echo(f"\n{len(differing)} of {len(rows)} differ: {escape(', '.join(differing))}")
    else:
        click.echo(f"\nall {len(rows)} are equal")
