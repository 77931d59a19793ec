"""Sequences of different lengths, packed without padding.

The sequences of a batch are sorted, longest first, and stored time step by time step: first the
first token of every sequence, then the second token of those that have one, and so on. The rows of
a step are therefore contiguous, and the sequences still running are always the first ones. PyTorch
calls this a packed sequence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Integers
from neonym.nn.layout import Layout, plain_layout, shared_layout
from neonym.nn.sequences import TokenSequences

START_END = 0
"""Id of the token in front of every sequence and of that after it."""

Output = Literal["all", "last"]


@dataclass(frozen=True, eq=False)
class PackedSequences:
    """A batch of sequences in time-major order without padding.

    Parameters
    ----------
    inputs : integers, shape (tokens,)
        What the network reads: the start token at the first step, then the tokens.
    targets : integers, shape (tokens,), or (sequences,) where the output is "last"
        What it should predict: the token that follows each input. With output "last" only the
        last token of each sequence, in packed order.
    batch_sizes : integers, shape (steps,)
        How many sequences have a token at each step; never grows.
    order : integers, shape (sequences,)
        `order[i]` is the place that the i-th packed sequence had in the list given to `pack`.
    output : "all" or "last"
        Whether every input has a target or only the last of each sequence.
    """

    inputs: Integers
    targets: Integers
    batch_sizes: Integers
    order: Integers
    output: Output = "all"

    @property
    def num_tokens(self) -> int:
        """Number of targets: what a mean loss divides by."""
        return len(self.targets)

    @property
    def num_sequences(self) -> int:
        """Number of sequences."""
        return len(self.order)

    @cached_property
    def offsets(self) -> Integers:
        """Row at which each step begins, shape (steps,)."""
        return np.cumsum(self.batch_sizes) - self.batch_sizes

    @cached_property
    def plain(self) -> Layout:
        """The layout in which every token has a row of its own."""
        heads = self.last_rows if self.output == "last" else None
        return plain_layout(self.inputs, self.batch_sizes, heads)

    @cached_property
    def shared(self) -> Layout:
        """The layout in which equal prefixes have one row; plain where that has no use."""
        if self.output == "last" or self.num_sequences == 1:
            return self.plain
        return shared_layout(self.inputs, self.batch_sizes)

    @cached_property
    def lengths(self) -> Integers:
        """Number of inputs of each sequence in packed order, shape (sequences,)."""
        running = np.arange(len(self.order))[:, None] < self.batch_sizes  # (sequences, steps)
        return np.asarray(running.sum(axis=1))

    @cached_property
    def sequence_of_row(self) -> Integers:
        """Packed place of the sequence that each row belongs to, shape (tokens,)."""
        return np.arange(len(self.inputs)) - np.repeat(self.offsets, self.batch_sizes)

    @cached_property
    def last_rows(self) -> Integers:
        """Row of the last input of each sequence in packed order, shape (sequences,)."""
        return self.offsets[self.lengths - 1] + np.arange(len(self.order))

    def windows(self, steps: int) -> list["PackedSequences"]:
        """Cut the batch in time, for truncated backpropagation.

        Parameters
        ----------
        steps : int
            Length of a window; the last may be shorter.

        Returns
        -------
        list of PackedSequences
            One after the other; each holds the sequences that are still running, in this order.

        Raises
        ------
        ValueError
            If `steps` is not positive, or the output is "last": most windows had no target.
        """
        if steps < 1:
            raise ValueError(f"steps is {steps}, expected a positive integer")
        if self.output == "last":
            raise ValueError('output is "last", expected "all": windows need a target each')
        return [self._window(first, steps) for first in range(0, len(self.batch_sizes), steps)]

    def split(self, shards: int) -> list["PackedSequences"]:
        """Deal the sequences out to shards of nearly equal size; fewer where there are too few.

        Parameters
        ----------
        shards : int
            Number of shards.

        Returns
        -------
        list of PackedSequences
            The k-th holds every `shards`-th sequence from the k-th on, so lengths are alike.

        Raises
        ------
        ValueError
            If `shards` is not positive.
        """
        if shards < 1:
            raise ValueError(f"shards is {shards}, expected a positive integer")
        if shards not in self._parts:
            count = min(shards, self.num_sequences)
            self._parts[shards] = [self._shard(k, shards) for k in range(count)]
        return self._parts[shards]

    @cached_property
    def _parts(self) -> dict[int, list["PackedSequences"]]:
        """What `split` has returned, by the number of shards."""
        return {}

    def _shard(self, first: int, shards: int) -> "PackedSequences":
        rows = self.sequence_of_row % shards == first
        sizes = (self.batch_sizes - first + shards - 1) // shards
        targets = self.targets[first::shards] if self.output == "last" else self.targets[rows]
        return PackedSequences(
            self.inputs[rows], targets, sizes[sizes > 0], self.order[first::shards], self.output
        )

    def _window(self, first: int, steps: int) -> "PackedSequences":
        sizes = self.batch_sizes[first : first + steps]
        start = int(self.offsets[first])
        rows = slice(start, start + int(sizes.sum()))
        return PackedSequences(
            self.inputs[rows], self.targets[rows], sizes, self.order[: sizes[0]], self.output
        )


def pack(sequences: Sequence[ArrayLike], output: Output = "all") -> PackedSequences:
    """Pack sequences of token ids into one batch.

    Parameters
    ----------
    sequences : TokenSequences, or sequence of one-dimensional integer arrays or lists
        Token ids without start and end; both (id 0) are added here.
    output : "all" or "last", default "all"
        With "all" every token and then the end token is a target. With "last" the last token of a
        sequence is its one target, the start token and those before it are its inputs, and no end
        token is added.

    Returns
    -------
    PackedSequences
        The sequences sorted by falling length; equal lengths keep their order.

    Raises
    ------
    ValueError
        If there is no sequence, or one is empty or not one-dimensional.
    TypeError
        If a sequence does not hold integers.
    """
    if output not in ("all", "last"):
        raise ValueError(f'output is {output!r}, expected "all" or "last"')
    together = TokenSequences.of(sequences)
    if not len(together):
        raise ValueError("sequences is empty, expected at least one sequence")
    order = np.argsort(-together.lengths, kind="stable")
    lengths, columns = together.lengths[order], together.columns(order, fill=START_END)
    num_inputs = lengths + (output == "all")
    running = np.arange(num_inputs[0])[:, None] < num_inputs  # (steps, sequences)
    # Step by step: the start tokens, then the columns, which end in end tokens. So the input of
    # a sequence at a step has its number in `running`, and the token after it stands one row on.
    ids = np.concatenate([np.full(len(order), START_END), columns.ravel()])
    rows = np.flatnonzero(running)
    following = rows + len(order)
    if output == "last":  # where each sequence has its last token
        following = len(order) * lengths + np.arange(len(order))
    sizes = running.sum(axis=1)
    return PackedSequences(ids.take(rows), ids.take(following), sizes, order, output)
