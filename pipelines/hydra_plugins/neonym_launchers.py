"""The choices of `hydra/launcher`: how the jobs of a sweep are run.

Hydra takes launchers from this package only, and imports it whenever it composes: what launching
needs is imported when there is something to launch.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from neonym.lab.sweeps.launching import Launch


class SweepLauncher(Launcher):
    """Runs what is left of a sweep's jobs, each of which leaves its result in its folder."""

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
        """Take what Hydra gives a launcher."""
        self._arguments = {
            "hydra_context": hydra_context,
            "config": config,
            "function": task_function,
        }

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run jobs that are numbered from `initial_job_idx`, and return what they returned."""
        from neonym.lab.sweeps.launching import Launch  # noqa: PLC0415 (imports tracking)

        launch = Launch(job_overrides, initial_job_idx, **self._arguments)
        if launch.left:
            self.run(launch, self._options)
        return launch.returns()

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run what is left, and call `launch.ended` for each job."""
        raise NotImplementedError


class InProcess(SweepLauncher):
    """One job after the other, in the sweep's own process."""

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run what is left."""
        for job in launch.left:
            launch.ended(job, launch.task.run(job))


class Joblib(SweepLauncher):
    """Jobs side by side on this machine, in long-lived processes of joblib's."""

    @classmethod
    def explain_missing(cls) -> str:
        """Whether joblib is installed."""
        return "" if find_spec("joblib") else "joblib is not installed: pip install joblib"

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run what is left."""
        from neonym.lab.sweeps.workers import run_side_by_side  # noqa: PLC0415 (imports joblib)

        run_side_by_side(launch, options["workers"])


class Slurm(SweepLauncher):
    """Each job on a node of a cluster."""

    @classmethod
    def explain_missing(cls) -> str:
        """Whether jobs can be submitted from here."""
        if find_spec("submitit") is None:
            return "submitit is not installed: pip install submitit"
        if shutil.which("sbatch") is None:
            return "there is no sbatch here: start the sweep where the cluster takes jobs"
        asked = subprocess.run(["squeue", "--me"], capture_output=True, text=True, check=False)
        reason = asked.stderr.strip().splitlines()[-1:] or ["squeue fails"]
        return "" if asked.returncode == 0 else f"the cluster cannot be reached: {reason[0]}"

    def run(self, launch: "Launch", options: Mapping[str, Any]) -> None:
        """Run what is left."""
        from neonym.lab.sweeps.cluster import run_on_slurm  # noqa: PLC0415 (imports submitit)

        run_on_slurm(launch, options)
