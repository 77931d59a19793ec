"""Ends jobs of a search whose curve on val is hopeless beside those of the others."""

from contextlib import suppress
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from neonym.base.errors import PrunedError
from neonym.lab.sweeps.search import JOB, STUDY, open_study
from neonym.settings import Configuration
from neonym.training.history import EpochRecord


class Judge:
    """Reports a job's curve to the study of its search, and says when it is to end.

    Parameters
    ----------
    folder
        The job's; that of the search is above it.
    configuration
        Of the job.
    """

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        self._study = open_study(folder.parent / STUDY, configuration.sweep.direction)
        self._job = configuration.sweep.job
        epochs = configuration.train.members * configuration.train.epochs
        self._pruner = _pruner(str(configuration.sweep.pruner), epochs)

    def __call__(self, record: EpochRecord) -> None:
        """Report an epoch; only val is looked at.

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
            optuna.Trial(self._study, attempt._trial_id).report(record.val_nll, record.epoch)
            trial = self._study.get_trials(deepcopy=False)[attempt.number]
            if self._pruner.prune(self._study, trial):
                stopped = f"stopped after epoch {record.epoch}: val nll {record.val_nll:.4g}"
                raise PrunedError(stopped)

    def _last_attempt(self) -> FrozenTrial | None:
        """The last attempt at the job; None where the sweep has not begun it anew yet."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        found = [each for each in running if each.user_attrs.get(JOB) == self._job]
        return found[-1] if found else None


def _pruner(name: str, epochs: int) -> BasePruner:
    """Median: worse than half of the others at that epoch; halving: not in the best third."""
    if name == "median":
        return MedianPruner(n_startup_trials=5, n_warmup_steps=epochs // 5)
    return SuccessiveHalvingPruner(min_resource=max(1, epochs // 9), reduction_factor=3)
