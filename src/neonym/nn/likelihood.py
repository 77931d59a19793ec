"""Exact likelihood of many sequences.

Equal prefixes have equal states, so sequences form a tree, and each distinct prefix is computed
once: all those of one length together. Sorted sequences that share a prefix stand next to each
other; they are taken in blocks, which bounds the memory.
"""

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

NUMBERS_AT_ONCE = 1 << 18
"""Most token ids in a block, the padding included."""

KEY_BITS = 63
"""Sequences are sorted by as many first tokens as fit into a number of so many bits, 13 letters of
27; a longer prefix is shared only by sequences that happen to be neighbours."""

NO_TOKEN = -1
"""Fills up a padded row; not an id."""


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

    def step(self, tokens: Any, state: StateT, /) -> tuple[Floats, StateT]:
        """Logits of the next token, shape (batch, vocabulary), and the state after these."""


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

    def compute(places: Integers) -> None:
        tokens = np.ascontiguousarray(together.columns(places, fill=NO_TOKEN).T)
        nats[places] = _nats_of_tree(model, tokens, together.lengths[places])

    # The blocks are the same for any number of threads, and so is the result
    if min(threads, len(blocks)) > 1:
        with suppress(RuntimeError), ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(copy_context().run, compute, places) for places in blocks]:
                done.result()
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
    """The places of sequences in this order, in blocks of bounded size."""
    while len(order):
        count = min(SEQUENCES_AT_ONCE, len(order))
        while count > 1 and count * int(lengths[order[:count]].max()) > NUMBERS_AT_ONCE:
            count //= 2
        yield order[:count]
        order = order[count:]


def _nats_of_tree(model: StepModel[StateT], tokens: Integers, lengths: Integers) -> Floats:
    """Nats of sequences given as padded rows, (sequences, longest + 1), down their tree by levels.

    A node of the tree is a prefix that neighbouring rows share; there is one row of logits for each
    node of the level. `rows` are those of the sequences still running, `node` says at which node
    each of them is.
    """
    differs = np.ones(tokens.shape, dtype=np.bool_)  # the prefix up to here, from the row above
    np.logical_or.accumulate(tokens[1:] != tokens[:-1], axis=1, out=differs[1:])
    nats = np.zeros(len(tokens), dtype=np.float64)
    rows, node = np.arange(len(tokens)), np.zeros(len(tokens), dtype=np.intp)
    logits, state = model.step(np.array([START_END]), model.initial_state(1))
    for level in range(tokens.shape[1]):
        following = tokens[rows, level]
        targets = np.where(following == NO_TOKEN, START_END, following)
        level_nats = log_sum_exp(logits)[node] - logits[node, targets]
        nats[rows] += level_nats * _counts(model, lengths[rows], level)
        running = following != NO_TOKEN
        rows, node, following = rows[running], node[running], following[running]
        if not len(rows):
            break
        first = differs[rows, level]  # whether a row is the first of its node
        logits, state = model.step(following[first], state.take(node[first]))
        node = np.cumsum(first) - 1
    return nats


def _counts(model: StepModel[StateT], lengths: Integers, level: int) -> Floats | int:
    """Whether the token at this level is a target: always, or where it is the last, as a factor."""
    return 1 if model.output == "all" else (lengths == level + 1).astype(np.float64)
