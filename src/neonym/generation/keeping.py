"""Which of the names that are drawn are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.types import Floats, Ids
from neonym.generation.wishes import Judge, Met

# Part of what a seed gives: another size of block gives other names.
BLOCK = 1024

WISHED_DRAWS, BLOCKS_IN_VAIN = 1000, 32
"""Of wishes: draws for each name at most, and blocks without a name after which it is given up."""


class Drawn(NamedTuple):
    """Names as they were drawn; see `Samples`."""

    sequences: list[Ids]
    ended: NDArray[np.bool_]
    log_probs: Floats

    def part(self, places: slice) -> "Drawn":
        """Some of them, in their order."""
        sequences, ended, log_probs = self
        return Drawn(sequences[places], ended[places], log_probs[places])


@dataclass(frozen=True)
class Samples:
    """Names as token ids.

    Attributes
    ----------
    sequences
        The ids of each, prefix included, end token left out.
    ended
        Whether each was ended by the model, and not by the length cap.
    log_probs
        Nats of each whole name under the model at temperature 1: prefix included, end token
        included where it was drawn.
    draws
        How many names were drawn for these; more than there are where some were refused.
    fitting
        How many of those drawn were as wished, whether they had come before or not.
    met
        How many of those that are not empty or spaced met each wish by itself.
    """

    sequences: list[Ids]
    ended: NDArray[np.bool_]
    log_probs: Floats
    draws: int
    fitting: int
    met: Sequence[Met] = ()


@dataclass(frozen=True)
class Wanted:
    """Which of the drawn names are kept; the others are drawn again.

    Parameters
    ----------
    distinct
        Each name only once.
    exclude
        Token ids of names not to be given, such as those trained on.
    spaces
        Token ids that no name ends with, nor begins with unless its prefix does; with them no name
        is empty. None: names are as they come.
    max_draws
        How many names are drawn at most; None: 100 for each asked for, 1,000 where there are
        wishes, and then at least 32 blocks.
    judge
        Holds names against wishes; None: nothing is wished.
    """

    distinct: bool = False
    exclude: Collection[Sequence[int] | Ids] = field(default=())
    spaces: Collection[int] | None = None
    max_draws: int | None = None
    judge: Judge | None = None

    @property
    def every(self) -> bool:
        """Whether no name is refused."""
        return not self.distinct and not self.exclude and self.spaces is None and self.judge is None

    def bound(self, count: int) -> int:
        """How many names are drawn at most for `count`."""
        if self.every:
            return count
        if self.max_draws is not None:
            return self.max_draws
        if self.judge is not None:
            return max(WISHED_DRAWS * count, BLOCKS_IN_VAIN * BLOCK)
        # a block is drawn at least
        return 100 * count if self.spaces is None else max(100 * count, BLOCK)

    def is_whole(self, name: Sequence[int] | Ids, prefix_length: int) -> bool:
        """Whether a name is not empty, and neither begins nor ends with a space."""
        if self.spaces is None:
            return True
        first = prefix_length > 0 or (len(name) > 0 and int(name[0]) not in self.spaces)
        return first and len(name) > 0 and int(name[-1]) not in self.spaces


EVERY_NAME = Wanted()


class Kept:
    """The first names that are wanted of those that are drawn.

    None is looked for any longer when a whole block has none that is not empty, or 32 of them none
    as wished: where it ends does not depend on how many names are asked for.
    """

    def __init__(self, count: int, prefix_length: int, wanted: Wanted) -> None:
        self._count, self._prefix_length, self._wanted = count, prefix_length, wanted
        self._refused = {np.asarray(name, dtype=np.int32).tobytes() for name in wanted.exclude}
        self._parts = [Drawn([], np.zeros(0, dtype=bool), np.zeros(0))]
        self._kept = 0  # names in these
        self._in_vain, self._most_in_vain = 0, BLOCK * (BLOCKS_IN_VAIN if wanted.judge else 1)
        self._met: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.draws = self._fitting = self._whole = 0

    @property
    def is_complete(self) -> bool:
        """Whether no more names are looked for."""
        return self._kept == self._count or self._in_vain == self._most_in_vain

    def take(self, drawn: Drawn) -> None:
        """Look at more names, until there are enough."""
        if self._wanted.every:
            self._parts.append(drawn.part(slice(self._count - self._kept)))
            self._kept += len(self._parts[-1].sequences)
            self.draws = self._fitting = self._kept
            return
        whole = [self._wanted.is_whole(ids, self._prefix_length) for ids in drawn.sequences]
        verdicts = self._verdicts(drawn, whole)
        good = whole if verdicts is None else np.all([whole, *verdicts], axis=0).tolist()
        looked_at, kept = 0, []
        for ids, is_good in zip(drawn.sequences, good, strict=True):
            self._in_vain = 0 if is_good else self._in_vain + 1
            self._fitting += is_good
            key = ids.tobytes()
            if is_good and key not in self._refused:
                kept.append(looked_at)
                self._kept += 1
                if self._wanted.distinct:
                    self._refused.add(key)
            looked_at += 1
            if self.is_complete:
                break
        chosen = [drawn.sequences[place] for place in kept]
        self._parts.append(Drawn(chosen, drawn.ended[kept], drawn.log_probs[kept]))
        self.draws += looked_at
        self._whole += sum(whole[:looked_at])
        if verdicts is not None:
            met = np.count_nonzero(verdicts[:, :looked_at], axis=1)
            self._met = self._met + met if len(self._met) else met

    def samples(self) -> Samples:
        """What was kept."""
        judge = self._wanted.judge
        return Samples(
            [ids for part in self._parts for ids in part.sequences],
            np.concatenate([part.ended for part in self._parts]),
            np.concatenate([part.log_probs for part in self._parts]),
            self.draws,
            self._fitting,
            judge.count(self._met, self._whole) if judge and len(self._met) else (),
        )

    def _verdicts(self, drawn: Drawn, whole: list[bool]) -> NDArray[np.bool_] | None:
        """Whether each name is whole and meets each wish, shape (wishes, names)."""
        judge = self._wanted.judge
        if judge is None:
            return None
        verdicts = judge.verdicts(drawn.sequences, drawn.ended.tolist())
        return np.logical_and(verdicts, whole)
