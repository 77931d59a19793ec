"""The rows that a network computes for a batch, step by step, and which row continues which.

Names begin alike, and without dropout equal beginnings have equal states. So a batch has two
layouts: the plain one with a row for each token, and one with a row for each distinct beginning,
as far as beginnings are shared, which is some 15 % shorter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Integers

MOST_DISTINCT = 0.9
"""Beginnings are shared up to the first step where more than this share of them are distinct."""


Part = tuple[int, Integers | None, int]
"""Of a step: the number of rows, their parents, and how many rows of the step before go on."""


class Step(NamedTuple):
    """Where the rows of one time step lie."""

    rows: slice  # among all rows
    previous: slice  # what they continue, counted with the initial states in front
    following: slice  # its own, counted with the initial states in front
    size: int
    continued: int  # how many rows of the step before are continued; always its first ones
    parents: Integers | None  # which of `previous` each row continues; None: each its own


@dataclass(frozen=True, eq=False)
class Layout:
    """All rows of a batch in time-major order.

    Parameters
    ----------
    inputs : integers, shape (rows,)
        The token that each row reads.
    steps : sequence of Step
        One behind the other.
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
    def previous_rows(self) -> Integers:
        """For each row the one that it continues, with the initial states in front."""
        return np.concatenate(
            [
                np.arange(step.previous.start, step.previous.stop)
                if step.parents is None
                else step.previous.start + step.parents
                for step in self.steps
            ]
        )

    @cached_property
    def targets_per_head(self) -> Integers:
        """How many targets are predicted from the same row, shape (heads,)."""
        return np.bincount(self.target_heads)


def plain_layout(
    inputs: Integers, batch_sizes: Integers, head_rows: Integers | None = None
) -> Layout:
    """A row for each token of a packed batch."""
    count = int(batch_sizes[0])
    steps = list(_steps([(size, None, size) for size in batch_sizes.tolist()], count))
    heads = len(inputs if head_rows is None else head_rows)
    return Layout(inputs, steps, count, head_rows, np.arange(heads))


def shared_layout(inputs: Integers, batch_sizes: Integers) -> Layout:
    """A row for each distinct beginning in a packed batch that has a target at every token.

    The rows of a step are in the order of the longest sequence through each, so those that
    are continued are the first ones.
    """
    sizes, parts = batch_sizes.tolist(), list[Part]()
    read, heads = [], []
    places = np.zeros(sizes[0], dtype=np.intp)  # of sequences, among the rows of the step before
    first = start = 0
    for size in sizes:
        part, tokens, places = _share(places[:size], inputs[first : first + size])
        parts.append(part)
        read.append(tokens)
        heads.append(places + start)
        first, start = first + size, start + part[0]
        if len(tokens) == size:
            break
    parts += [(size, None, size) for size in sizes[len(parts) :]]
    read.append(inputs[first:])
    heads.append(np.arange(start, start + len(inputs) - first))
    return Layout(np.concatenate(read), list(_steps(parts, 1)), 1, None, np.concatenate(heads))


def _share(parents: Integers, tokens: Integers) -> tuple[Part, Integers, Integers]:
    """The part of one step, the token each of its rows reads, and the place of each sequence."""
    places = np.arange(len(tokens))
    first = _first_of_equal(parents * (int(tokens.max()) + 1) + tokens)
    rows = np.flatnonzero(first == places)
    if len(rows) <= MOST_DISTINCT * len(tokens):
        places = np.searchsorted(rows, first)
        parents, tokens = parents[rows], tokens[rows]
    continued = int(parents.max()) + 1
    branches = len(tokens) != continued or (parents != np.arange(continued)).any()
    return (len(tokens), parents if branches else None, continued), tokens, places


def _first_of_equal(keys: Integers) -> Integers:
    """For each key the place of the first that is equal."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    is_new = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=is_new[1:])
    first = np.empty_like(order)
    first[order] = order[is_new][np.cumsum(is_new) - 1]
    return first


def _steps(parts: Sequence[Part], num_initial: int) -> Iterator[Step]:
    """The steps one behind the other."""
    start, previous = 0, 0
    for size, parents, continued in parts:
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
