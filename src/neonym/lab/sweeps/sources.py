"""Where the jobs of a sweep come from, and how the sweeper that Hydra makes finds it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neonym.lab.sweeps.launching import Job


@dataclass(frozen=True)
class Batch:
    """Jobs to be launched together."""

    first: int
    """The number of the first; the others follow it."""
    overrides: list[list[str]]
    """Of each job."""


class JobSource(Protocol):
    """Says what to run next."""

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to run."""

    def next_batch(self) -> Batch | None:
        """The jobs to be launched now; None at the end of the sweep."""

    def ended(self, batch: Batch) -> None:
        """Take note of the results that a batch has left."""


class Grid:
    """All jobs at once; launchers leave out those that are finished.

    Parameters
    ----------
    jobs
        The overrides of each.
    folder
        The sweep's.
    """

    def __init__(self, jobs: Sequence[Sequence[str]], folder: Path) -> None:
        self._batches = [Batch(0, [list(words) for words in jobs])]
        self._folder = folder

    @property
    def is_done(self) -> bool:
        """Whether all jobs are finished."""
        return all(
            Job(number, words, self._folder / str(number)).is_finished
            for batch in self._batches
            for number, words in enumerate(batch.overrides, batch.first)
        )

    def next_batch(self) -> Batch | None:
        """All jobs, once."""
        return self._batches.pop() if self._batches else None

    def ended(self, batch: Batch) -> None:
        """Nothing depends on it."""


_SOURCE: ContextVar[JobSource] = ContextVar("source")


@contextmanager
def hand_over(source: JobSource) -> Iterator[None]:
    """Let the sweeper find where the jobs come from while the block lasts."""
    token = _SOURCE.set(source)
    try:
        yield
    finally:
        _SOURCE.reset(token)


def handed_over() -> JobSource:
    """Where the jobs of the sweep that is running come from."""
    return _SOURCE.get()
