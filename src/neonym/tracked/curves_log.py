"""The curves of a training: those of one network, or those of several apart."""

from collections.abc import Sequence

from neonym.lab.tracking.run import Run
from neonym.tracked import SECTION
from neonym.training.history import EpochRecord, by_member


class CurvesLog:
    """Logs epochs as they end.

    One network has curves over its optimizer steps (`train/nll`, `val/nll`, …), which can be laid
    over those of any run, and over epochs. Several have one over epochs each, from its own
    beginning.

    Parameters
    ----------
    run
        What is logged to.
    has_members
        Whether several networks are trained.
    """

    def __init__(self, run: Run, has_members: bool) -> None:
        self._run, self._has_members = run, has_members
        self._seen: list[EpochRecord] = []

    def add(self, record: EpochRecord) -> None:
        """Log an epoch that has ended."""
        self._seen.append(record)
        own = by_member(self._seen)[-1][-1] if self._has_members else record
        name = f"member_{own.member}_" if self._has_members else ""
        values = {f"{name}train_nll": own.train_nll, f"{name}val_nll": own.val_nll}
        self._run.metrics({f"{SECTION}/{key}": each for key, each in values.items()}, own.epoch)
        if not self._has_members:
            log_steps(self._run, own)


def log_steps(run: Run, record: EpochRecord) -> None:
    """Log an epoch where its last optimizer step is."""
    values = {
        "train/nll": record.train_nll,
        "val/nll": record.val_nll,
        "train/lr": record.lr,
        "train/grad_norm": record.grad_norm,
        "train/epoch": float(record.epoch),
    }
    run.metrics(values, record.step)


def log_level(run: Run, history: Sequence[EpochRecord], mixed: float) -> None:
    """Log what a mixture reaches on val as a level beside the curves of its networks."""
    for epoch in sorted({1, max(len(member) for member in by_member(history))}):
        run.metrics({f"{SECTION}/mixture_val_nll": mixed}, epoch)
