"""Products of all rows of a batch, chunk by chunk: while the recurrence goes on, in another thread.

The recurrence goes from step to step, and so through the rows in order. What only depends on rows
that it has passed can be begun, and only the rows of its next step must be there.
"""

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Self

from neonym.nn.arrays import Floats
from neonym.nn.background import Background, Task
from neonym.nn.layout import Step

Work = Callable[[slice], object]
"""What is done for some rows; it writes to these rows alone."""


class RowChunks:
    """Work for all rows, in chunks that are the same for any number of threads.

    Parameters
    ----------
    background : Background
        Where chunks are begun.
    work : Work
        What is done for the rows of a chunk.
    rows : int
        Number of rows.
    weight : ndarray
        What each is multiplied with.
    chunk : int
        Rows of a chunk, where there are enough multiplications for chunks; the last one has from
        half as many to half as many again.
    backwards : bool, default False
        Whether the steps, and so the rows, are passed from the last to the first.
    """

    def __init__(
        self,
        background: Background,
        work: Work,
        rows: int,
        weight: Floats,
        chunk: int,
        *,
        backwards: bool = False,
    ) -> None:
        self._background, self._work = background, work
        self._rows, self._backwards = rows, backwards
        multiplications = rows * int(weight.size)
        self._is_worth = background.is_worth(multiplications)
        if not background.is_large(multiplications):
            chunk = rows
        # What is left at the end belongs to the last chunk where it is short
        starts = range(0, max(rows - chunk // 2, 1), chunk)
        chunks = [slice(start, stop) for start, stop in pairwise([*starts, rows])]
        self._left = deque(reversed(chunks) if backwards else chunks)
        self._begun: deque[tuple[int, Task]] = deque()
        self._ready = 0  # rows that are waited for no longer

    @property
    def beside(self) -> Self | None:
        """Itself, where a thread works beside the recurrence; otherwise None."""
        return self if self._is_worth else None

    def _passed(self, rows: slice) -> int:
        """How many rows are passed once these are."""
        return self._rows - int(rows.start) if self._backwards else int(rows.stop)

    def after(self, step: Step) -> None:
        """Begin what depends on no rows but those up to this step's, which are complete now."""
        passed = self._passed(step.rows)
        while self._left and self._passed(self._left[0]) <= passed:
            self._begin()

    def begin(self) -> None:
        """Begin everything: all rows are complete."""
        while self._left:
            self._begin()

    def _begin(self) -> None:
        chunk = self._left.popleft()
        task = self._background.begin(lambda: self._work(chunk))
        self._begun.append((self._passed(chunk), task))

    def before(self, step: Step) -> None:
        """Wait until the rows of this step are there."""
        passed = self._passed(step.rows)
        while self._ready < passed:
            self._ready, task = self._begun.popleft()
            self._background.wait(task)

    def finish(self) -> None:
        """Do everything that is left, and wait for what was begun."""
        while self._begun:
            self._background.wait(self._begun.popleft()[1])
        while self._left:
            self._work(self._left.popleft())
