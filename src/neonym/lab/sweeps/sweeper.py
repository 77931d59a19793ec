"""A sweep as Hydra asks for it: planned, its jobs launched, one parent run, and a report.

A launcher takes a job whenever it has room for one: of a grid the next, of a search one that learns
from all that have ended by then. Jobs that an earlier attempt has finished are left out.
"""

import os
import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from hydra.core.plugins import Plugins
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from neonym.base.files import write_text
from neonym.lab.composing.by_hand import CONFIG, Script
from neonym.lab.overrides import is_hydras, key_of
from neonym.lab.stage.console import console, log_to_terminal, say
from neonym.lab.sweeps.jobs import Job, JobFunction
from neonym.lab.sweeps.launching import JobFailedError, Listed, Prepared, Source, digest_of_conf
from neonym.lab.sweeps.planning import Plan, plan_sweep
from neonym.lab.sweeps.sweep_folder import Sweep
from neonym.lab.sweeps.sweep_report import Report, print_report, summarize
from neonym.lab.sweeps.sweep_tracking import (
    import_for_report,
    is_reported,
    log_report,
    note_as_reported,
)
from neonym.lab.tracking.courier import wait_for_delivery
from neonym.lab.tracking.opening import open_sweep
from neonym.lab.tracking.store import Store

RESUMING = ("sweep.resume", "sweep.id")


def run_sweep(
    script: Script[Any], context: HydraContext, config: DictConfig, arguments: list[str]
) -> Report:
    """Run the unfinished jobs of a sweep, and report on all of it in MLflow and the terminal.

    Parameters
    ----------
    script
        The script whose jobs are swept.
    context
        Hydra's.
    config
        What Hydra composed for the whole sweep, its own part included.
    arguments
        The overrides that Hydra read, without those of its own keys.

    Raises
    ------
    UserError
        For the first mistake, before anything runs.
    """
    plan = plan_sweep(script, context.config_loader, config, arguments)
    if not config.sweep.resume:
        log_to_terminal()
        for configuration in plan.composer.kinds.values():
            script.project.check_job(script.name, configuration)
    if plan.first.tracking.enabled:
        Store.of_project(script.project)  # whose address is refused before there is a folder
    sweep = _begin(script.name, config, arguments)
    with sweep.alone(), _told_how_to_go_on(sweep):
        report = _Running(script, context, config, plan, sweep).run()
    say(f"results are in {sweep.folder}")
    return report


@contextmanager
def _told_how_to_go_on(sweep: Sweep) -> Iterator[None]:
    """Say how a sweep is gone on with where it is cut short, by Ctrl-C, a mistake or SIGTERM."""
    line = f"the sweep was cut short; what is left runs by: {sweep.resuming}"

    def end(number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):
            say(line)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except BaseException:
        say(line)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _begin(script: str, config: DictConfig, arguments: Sequence[str]) -> Sweep:
    """A new sweep in the folder that Hydra composed, or the one that is to go on."""
    given = list(map(str, config.hydra.overrides.hydra))
    own = [word for word in given if key_of(word) != "hydra.mode"]
    named = [word for word in own if f"{key_of(word)}.".startswith("hydra.sweep.")]
    asked = [word for word in arguments if key_of(word) not in RESUMING]
    words = [*_flags(config), *asked, *(word for word in own if word not in named)]
    folder = Path(config.hydra.sweep.dir)
    if config.sweep.resume and not named:
        return Sweep.last(folder.parent, script, words)
    return Sweep.begin(folder, script, words)


def _flags(config: DictConfig) -> list[str]:
    """The flags of the command line that change what is composed."""
    name = config.hydra.job.config_name
    sources = config.hydra.runtime.config_sources
    return [
        *(f"--config-dir={each.path}" for each in sources if each.provider == "command-line"),
        *([] if name == CONFIG else [f"--config-name={name}"]),
    ]


class _Running:
    """A sweep while it runs."""

    def __init__(
        self,
        script: Script[Any],
        context: HydraContext,
        config: DictConfig,
        plan: Plan,
        sweep: Sweep,
    ) -> None:
        self._script, self._context, self._plan, self._sweep = script, context, plan, sweep
        self._config = config.copy()
        with open_dict(self._config):
            self._config.hydra.sweep.dir = str(sweep.folder)
            self._config.sweep.id = sweep.id

    def run(self) -> Report:
        """Run the jobs that are not finished; the report on all of them."""
        sweep, first = self._sweep, self._plan.first
        source = self._source()
        report = summarize(sweep, first)
        if source.is_empty() and is_reported(report):
            print_report(report, console())
            return report
        write_text(sweep.folder / "multirun.yaml", OmegaConf.to_yaml(self._config))
        store = Store.of_project(self._script.project)
        title = _title(sweep, self._plan.shared)
        # The parent has to be there before the runs of its jobs, which are delivered in order; so
        # it is opened twice: to begin, and for the report.
        with open_sweep(store, sweep.id, title, first.tracking) as parent:
            with suppress(JobFailedError):
                self._launch(self._prepared(source))
            report = summarize(sweep, first)
            with open_sweep(store, sweep.id, title, first.tracking) as end:
                log_report(end, report, self._script.project.curve)
        print_report(report, console())
        if parent.folder:
            note_as_reported(report)
            outcome = wait_for_delivery(store, first.tracking.wait_seconds, parent.folder)
            if not outcome.delivered:
                say(f"MLflow did not take everything: {outcome}")
        return report

    def _prepared(self, source: Source) -> Source:
        """The same jobs; what the report needs is imported once a worker has none left to take."""
        if not self._plan.first.tracking.enabled:
            return source
        several = sum(bool(axis.swept) for axis in self._plan.axes) > 1
        return Prepared(source, partial(import_for_report, several))

    def _source(self) -> Source:
        """Where the unfinished jobs come from."""
        plan, folder = self._plan, self._sweep.folder
        if plan.first.sweep.search == "grid":
            conf = digest_of_conf(self._context.config_loader)
            jobs = [Job(i, list(words), folder / str(i)) for i, words in enumerate(plan.jobs)]
            return Listed((job.number, job.overrides) for job in jobs if not job.is_finished(conf))
        from neonym.lab.sweeps.search import Search  # noqa: PLC0415 (imports Optuna)

        return Search(plan, folder)

    def _launch(self, source: Source) -> None:
        # planning has seen to it that this is a LabLauncher
        launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=self._context,
            task_function=JobFunction(self._script, self._plan.shared),
            config=self._config,
        )
        launcher.launch_from(source)


def _title(sweep: Sweep, shared: Collection[str]) -> str:
    """What the parent run is called: what is swept comes first, Hydra's own last."""

    def rank(word: str) -> int:
        return 2 if is_hydras(word) else int(word in shared and not word.startswith("sweep"))

    return " ".join([sweep.script, *sorted(sweep.arguments, key=rank)])
