"""The baseline: an interpolated Witten-Bell n-gram model over tokens.

Source: Witten and Bell (1991), method C; Chen and Goodman (1999), equation 16. With `c(h w)` the
count of token `w` after context `h`, `c(h)` the count of `h` and `T(h)` the number of distinct
tokens seen after it::

    P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h))

where `h'` is `h` without its oldest token. Below the empty context lies the uniform distribution
over the vocabulary, end token included. A context that was never seen leaves `P(w | h')` as it is.
At the beginning of a name contexts reach back to the start token and not beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats

Integers = npt.NDArray[np.int64]
Sequences = Sequence[npt.NDArray[np.integer] | Sequence[int]]


class _Stream(NamedTuple):
    """Sequences one after another, each with its start in front of the inputs and end behind."""

    inputs: Integers  # (tokens,)
    targets: Integers  # (tokens,)
    positions: Integers  # (tokens,) place in the sequence, from 0
    starts: Integers  # (sequences,) where each begins


class _Level(NamedTuple):
    """What was counted for the contexts of one length.

    A context is known by the id of the context one shorter and the token in front of that one, a
    continuation by the id of the context and the token behind; each pair is one integer key. The
    last entry of `totals`, `types` and `counts` is what holds where nothing was seen, so that the
    id -1 finds it.
    """

    contexts: Integers  # (contexts,) keys, sorted; the id of a context is its place
    totals: Integers  # (contexts + 1,) c(h)
    types: Integers  # (contexts + 1,) T(h)
    pairs: Integers  # (pairs,) keys of continuations, sorted
    counts: Integers  # (pairs + 1,) c(h w)
    followers: Integers  # all tokens seen behind contexts, those of one context together
    first: Integers  # (contexts,) where those of each context begin


@dataclass(frozen=True)
class WittenBell:
    """A fitted model; see `fit`."""

    vocabulary_size: int
    levels: tuple[_Level, ...]

    @property
    def order(self) -> int:
        """The number of tokens of the longest n-gram: the predicted one and its context."""
        return len(self.levels)

    def negative_log_likelihood(self, sequences: Sequences) -> Floats:
        """Nats of each whole sequence, end token included.

        Returns
        -------
        nats
            float64, shape (sequences,).
        """
        return self._nats_by_order(sequences)[-1]

    def distributions(self, inputs: Integers) -> Floats:
        """The distribution of the token after each of several contexts of equal length.

        Parameters
        ----------
        inputs
            Shape (contexts, tokens): at least the last `order` - 1 tokens of each, or all since
            the start token.

        Returns
        -------
        probabilities
            float64, shape (contexts, vocabulary_size); index 0 is the end.
        """
        rows, size = len(inputs), self.vocabulary_size
        tokens = np.tile(np.arange(size, dtype=np.int64), rows)
        probabilities = np.full(rows * size, 1 / size)
        for level, ids in zip(self.levels, self._context_ids(inputs), strict=True):
            probabilities = _interpolate(level, ids.repeat(size), tokens, size, probabilities)
        return probabilities.reshape(rows, size)

    def sample(
        self, count: int, seed: int, max_length: int, prefix: Sequence[int] = ()
    ) -> tuple[list[Integers], npt.NDArray[np.bool_]]:
        """Draw sequences.

        Parameters
        ----------
        count
            How many.
        seed
            Gives all of them.
        max_length
            Tokens, prefix included, after which a sequence is cut off if it does not end there.
        prefix
            The tokens that every sequence begins with, at most `max_length`.

        Returns
        -------
        sequences
            `count` arrays of ids, prefix included, without the end.
        ended
            bool, shape (count,): whether the end was drawn before the sequence was cut off.
        """
        random = np.random.default_rng(seed)
        history = np.zeros((count, max_length + 2), np.int64)
        history[:, 1 : len(prefix) + 1] = prefix
        ended = np.zeros(count, np.bool_)
        for position in range(len(prefix) + 1, max_length + 2):
            running = np.flatnonzero(~ended)
            history[running, position] = self._draw(history[running, :position], random)
            ended[running] = history[running, position] == 0
        names = history[:, 1 : max_length + 1]
        lengths = (names != 0).sum(axis=1).tolist()
        return [name[:length] for name, length in zip(names, lengths, strict=True)], ended

    def _draw(self, inputs: Integers, random: np.random.Generator) -> Integers:
        """One token after each row of inputs.

        The interpolation is a mixture, so it is drawn as one: from the longest context down, with
        probability c(h) / (c(h) + T(h)) one of the tokens seen behind it, else on to the next.
        """
        rows = len(inputs)
        tokens = random.integers(self.vocabulary_size, size=rows)
        undecided = np.ones(rows, np.bool_)
        for level, ids in reversed(list(zip(self.levels, self._context_ids(inputs), strict=True))):
            totals, types = level.totals[ids], level.types[ids]
            here = undecided & (random.random(rows) * (totals + types) < totals)
            among = (random.random(here.sum()) * totals[here]).astype(np.int64)
            tokens[here] = level.followers[level.first[ids[here]] + among]
            undecided &= ~here
        return tokens

    def _context_ids(self, inputs: Integers) -> list[Integers]:
        """The ids at each level of the contexts that rows of inputs end with; -1 where unknown."""
        rows, length = inputs.shape
        ids = [np.zeros(rows, np.int64)]
        for reach, level in enumerate(self.levels[1:], 1):
            if reach > length:
                ids.append(np.full(rows, -1))
            else:
                keys = ids[-1] * self.vocabulary_size + inputs[:, -reach]
                ids.append(_find(level.contexts, np.where(ids[-1] < 0, -1, keys)))
        return ids

    def _nats_by_order(self, sequences: Sequences) -> list[Floats]:
        """Nats of each sequence under the models of order 1, 2, ... up to this one's."""
        stream = _stream(sequences)
        probabilities = np.full(len(stream.targets), 1 / self.vocabulary_size)
        ids = np.zeros(len(stream.targets), np.int64)
        nats = []
        for reach, level in enumerate(self.levels):
            keys = _context_keys(stream, ids, reach, self.vocabulary_size)
            ids = _find(level.contexts, keys)
            probabilities = _interpolate(
                level, ids, stream.targets, self.vocabulary_size, probabilities
            )
            nats.append(np.add.reduceat(-np.log(probabilities), stream.starts))
        return nats if sequences else [np.zeros(0)] * self.order


