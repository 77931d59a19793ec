"""Exact likelihood of many sequences.

Equal prefixes have equal states, so sequences form a tree, and each distinct prefix is computed
once: all those of one length together. Sorted sequences that share a prefix stand next to each
other; they are taken in blocks, which bounds the memory, and which threads compute at the same
time.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from math import log2
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.loss import log_sum_exp
from neonym.nn.packing import START_END
from neonym.nn.sequences import TokenSequences, check_tokens

SEQUENCES_AT_ONCE = 1 << 12
"""Most sequences in a block: enough for fast products, little memory."""

WORTH_TWO_BLOCKS = 512
"""So many sequences are cut into an even number of blocks, for two threads."""

NUMBERS_AT_ONCE = 1 << 18
"""Most token ids in a block, the padding included."""

NODES_AT_ONCE = 1 << 11
"""The logits of at least so many prefixes are computed together, where there are so many."""

KEY_BITS = 63
"""Sequences are sorted by as many first tokens as fit into a number of so many bits, 13 letters of
27; a longer prefix is shared only by sequences that happen to be neighbours."""

NO_TOKEN = -1
"""Fills up a padded column; below every id."""


class BatchState(Protocol):
    """What a model remembers of several sequences."""

    def take(self, rows: Any, /) -> Self:
        """The state of these rows alone."""


StateT = TypeVar("StateT", bound=BatchState)


class StepModel(Protocol[StateT]):
    """What the likelihood is of: a network, or whatever predicts token after token."""

    vocabulary_size: int

    @property
    def output(self) -> str:
        """What is a target: "all" for every token, "last" for that of each sequence."""

    def initial_state(self, batch_size: int, /) -> StateT:
        """The state before the start token."""

    def step_from(self, tokens: Any, state: StateT, rows: Any, /) -> tuple[Floats, StateT]:
        """The step of `state.take(rows)`: outputs, (rows, width), and the state after it.

        The rows are in ascending order, and as many as the tokens.
        """

    def logits(self, outputs: Floats, /) -> Floats:
        """Logits of the next token, (rows, vocabulary), of the outputs of any steps."""


def negative_log_likelihood(
    model: StepModel[StateT], sequences: Sequence[ArrayLike], threads: int = 1
) -> Floats:
    """Nats of each sequence, float64; see `RecurrentNetwork.negative_log_likelihood`."""
    nats = np.empty(len(sequences), dtype=np.float64)
    if not len(sequences):
        return nats
    together = TokenSequences.of(sequences)
    check_tokens("sequences", together.tokens, model.vocabulary_size)
    order = np.argsort(_keys(together, model.vocabulary_size))
    blocks = list(_blocks(order, together.lengths))
    root = model.step_from(np.array([START_END]), model.initial_state(1), np.array([0]))

    def compute(places: Integers) -> None:
        tokens = together.columns(places, fill=NO_TOKEN)
        nats[places] = _nats_of_tree(model, root, tokens, together.lengths[places])

    # The blocks are the same for any number of threads, and so is the result
    helping = min(threads, len(blocks)) - 1
    if helping > 0:
        with suppress(RuntimeError), ThreadPoolExecutor(helping) as pool:
            others = deque(blocks)

            def compute_some() -> None:
                with suppress(IndexError):
                    while True:
                        compute(others.popleft())

            helpers = [pool.submit(copy_context().run, compute_some) for _ in range(helping)]
            compute_some()
            for helper in helpers:
                helper.result()
            return nats
    for places in blocks:  # also where no thread can be started, as in a browser
        compute(places)
    return nats


def _keys(sequences: TokenSequences, vocabulary_size: int) -> Integers:
    """A number for each sequence, by which sequences with equal prefixes are sorted together.

    Its digits are the first tokens, each plus one, and zeros after the end of the sequence.
    """
    keys = np.zeros(len(sequences), dtype=np.int64)
    for place in range(int(KEY_BITS / log2(vocabulary_size + 1))):
        keys *= vocabulary_size + 1
        running = np.flatnonzero(sequences.lengths > place)
        keys[running] += sequences.tokens[sequences.starts[running] + place] + np.int64(1)
    return keys


def _blocks(order: Integers, lengths: Integers) -> Iterator[Integers]:
    """The places of sequences in this order, in blocks of bounded size, nearly alike.

    A prefix that is cut in two is computed twice: a few rows of thousands.
    """
    most = min(SEQUENCES_AT_ONCE, max(1, NUMBERS_AT_ONCE // (int(lengths.max()) + 1)))
    count = -(-len(order) // most)
    if len(order) >= WORTH_TWO_BLOCKS:
        count += count % 2
    yield from np.array_split(order, count)


def _nats_of_tree(
    model: StepModel[StateT], root: tuple[Floats, StateT], tokens: Integers, lengths: Integers
) -> Floats:
    """Nats of sequences given as columns, (longest + 1, sequences), down their tree by levels.

    A node of the tree is a prefix that neighbouring columns share. Nodes are numbered level by
    level, from the root, which is 0; each is computed once, from its parent.
    """
    differs = np.ones(tokens.shape, dtype=np.bool_)  # the prefix up to here, from that on the left
    np.logical_or.accumulate(tokens[:, 1:] != tokens[:, :-1], axis=0, out=differs[:, 1:])
    is_first = differs & (tokens != NO_TOKEN)  # whether a column is the first of its node
    node = np.cumsum(is_first, dtype=np.intp).reshape(tokens.shape)
    before = np.zeros_like(node)  # the node that each token follows
    before[1:] = node[:-1]
    node_tokens, parents = tokens[is_first], before[is_first]
    ends = 1 + np.cumsum(np.count_nonzero(is_first, axis=1))  # of the nodes of each level

    levels = np.arange(len(tokens))[:, None]
    counts = levels <= lengths if model.output == "all" else levels == lengths - 1
    targets, heads = np.maximum(tokens[counts], START_END), before[counts]
    target_ends = np.cumsum(np.count_nonzero(counts, axis=1))
    nats = np.empty(len(targets), dtype=np.float64)

    outputs, state = root
    waiting, first, done = [outputs], 0, 0  # outputs whose targets wait; the first of both
    start, end = 0, 1  # the nodes of the level above
    for next_end, target_end in zip(ends.tolist(), target_ends.tolist(), strict=True):
        if end - first >= NODES_AT_ONCE or next_end == end:  # ... or this level is the last
            rows, those = heads[done:target_end] - first, slice(done, target_end)
            logits = model.logits(np.concatenate(waiting))
            nats[those] = log_sum_exp(logits)[rows] - logits[rows, targets[those]]
            waiting, first, done = [], end, target_end
        if next_end > end:
            nodes = slice(end - 1, next_end - 1)  # the root is in no list
            outputs, state = model.step_from(node_tokens[nodes], state, parents[nodes] - start)
            waiting.append(outputs)
        start, end = end, next_end
    sequences = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)[counts]
    return np.bincount(sequences, nats, tokens.shape[1]).astype(np.float64, copy=False)
