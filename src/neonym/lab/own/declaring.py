"""Declare a pipeline of one's own, as the lab knows a project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from neonym.base.errors import UserError
from neonym.base.nested import value_at
from neonym.lab.configuration import Configuration, Schema, Sweep, Tracking
from neonym.lab.own.declared import COMPOSE, METRIC, WHOLE, Pipeline, Step, is_within, logged_name
from neonym.lab.project import Charts, is_reference, load_project

if TYPE_CHECKING:
    from neonym.lab.tracking.events import Event
    from neonym.lab.tracking.run import Run

STEP = re.compile(r"[A-Za-z]\w*")
NEEDED = {"tracking": Tracking, "sweep": Sweep}
SHOWN_METRICS = 6


def pipeline(
    reference: str,
    schema: type[Schema],
    steps: Sequence[Step[Schema]],
    *,
    best: str = "",
    maximize: bool = False,
    keys: Sequence[str] = (),
    raw: str = "",
    raw_key: str = "",
    save_model: Callable[[Path, Path], None] | None = None,
    check_job: Callable[[str, Schema], None] = lambda script, configuration: None,
    packages: Mapping[str, str] | None = None,
    listener: Callable[[str, Path, Event], None] | None = None,
) -> Pipeline[Schema]:
    """Declare a pipeline.

    Parameters
    ----------
    reference
        `module:name` of what is declared, as in `pyproject.toml`.
    schema
        Of the configuration: a subclass of `Configuration` with sections of its own.
    steps
        In the order in which they run.
    best
        The metric of the last step by which runs are compared and models promoted; "": its first.
    maximize
        Whether more of it is better.
    keys
        The keys of the configuration that tell runs from each other: a run is called by them, and
        they are columns in MLflow's table of runs.
    raw, raw_key
        The folder of raw data, and the key that names the file in it, where there is one.
    save_model
        Saves a model file as an MLflow model, as `mlflow.sklearn.save_model` does: is given the
        file and the folder to make. Without it models are logged as files, and cannot be promoted.
    check_job
        Refuses, before a sweep starts, what a job's configuration would be refused for later: is
        given the script's name and the configuration, and raises a `UserError`.
    packages
        What another version of a package may change in the results; told when a run is reproduced.
    listener
        Is told what runs log, as it happens: the key of the run, the folder with its files, and the
        event (`neonym.lab.tracking.events`), without secrets. For a second tracker.

    Returns
    -------
    pipeline
        What the scripts, and the commands of `neonym`, work on.

    Raises
    ------
    UserError
        If the schema lacks a section, or the steps contradict each other.
    """
    if not is_reference(reference):
        raise UserError(
            f"the first argument of `pipeline` is {reference!r}; write where what it makes is "
            'found, as "MODULE:PROJECT", like project in pyproject.toml'
        )
    _check_schema(schema)
    _check_steps(steps)
    last = steps[-1]
    best = best or next((name for name in last.returns if not _reads_test(schema, name)), "")
    if best not in last.returns or _reads_test(schema, best):
        said = f"best = {best}: " if best else ""
        raise UserError(
            f"{said}runs are compared by one of what the last step, {last.name}, `returns`, and by "
            "none that reads test"
        )
    order = (best, *(name for name in last.returns if name != best))
    named = {step.name: step.returns for step in steps}
    return Pipeline(
        reference=reference,
        schema=schema,
        outputs={step.name: step.outputs for step in steps},
        model=next(step.model for step in steps if step.model),
        run_name=lambda configuration: run_name(configuration, keys),
        metrics=lambda: [name for step in steps for name in step.returns],
        metrics_of=named,
        curve=lambda folder: _curve(folder, steps, schema),
        log_results=lambda run, folder, configuration: _log_results(
            reference, run, folder, configuration
        ),
        log_model=lambda uri, run_id, file: _log_model(uri, run_id, file, save_model),
        check_model=lambda file: None,
        check_job=lambda script, configuration: _check_job(
            reference, script, configuration, check_job
        ),
        checked=tuple(schema.model_fields),
        promoted_by=logged_name(best),
        charts=_charts(order, keys, maximize),
        raw=raw,
        raw_key=raw_key,
        compared={name: name for name in order},
        registered_as=reference.partition(":")[0].rpartition(".")[2],
        complete_after=(last.name,),
        packages=packages or {},
        listener=listener,
        steps=tuple(steps),
        saves_models=save_model is not None,
    )


def _check_schema(schema: type[Configuration]) -> None:
    called = getattr(schema, "__name__", str(schema))
    if not (isinstance(schema, type) and issubclass(schema, Configuration)):
        raise UserError(
            f"schema {called} has no seed, tracking and sweep, which the lab needs: make it a "
            "subclass of neonym.lab.Configuration"
        )
    for name, kind in NEEDED.items():
        annotation = schema.model_fields[name].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, kind)):
            raise UserError(
                f"schema {called}: its section {name} is not the lab's; make it a subclass of "
                f"neonym.lab.{kind.__name__}"
            )


def _check_steps(steps: Sequence[Step[Any]]) -> None:
    owner: dict[str, str] = {}
    names: set[str] = set()
    if sum(bool(step.model) for step in steps) != 1:
        raise UserError("one step has a `model`: the file by which results belong together")
    for step in steps:
        if step.name in names:
            raise UserError(f"step {step.name} stands twice; give one of them another name")
        names.add(step.name)
        if step.name in (COMPOSE, WHOLE) or not STEP.fullmatch(step.name):
            raise UserError(
                f"step {step.name!r}: take letters, digits and _, and neither compose nor sweep"
            )
        for path in (*step.outputs, *step.data.values()):
            if path.startswith("/") or posixpath.normpath(path).split("/")[0] in ("..", "."):
                raise UserError(f"step {step.name}: {path} is not in the project's folder")
            for other, name in owner.items():
                if name != step.name and (is_within(path, [other]) or is_within(other, [path])):
                    where = f"is an output of {name} already"
                    if other != path:
                        where = f"and {other} of {name} lie in each other; part them"
                    raise UserError(f"step {step.name}: {path} {where}")
            owner[path] = step.name
        if bool(step.metrics) != bool(step.returns):
            raise UserError(f"step {step.name}: `metrics` and `returns` go together")
        for name in step.returns:
            if not METRIC.fullmatch(name):
                raise UserError(
                    f"step {step.name}: metric {name!r} is not written PART.FIGURE, as val.rmse"
                )


def _reads_test(schema: type[Configuration], metric: str) -> bool:
    sweep: Any = schema.model_fields["sweep"].annotation
    return bool(sweep.reads_test.search(metric))


def run_name(configuration: Configuration, keys: Sequence[str]) -> str:
    """What a run is called: the values of the keys by which runs are told apart, and its seed."""
    values = configuration.model_dump(mode="json")
    words = (value_at(values, key) for key in keys)
    return " ".join([*(str(word) for word in words if word is not None), f"seed {values['seed']}"])


def _charts(metrics: Sequence[str], keys: Sequence[str], maximize: bool) -> Charts:
    logged = [logged_name(name) for name in metrics]
    parts = dict.fromkeys(name.partition("/")[0] for name in logged)
    params = list(dict.fromkeys([*keys, "seed"]))
    return Charts(
        columns=[
            *(f"metrics.{name}" for name in logged[:SHOWN_METRICS]),
            *(f"params.{key}" for key in params),
        ],
        curves={logged[0]: logged[:1]},
        curves_title="Curves",
        bars=logged[:SHOWN_METRICS],
        axes=params,
        best=logged[0],
        sections=list(parts),
        highest_first=maximize,
    )


def _curve(
    folder: Path, steps: Sequence[Step[Any]], schema: type[Configuration]
) -> list[tuple[int, float]]:
    from neonym.lab.own.curves_file import read_curves  # noqa: PLC0415 (for sweeps alone)

    sweep: Any = schema.model_fields["sweep"].annotation
    wanted = logged_name(sweep.pruned_by)
    for step in steps:
        if step.curves and (folder / step.curves).is_file():
            points = read_curves(folder / step.curves)
            return [
                (at, value) for at, values in points if (value := values.get(wanted)) is not None
            ]
    return []


def _check_job(
    reference: str, script: str, configuration: Any, check_job: Callable[[str, Any], None]
) -> None:
    project = cast(Pipeline[Any], load_project(reference))
    if script in (WHOLE, project.steps[0].name):
        project.check_raw(configuration)
    check_job(script, configuration)


def _log_results(reference: str, run: Run, folder: Path, configuration: Any) -> None:
    from neonym.lab.own.step_log import log_whole  # noqa: PLC0415 (for `neonym sync` alone)

    log_whole(cast(Pipeline[Any], load_project(reference)), run, folder, configuration)


def _log_model(
    uri: str, run_id: str, file: Path, save_model: Callable[[Path, Path], None] | None
) -> str:
    if save_model is None:
        raise UserError("the pipeline does not say how to save a model for MLflow: save_model")
    from neonym.lab.delivery.saved_model import log_saved  # noqa: PLC0415 (imports MLflow)

    return log_saved(uri, run_id, file, save_model)