def fit(sequences: Sequences, vocabulary_size: int, order: int) -> WittenBell:
    """Count a model of this order.

    Parameters
    ----------
    sequences
        Ids 1 to `vocabulary_size - 1`, without start and end.
    vocabulary_size
        The number of tokens, the end included.
    order
        1 is a model without context.

    Raises
    ------
    ValueError
        If the order is less than 1, or there are no sequences.
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")
    if not sequences:
        raise ValueError("sequences must not be empty: there is nothing to count")
    stream = _stream(sequences)
    ids = np.zeros(len(stream.targets), np.int64)
    levels = []
    for reach in range(order):
        keys = _context_keys(stream, ids, reach, vocabulary_size)
        level, ids = _count(keys, stream.targets, vocabulary_size)
        levels.append(level)
    return WittenBell(vocabulary_size, tuple(levels))


def choose_order(
    train: Sequences, val: Sequences, vocabulary_size: int, max_order: int
) -> WittenBell:
    """The model, counted on train, of the order (1 to `max_order`) that is most likely on val."""
    model = fit(train, vocabulary_size, max_order)
    nats = [float(order.sum()) for order in model._nats_by_order(val)]
    best = nats.index(min(nats)) + 1
    return WittenBell(vocabulary_size, model.levels[:best])


def _stream(sequences: Sequences) -> _Stream:
    lengths = np.fromiter(map(len, sequences), np.int64, len(sequences)) + 1
    starts = np.cumsum(lengths) - lengths
    inputs = np.zeros(int(lengths.sum()), np.int64)
    positions = np.arange(len(inputs)) - np.repeat(starts, lengths)
    if len(sequences):
        inputs[positions > 0] = np.concatenate([np.asarray(row, np.int64) for row in sequences])
    targets = np.append(inputs[1:], 0)  # the start of the next sequence is the end of this one
    return _Stream(inputs, targets, positions, starts)


def _context_keys(stream: _Stream, ids: Integers, reach: int, vocabulary_size: int) -> Integers:
    """Keys of the contexts of `reach` tokens, from the ids of those one shorter; -1 where none."""
    if reach == 0:
        return ids  # all places have the one empty context
    keys = np.full(len(ids), -1)
    has = np.flatnonzero((stream.positions >= reach - 1) & (ids >= 0))
    keys[has] = ids[has] * vocabulary_size + stream.inputs[has - (reach - 1)]
    return keys


def _count(keys: Integers, targets: Integers, vocabulary_size: int) -> tuple[_Level, Integers]:
    """What follows each context, and the id of the context at each place (-1 where none)."""
    has = np.flatnonzero(keys >= 0)
    contexts, inverse, totals = np.unique(keys[has], return_inverse=True, return_counts=True)
    ids = np.full(len(keys), -1)
    ids[has] = inverse
    pairs, counts = np.unique(inverse * vocabulary_size + targets[has], return_counts=True)
    types = np.bincount(pairs // vocabulary_size, minlength=len(contexts))
    followers = targets[has][np.argsort(inverse, kind="stable")]
    first = np.cumsum(totals) - totals
    level = _Level(
        *(contexts, np.append(totals, 0), np.append(types, 1)),
        *(pairs, np.append(counts, 0), followers, first),
    )
    return level, ids


def _find(keys: Integers, wanted: Integers) -> Integers:
    """Where in the sorted keys the wanted ones are; -1 where they are not."""
    if not keys.size:
        return np.full(len(wanted), -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def _interpolate(
    level: _Level, ids: Integers, targets: Integers, vocabulary_size: int, lower: Floats
) -> Floats:
    """P(w | h) of each target after the context with each id, from P(w | h')."""
    places = _find(level.pairs, ids * vocabulary_size + targets)
    counts, totals, types = level.counts[places], level.totals[ids], level.types[ids]
    probabilities: Floats = (counts + types * lower) / (totals + types)
    return probabilities
