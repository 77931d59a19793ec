"""Hydra's sweeper of this project: runs what was planned, on whatever launcher is chosen.

Hydra finds it because it lies in `hydra_plugins`, and imports it at every start: keep it small.
"""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class PlannedSweeper(Sweeper):
    """Asks for jobs and launches them until there are none.

    Parameters
    ----------
    params
        Keys and the values they take, which a preset sets; `planning` reads them.
    """

    def __init__(self, params: DictConfig | None = None) -> None:
        super().__init__()
        self.params = params
        self.launcher: Launcher

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run what was planned; the arguments were read for that."""
        # Hydra imports this file for every script, also where nothing is swept
        from neonym.lab.sweeps.sources import handed_over  # noqa: PLC0415

        source = handed_over()
        while batch := source.next_batch():
            try:
                self.launcher.launch(batch.overrides, initial_job_idx=batch.first)
            finally:
                source.ended(batch)
