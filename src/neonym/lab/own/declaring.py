"""Declare a pipeline of one's own, as the lab knows a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from neonym.base.errors import UserError
from neonym.base.nested import value_at
from neonym.lab.configuration import Configuration, Schema
from neonym.lab.own.checking import check_keys, check_schema, check_steps, reads_test
from neonym.lab.own.declared import WHOLE, Pipeline, Step, logged_name
from neonym.lab.project import Charts, is_reference, load_project

if TYPE_CHECKING:
    from neonym.lab.tracking.events import Event
    from neonym.lab.tracking.run import Run

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
    check_schema(schema)
    check_steps(steps)
    check_keys(schema, keys, raw, raw_key)
    last = steps[-1]
    best = best or next((name for name in last.returns if not reads_test(schema, name)), "")
    if best not in last.returns or reads_test(schema, best):
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
