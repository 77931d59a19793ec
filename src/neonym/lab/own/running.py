"""The scripts of a declared pipeline: a step, composing, and all steps as one job."""

import errno
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neonym.base.errors import PrunedError, UserError
from neonym.base.nested import value_at
from neonym.lab.composing.entry import run_script, told_in_one_line
from neonym.lab.composing.params_file import compose
from neonym.lab.lockfile import Lock
from neonym.lab.own.curves_file import write_curves
from neonym.lab.own.declared import COMPOSE, WHOLE, Pipeline, Step
from neonym.lab.own.metrics_file import write_metrics
from neonym.lab.own.project_folder import check_folder
from neonym.lab.own.step_log import log_points, log_step
from neonym.lab.own.work import Work
from neonym.lab.project import find_project
from neonym.lab.stage.execution import Stage
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run

FOLDER = "pipelines"
Metrics = Mapping[str, float | None]
OF_DISCS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
OF_RIGHTS = {errno.EACCES, errno.EPERM}
"""Where it is not the step that is at fault."""


def main(name: str) -> None:
    """Run a script of the pipeline that `pyproject.toml` names.

    A script is `pipelines/NAME.py`: this import, and `main("NAME")` where the module is `__main__`.

    Parameters
    ----------
    name
        A step; `compose`, which writes `params.yaml`; or `sweep`, which is all steps as one job,
        and with `-m` many of them.
    """
    with told_in_one_line(name):
        script = Path(sys.argv[0]).resolve()
        root = script.parent.parent
        if (script.parent.name, script.name) != (FOLDER, f"{name}.py"):
            raise UserError(
                f"{script.parent.name}/{script.name} calls main({name!r}); the script of {name} is "
                f"{FOLDER}/{name}.py, by which the lab starts it"
            )
        project = find_project(root)
        if not isinstance(project, Pipeline):
            raise UserError(f"{project.reference} is not made by neonym.lab.pipeline")
        check_folder(project, name, root)
        run_script(project, name, Script(project, name), root)


class Script:
    """What a script does; goes to other processes by the project's reference.

    Parameters
    ----------
    project
        Whose script it is.
    name
        The script.
    """

    def __init__(self, project: Pipeline[Any], name: str) -> None:
        self._pipeline, self._name = project, name
        self.__module__ = f"pipelines.{name}"  # by which Hydra names the job
        self.__doc__ = f"Run {name}."

    def __call__(self, stage: Stage[Any]) -> float | None:
        """Run it; the optimized metric, where it has that."""
        if self._name == COMPOSE:
            compose(stage)
            return None
        self._pipeline.check_job(self._name, stage.configuration)
        if self._name == WHOLE:
            metrics = _run_whole(self._pipeline, stage)
        else:
            metrics = _run_alone(self._pipeline, stage, self._pipeline.step(self._name))
        if stage.by_hand and stage.configuration.sweep.id is None and metrics:
            said = ", ".join(f"{key} {value:.5g}" for key, value in metrics.items() if value)
            stage.say(f"{stage.name}: {said}")
        return metrics.get(stage.configuration.sweep.optimized_metric)


def _run_whole(project: Pipeline[Any], stage: Stage[Any]) -> Metrics:
    """Run all steps in the job's folder, and log them to one run."""
    project.check_metric(stage.name, stage.configuration.sweep)
    single = stage.configuration.sweep.id is None
    metrics: dict[str, float | None] = {}
    with stage.tracked() as run:
        for step in project.steps:
            own = run.for_stage(project.logged_by(step))
            metrics |= _run_step(project, stage, step, own, stage.results)
            log_step(project, step, own, stage.results, stage.configuration, as_model=single)
    return metrics


def _run_alone(project: Pipeline[Any], stage: Stage[Any], step: Step[Any]) -> Metrics:
    """Run one step, on what the workspace has of those before it."""
    before = project.before(step)
    if stage.by_hand:
        _check_fits_workspace(project, stage, step)
    if step is project.trains:
        with stage.tracked() as run:
            for each in before:
                log_step(project, each, run, Path(), stage.configuration)
            metrics = _run_step(project, stage, step, run, Path())
            log_step(project, step, run, stage.results, stage.configuration)
    elif project.trains in before:
        metrics = _run_step(project, stage, step, Run(None), Path())
        with stage.tracked(Path(project.model)) as run:
            if step is project.steps[-1]:
                for each in before:
                    own = run.for_stage(project.logged_by(each))
                    log_step(project, each, own, Path(), stage.configuration)
                    log_points(own, each, Path())
            log_step(project, step, run, stage.results, stage.configuration)
            log_points(run, step, stage.results)
    else:
        return _run_step(project, stage, step, Run(None), Path())
    if step is project.steps[-1]:
        stage.wait_for_delivery(run)
    return metrics


def _run_step(
    project: Pipeline[Any], stage: Stage[Any], step: Step[Any], run: Run, made: Path
) -> dict[str, float | None]:
    """Run a step's function, and write what is written for it; its metrics.

    The folder `made` holds what the steps before it have made.
    """
    work = Work(stage, step, run, project.before(step), made)
    try:
        returned = step.function(work)
    except PrunedError:
        write_curves(work.output(step.curves), work.points)
        run.artifact(stage.output(step.curves), str(Path(step.curves).parent))
        run.tags({tags.STATUS: "pruned"})
        raise
    except OSError as error:
        if error.errno not in OF_DISCS | OF_RIGHTS:
            raise
        where = error.filename or f"what step {step.name} makes"
        what = "written" if error.errno in OF_DISCS or step.is_output(str(where)) else "used"
        raise UserError(f"{where} cannot be {what}: {error.strerror}") from None
    if step.curves:
        if not work.points:
            raise UserError(f"step {step.name} told no point of its curves; call work.curve")
        write_curves(work.output(step.curves), work.points)
    if returned is not None and not step.metrics:
        raise UserError(f"step {step.name} returns something, and has no file `metrics` for it")
    metrics = write_metrics(step, returned, work.output(step.metrics)) if step.metrics else {}
    for path in (*step.outputs, *step.data.values()):
        if not stage.output(path).exists():
            raise UserError(
                f"step {step.name} has not made {path}, which is among its outputs; write it to "
                f"work.output({path!r})"
            )
    for path in filter(None, (step.model, *step.files, *step.data.values())):
        if not stage.output(path).is_file():
            raise UserError(
                f"step {step.name}: {path} is a folder, and what is logged are files; name those "
                "in it, or pack it into one"
            )
    return metrics


def _check_fits_workspace(project: Pipeline[Any], stage: Stage[Any], step: Step[Any]) -> None:
    """See that what the steps before have left in the workspace is what this job would make.

    Raises
    ------
    UserError
        If they ran with other values.
    """
    if not project.before(step):
        return
    values = stage.configuration.model_dump(mode="json")
    lock = Lock(Path("dvc.lock"))
    for each in project.before(step):
        for key, made_with in lock.params(each.name).items():
            if value_at(values, key) != made_with:
                raise UserError(
                    f"{key}: the workspace's results of {each.name} were made with another value; "
                    f"run `dvc repro`, or all steps: python pipelines/{WHOLE}.py"
                )
