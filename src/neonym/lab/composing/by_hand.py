"""A script started by hand: configured by Hydra, results in the job's folder, `-m` for sweeps."""

import os
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from neonym.base.errors import UserError
from neonym.base.terminal import escape
from neonym.lab.composing.composition import (
    CONF,
    VERSION_BASE,
    explain,
    prefer_own_launchers,
    refuse_folders_outside,
    refuse_nameless,
    validated,
)
from neonym.lab.stage.stage import Stage, StageFunction, console, log_to_terminal
from neonym.lab.sweeps.multirun import JobFailedError, Sweep, run_job
from neonym.lab.sweeps.planning import Plan, plan_sweep
from neonym.lab.sweeps.sources import Grid, JobSource, hand_over
from neonym.lab.sweeps.sweep_report import Report, print_report, summarize
from neonym.lab.sweeps.sweep_tracking import is_told, log_report, note_as_told
from neonym.lab.tracking.courier import wait_for_delivery
from neonym.lab.tracking.run import open_sweep
from neonym.lab.tracking.store import Store, project_root

MULTIRUN = ("-m", "--multirun")


def run_by_hand(name: str, function: StageFunction) -> None:
    """Run a script as one job, or as a sweep.

    Raises
    ------
    UserError
        If the configuration is wrong, or a single job is stopped by a mistake.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come through to us
    prefer_own_launchers()
    arguments = sys.argv[1:]
    refuse_nameless(arguments)
    refuse_folders_outside(arguments)
    if any(word in MULTIRUN for word in arguments):
        _run_sweep(name, function, arguments)
    else:
        _run_single(name, function, arguments)


def _run_single(name: str, function: StageFunction, arguments: list[str]) -> None:
    mistakes: list[UserError] = []
    begun = False

    def job(composed: DictConfig) -> None:
        nonlocal begun
        begun = True
        log_to_terminal()
        try:  # Hydra adds lines of its own to what is raised
            stage = _stage(name, composed)
            function(stage)
            stage.say(f"{name}: results are in {os.path.relpath(stage.results)}")
        except UserError as error:
            mistakes.append(error)

    try:
        _run_hydra(job, name, arguments, [])
    except OSError as error:
        if begun:
            raise
        folder = error.filename or "the folder of results"
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
    if mistakes:
        raise mistakes[0]


def _run_sweep(name: str, function: StageFunction, arguments: list[str]) -> None:
    for word in arguments:
        if word.startswith("-") and word not in MULTIRUN:
            raise UserError(f"{word}: a sweep takes no flag but -m; without -m Hydra's flags work")
    words = [word for word in arguments if word not in MULTIRUN]
    plan = plan_sweep(name, words)
    sweep = Sweep.begin(name, words)
    with sweep.alone():
        report = _run_jobs(name, function, arguments, plan, sweep)
    console().print(escape(f"results are in {sweep.folder}"), markup=False, soft_wrap=True)
    if report.failed:
        sys.exit(1)


def _run_jobs(
    name: str, function: StageFunction, arguments: list[str], plan: Plan, sweep: Sweep
) -> Report:
    """Run what is left of a sweep, and see that MLflow and the terminal tell of it."""
    source = _source(plan, sweep)
    report = summarize(sweep, plan.first)
    if source.is_done and is_told(report):
        print_report(report, console())
        return report

    shared = plan.shared

    def job(composed: DictConfig) -> float:
        log_to_terminal()
        return run_job(_stage(name, composed, shared), function)

    tracking = plan.first.tracking
    store = Store.of_project(project_root(Path.cwd()))
    title = _title(sweep, shared)
    with open_sweep(store, sweep.id, title, tracking.experiment, tracking.enabled) as parent:
        with suppress(JobFailedError), hand_over(source):
            _run_hydra(job, name, arguments, sweep.overrides)
        report = summarize(sweep, plan.first)
        with open_sweep(store, sweep.id, title, tracking.experiment, tracking.enabled) as end:
            log_report(end, report)
    print_report(report, console())
    if tracking.enabled:
        note_as_told(report)
        outcome = wait_for_delivery(store, tracking.wait_seconds, parent.folder)
        if not outcome.delivered:
            line = f"MLflow did not take everything ({outcome.message}); run neonym sync"
            console().print(escape(line), markup=False, soft_wrap=True)
    return report


def _source(plan: Plan, sweep: Sweep) -> JobSource:
    """Where the sweep's jobs come from."""
    if plan.first.sweep.search == "grid":
        return Grid(plan.jobs, sweep.folder)
    from neonym.lab.sweeps.search import Search  # noqa: PLC0415 (imports Optuna)

    return Search(plan, sweep.folder)


def _title(sweep: Sweep, shared: Collection[str]) -> str:
    """What the parent run is called: what is swept comes first, Hydra's own last."""

    def rank(word: str) -> int:
        if word.startswith("hydra"):
            return 2
        return int(word in shared and not word.startswith("sweep"))

    return " ".join([sweep.script, *sorted(sweep.arguments, key=rank)])


def _stage(name: str, composed: DictConfig, shared: Collection[str] = ()) -> Stage:
    settings = HydraConfig.get()
    results = Path(settings.runtime.output_dir)
    overrides = list(settings.overrides.task)
    return Stage(
        name,
        results,
        by_hand=True,
        configuration=validated(composed),
        overrides=overrides,
        shared=shared,
    )


def _run_hydra(
    job: Callable[[DictConfig], float | None], name: str, arguments: list[str], more: list[str]
) -> None:
    """Run Hydra with our overrides among the given ones, which must stand together."""
    at = next((i for i, word in enumerate(arguments) if word[:1] != "-" and "=" in word), None)
    at = len(arguments) if at is None else at
    given = [word for word in arguments if not word.startswith("hydra.sweep.dir=") or not more]
    sys.argv[1:] = [*given[:at], f"hydra.job.name={name}", *more, *given[at:]]
    try:
        hydra.main(config_path=str(CONF), config_name="config", version_base=VERSION_BASE)(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from None
