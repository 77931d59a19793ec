"""Who may end a job of a search before its time."""

from collections.abc import Callable
from typing import Any

from neonym.lab.stage.execution import Stage


def judge_of(stage: Stage[Any], steps: int) -> Callable[[int, float], None] | None:
    """Who ends a job if it is hopeless; nobody but in a search with a pruner.

    Parameters
    ----------
    stage
        The job.
    steps
        How many steps its curve has at most.

    Returns
    -------
    judge
        Is given each step, from 1, and the curve's value there, and raises `PrunedError`.
    """
    settings = stage.configuration.sweep
    if settings.pruner is None or settings.job is None:
        return None
    from neonym.lab.sweeps.pruning import Pruning  # noqa: PLC0415 (imports Optuna)

    return Pruning(stage.results, settings, steps)
