"""Hydra's plugins of neonym.lab: the sweeper, and the choices of `hydra/launcher`.

Hydra takes plugins from `hydra_plugins` only, and imports what lies there whenever any application
of its starts: what sweeping needs is imported when something is swept.
"""

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from neonym.base.errors import UserError
from neonym.base.missing import REMEDY

if TYPE_CHECKING:
    from neonym.lab.sweeps.launching import Launch, Source


class PlannedSweeper(Sweeper):
    """Plans a sweep, checks it before anything runs, launches its jobs and reports on them.

    Parameters
    ----------
    params
        Keys and the values they take, which a preset sets.
    """

    def __init__(self, params: DictConfig | None = None) -> None:
        super().__init__()
        self.params = params

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra gives a sweeper."""
        self._context, self._config = hydra_context, config
        self._script: Any = task_function

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the arguments ask for."""
        from neonym.lab.sweeps.sweeper import run_sweep  # noqa: PLC0415 (imports tracking)

        self._script.has_begun = True
        report = run_sweep(self._script, self._context, self._config, arguments)
        self._script.status = 1 if report.failed else 0
        return report


class LabLauncher(Launcher, ABC):
    """Runs the jobs that it is asked to, each of which leaves its result in its folder."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._arguments: dict[str, Any] = {}

    @classmethod
    def explain_missing(cls) -> str:
        """What this launcher needs and does not find here, "" if it finds all."""
        return ""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra gives a launcher.

        Raises
        ------
        UserError
            If it does not come from the lab's sweeper.
        """
        if not getattr(task_function, "is_job", False):
            from neonym.lab.composing.by_hand import OTHER_SWEEPER  # noqa: PLC0415 (imports more)

            raise UserError(OTHER_SWEEPER)
        self._arguments = {
            "hydra_context": hydra_context,
            "config": config,
            "function": task_function,
        }

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Hydra's way to launch, by a list of all jobs; the lab's sweeper calls `launch_from`."""
        raise NotImplementedError

    def launch_from(self, source: "Source") -> None:
        """Run the jobs that come from a source, each as soon as there is room for it."""
        from neonym.lab.sweeps.launching import Launch, Task  # noqa: PLC0415 (imports tracking)

        self.run(Launch(Task(**self._arguments), source), self._options)

    @abstractmethod
    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run what `launch.take` gives until that is nothing more; call `launch.ended` for each."""


class InProcess(LabLauncher):
    """One job after the other, in the sweep's own process."""

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run all jobs."""
        while jobs := launch.take(1):
            launch.ended(jobs[0], launch.task.run(jobs[0]))


class Joblib(LabLauncher):
    """Jobs side by side on this machine, in long-lived processes of loky's."""

    @classmethod
    def explain_missing(cls) -> str:
        """Whether loky is installed."""
        return "" if find_spec("loky") else f"loky is not installed: {REMEDY}"

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run all jobs."""
        from neonym.lab.sweeps.workers import run_side_by_side  # noqa: PLC0415 (imports loky)

        run_side_by_side(launch, options["workers"])


class Slurm(LabLauncher):
    """Each job on a node of a cluster."""

    @classmethod
    def explain_missing(cls) -> str:
        """Whether jobs can be submitted from here."""
        if find_spec("submitit") is None:
            return f"submitit is not installed: {REMEDY}"
        if shutil.which("sbatch") is None:
            return "there is no sbatch here: start the sweep where the cluster takes jobs"
        queue = subprocess.run(["squeue", "--me"], capture_output=True, text=True, check=False)
        reason = queue.stderr.strip().splitlines()[-1:] or ["squeue fails"]
        return "" if queue.returncode == 0 else f"the cluster cannot be reached: {reason[0]}"

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run all jobs."""
        from neonym.lab.sweeps.cluster import run_on_slurm  # noqa: PLC0415 (imports submitit)

        run_on_slurm(launch, options)
