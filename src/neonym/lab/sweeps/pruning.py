"""Ends jobs of a search whose curve is hopeless beside those of the others."""

from contextlib import suppress
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from neonym.base.errors import PrunedError
from neonym.lab.configuration import Sweep
from neonym.lab.sweeps.search import JOB, STUDY, open_study


class Pruning:
    """Reports a job's curve to the study of its search, and says when it is to end.

    Parameters
    ----------
    folder
        The job's; that of the search is above it.
    settings
        Of the sweep.
    steps
        How many steps the curve has at most.
    """

    def __init__(self, folder: Path, settings: Sweep, steps: int) -> None:
        self._study = open_study(folder.parent / STUDY, settings.direction)
        self._job, self._metric = settings.job, settings.pruned_by
        self._steps = steps
        self._pruner = _pruner(str(settings.pruner), steps)

    def __call__(self, step: int, value: float) -> None:
        """Report a step of the curve.

        Raises
        ------
        PrunedError
            If the job is to end.
        """
        attempt = self._last_attempt()
        # a sweep that goes on, while this job of the one that was killed runs on a cluster, calls
        # the attempt failed and begins another
        with suppress(UpdateFinishedTrialError):
            if attempt is None:
                return
            optuna.Trial(self._study, attempt._trial_id).report(value, step)
            trial = self._study.get_trials(deepcopy=False)[attempt.number]
            if self._pruner.prune(self._study, trial):
                metric = self._metric.replace(".", " ")
                raise PrunedError(f"stopped at {step} of {self._steps}: {metric} {value:.4g}")

    def _last_attempt(self) -> FrozenTrial | None:
        """The last attempt at the job; None where the sweep has not begun it anew yet."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        found = [each for each in running if each.user_attrs.get(JOB) == self._job]
        return found[-1] if found else None


def _pruner(name: str, steps: int) -> BasePruner:
    """Median: worse than half of the others at that step; halving: not in the best third."""
    if name == "median":
        return MedianPruner(n_startup_trials=5, n_warmup_steps=steps // 5)
    return SuccessiveHalvingPruner(min_resource=max(1, steps // 9), reduction_factor=3)
