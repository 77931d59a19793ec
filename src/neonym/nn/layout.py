"""The rows that a network computes for a batch, step by step, and which row continues which.

Names begin alike, and without dropout equal prefixes have equal states. So a batch has two layouts:
the plain one has a row for each token. The shared one has a row for each distinct prefix, as far as
prefixes are shared; it is some 15 % shorter. For "anton" and "anna"::

    step      0            1      2      3      4      5
    plain     start start  a a    n n    t n    o a    n
    shared    start        a      n      t n    o a    n
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Integers

MOST_DISTINCT = 0.9
"""Prefixes are shared up to the first step where more than this fraction of them are distinct."""


class Step(NamedTuple):
    """Where the rows of one time step lie.

    States are stored with the initial ones in front, so that each row finds what it continues at
    the same distance: `previous` and `following` count from there.
    """

    rows: slice  # of this step, among all rows
    previous: slice  # the states that these rows continue
    following: slice  # the states that these rows compute
    size: int  # number of rows
    continued: int  # number of rows of the step before that are continued: its first ones
    parents: Integers | None  # (size,), which of `previous` a row continues; None: each its own


Links = tuple[int, Integers | None, int]
"""A step before it has its place: what `size`, `parents` and `continued` of a `Step` are."""


@dataclass(frozen=True, eq=False)
class Layout:
    """All rows of a batch in time-major order.

    Parameters
    ----------
    inputs : integers, shape (rows,)
        The token that each row reads.
    steps : sequence of Step
        One after the other.
    num_initial : int
        Number of rows of the initial state.
    head_rows : integers, shape (heads,), or None
        The rows from which tokens are predicted; None for all of them.
    target_heads : integers, shape (targets,)
        Which of these predicts each target.
    """

    inputs: Integers
    steps: Sequence[Step]
    num_initial: int
    head_rows: Integers | None
    target_heads: Integers

    @cached_property
    def widest(self) -> int:
        """The most rows of a step, or of the initial state."""
        return max(self.num_initial, *(step.size for step in self.steps))

    @cached_property
    def num_branching(self) -> int:
        """Number of steps up to the last in which several rows may continue the same one."""
        branching = [place for place, step in enumerate(self.steps) if step.parents is not None]
        return branching[-1] + 1 if branching else 0

    @cached_property
    def targets_per_head(self) -> Integers:
        """How many targets are predicted from the same row, shape (heads,)."""
        return np.bincount(self.target_heads)


def plain_layout(
    inputs: Integers, batch_sizes: Integers, head_rows: Integers | None = None
) -> Layout:
    """A row for each token of a packed batch."""
    sizes = batch_sizes.tolist()
    links: list[Links] = [(size, None, size) for size in sizes]
    num_initial = sizes[0]
    heads = len(inputs if head_rows is None else head_rows)
    steps = list(_placed(links, num_initial))
    return Layout(inputs, steps, num_initial, head_rows, np.arange(heads))


def shared_layout(inputs: Integers, batch_sizes: Integers) -> Layout:
    """A row for each distinct prefix in a packed batch that has a target at every token.

    The rows of a step are in the order of the longest sequence through each, so those that
    are continued are the first ones.
    """
    sizes, links = batch_sizes.tolist(), list[Links]()
    read, heads = [], []
    place = [0] * sizes[0]  # of each sequence, among the rows of the step before
    token_start = row_start = 0  # where a step begins, among the tokens and among the rows
    for size in sizes:
        tokens = inputs[token_start : token_start + size]
        link, tokens, place = _share(place[:size], tokens)
        links.append(link)
        read.append(tokens)
        heads.append(row_start + np.array(place))
        token_start, row_start = token_start + size, row_start + len(tokens)
        if len(tokens) == size:
            break
    # From here on every sequence has a row of its own
    links += [(size, None, size) for size in sizes[len(links) :]]
    read.append(inputs[token_start:])
    heads.append(np.arange(row_start, row_start + len(inputs) - token_start))
    steps = list(_placed(links, num_initial=1))
    return Layout(np.concatenate(read), steps, 1, None, np.concatenate(heads))


def _share(parents: list[int], tokens: Integers) -> tuple[Links, Integers, list[int]]:
    """Merge the sequences of a step that continue the same row with the same token.

    A dictionary finds them: for some hundred sequences the dozen NumPy calls of a sort take longer.

    Parameters
    ----------
    parents : list of int
        The row of the step before that each sequence continues.
    tokens : integers, shape (sequences,)
        The token that each reads.

    Returns
    -------
    Links
        Of the step.
    ndarray, shape (size,)
        The token that each row reads.
    list of int
        The row of each sequence.
    """
    pairs = list(zip(parents, tokens.tolist(), strict=True))
    row_of: dict[tuple[int, int], int] = {}
    place = [row_of.setdefault(pair, len(row_of)) for pair in pairs]
    if len(row_of) <= MOST_DISTINCT * len(pairs):
        parents = [parent for parent, _ in row_of]
        tokens = np.array([token for _, token in row_of], dtype=tokens.dtype)
    else:
        place = list(range(len(pairs)))
    continued = max(parents) + 1
    is_own = parents == list(range(continued))
    link = len(parents), None if is_own else np.array(parents, dtype=np.intp), continued
    return link, tokens, place


def _placed(links: Sequence[Links], num_initial: int) -> Iterator[Step]:
    """The steps, one after the other."""
    start, previous = 0, 0
    for size, parents, continued in links:
        following = num_initial + start
        yield Step(
            slice(start, start + size),
            slice(previous, previous + continued),
            slice(following, following + size),
            size,
            continued,
            parents,
        )
        start, previous = start + size, following
