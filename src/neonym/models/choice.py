"""From the network's logits to the next token: temperature, top-k, top-p."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.types import Floats


@dataclass(frozen=True)
class Choice:
    """How the next token is chosen from its probabilities.

    Parameters
    ----------
    temperature
        Divides the logits: below 1 safer, above 1 bolder, 0 always the most probable token.
    top_k
        Only the k most probable tokens, where set.
    top_p
        Only the most probable tokens that together have at least this probability (after the
        temperature and `top_k`), where set (Holtzman et al., 2020).

    Raises
    ------
    UserError
        If one is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise UserError(
                f"temperature is {self.temperature:g}; it must be a number from 0 "
                "(always the most probable letter) up"
            )
        if self.top_k is not None and self.top_k < 1:
            raise UserError(f"top-k is {self.top_k}; it must be at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"top-p is {self.top_p:g}; it must be above 0 and at most 1")

    def probabilities(self, logits: NDArray[Any]) -> Floats:
        """The probabilities of the tokens, shape as the logits; tokens left out have 0."""
        weights = self._weights(_columns(logits))
        weights /= weights.sum(axis=0)
        return weights.T

    def pick(
        self,
        logits: NDArray[Any],
        uniforms: Floats,
        rows: NDArray[np.intp] | None = None,
        alone: Sequence[int] = (),
    ) -> NDArray[np.intp]:
        """One token for each uniform: the inverse of the cumulative distribution.

        Parameters
        ----------
        logits
            Shape (rows, vocabulary).
        uniforms
            From 0 to below 1, one for each token to be picked.
        rows
            From which row of the logits each is picked; None: one from each.
        alone
            Which rows of the logits are summed as a single row is, see `_sums`.
        """
        return _picked(_cumulative(self._weights(_columns(logits), alone)), uniforms, rows)

    def draw(
        self,
        logits: NDArray[Any],
        uniforms: Floats,
        rows: NDArray[np.intp] | None = None,
        alone: Sequence[int] = (),
    ) -> tuple[NDArray[np.intp], Floats]:
        """What `pick` picks, and the `log_probabilities` of that, to the last bit.

        Without temperature, top-k and top-p both need the same exponentials.
        """
        if self != AS_THE_MODEL:
            picked = self.pick(logits, uniforms, rows, alone)
            return picked, log_probabilities(logits, picked, rows, alone)
        highest = logits.T.max(axis=0)
        weights = np.subtract(logits.T, highest, dtype=np.float64, order="C")
        np.exp(weights, out=weights)
        alone = [0] if len(logits) == 1 else alone
        sums_alone = [weights[:, place].sum() for place in alone]
        cumulative = _cumulative(weights)
        picked = _picked(cumulative, uniforms, rows)
        rows = np.arange(len(picked)) if rows is None else rows
        sums = cumulative[-1]  # as `_sums` sums them, but for those alone
        sums[list(alone)] = sums_alone
        chosen = logits[rows, picked].astype(np.float64) - highest[rows]
        return picked, chosen - np.log(sums)[rows]

    def _weights(self, columns: Floats, alone: Sequence[int] = ()) -> Floats:
        """Multiples of the probabilities; the tokens of one choice stand in a column."""
        columns -= columns.max(axis=0)
        if self.temperature == 0:
            greedy = np.zeros_like(columns)
            np.put_along_axis(greedy, columns.argmax(axis=0)[None], 1.0, axis=0)
            return greedy
        if self.temperature != 1:
            # A tiny temperature takes all but the largest to minus infinity, as it should.
            with np.errstate(over="ignore"):
                columns /= self.temperature
        np.exp(columns, out=columns)
        if self.top_k is not None or self.top_p is not None:
            columns *= self._kept(columns, alone)
        return columns

    def _kept(self, weights: Floats, alone: Sequence[int]) -> NDArray[np.bool_]:
        order = np.argsort(-weights, axis=0, kind="stable")
        ranked = np.take_along_axis(weights, order, axis=0)
        if self.top_k is not None:
            ranked[self.top_k :] = 0.0
        before = np.cumsum(ranked, axis=0) - ranked
        enough = (self.top_p or 1.0) * _sums(ranked, alone)
        kept = np.zeros(weights.shape, dtype=bool)
        np.put_along_axis(kept, order, (before < enough) & (ranked > 0), axis=0)
        return kept


AS_THE_MODEL = Choice()
"""By the model's own probabilities."""


def _cumulative(weights: Floats) -> Floats:
    """Cumulative sums of weights, (vocabulary, rows), which are overwritten."""
    for before, row in pairwise(weights):  # several times as fast as cumsum
        np.add(before, row, out=row)
    return weights


def _picked(
    cumulative: Floats, uniforms: Floats, rows: NDArray[np.intp] | None
) -> NDArray[np.intp]:
    """See `Choice.pick`."""
    if rows is not None:
        cumulative = cumulative.take(rows, axis=1)
    # Below the total, behind which no token lies: a uniform is at most 1 - 2^-53, and the total
    # times that lies at least half as far below it as the next number does, so rounds to that
    threshold = uniforms * cumulative[-1]
    is_before = (cumulative <= threshold).view(np.uint8)
    # in a type as short as will do: its sum takes a third of the time
    places = is_before.sum(axis=0, dtype=np.min_scalar_type(len(cumulative)))
    return np.asarray(places, dtype=np.intp)


def log_softmax(logits: NDArray[Any], alone: Sequence[int] = ()) -> Floats:
    """Log-probabilities in double precision; logits of shape (rows, vocabulary), or of one row.

    Some rows are summed as a single row is, see `_sums`.
    """
    relative = _columns(logits)
    relative -= relative.max(axis=0)
    relative -= np.log(_sums(np.exp(relative), alone))
    return relative.T


def log_probabilities(
    logits: NDArray[Any],
    tokens: NDArray[np.intp],
    rows: NDArray[np.intp] | None = None,
    alone: Sequence[int] = (),
) -> Floats:
    """Log-probability of a token for each row of the logits, or each row given, (tokens,).

    Some rows are summed as a single row is, see `_sums`.
    """
    relative = _columns(logits)
    relative -= relative.max(axis=0)
    rows = np.arange(len(tokens)) if rows is None else rows
    chosen = relative[tokens, rows]
    np.exp(relative, out=relative)
    return np.asarray(chosen - np.log(_sums(relative, alone))[rows])


def _sums(columns: Floats, alone: Sequence[int]) -> Floats:
    """The sum of each column; some are summed as if they stood alone.

    NumPy sums a single column in pairs, which may give another last digit, and several row by row.
    """
    sums = columns.sum(axis=0)
    for place in alone:
        sums[place] = columns[:, place].sum()
    return np.asarray(sums)


def rows_alone(sizes: Sequence[int]) -> list[int]:
    """Which rows are the only ones of their batch, given the size of each batch."""
    ends = zip(sizes, accumulate(sizes), strict=True)
    return [end - 1 for size, end in ends if size == 1]


def _columns(logits: NDArray[Any]) -> Floats:
    """A copy in double precision, the tokens in front: NumPy sums columns much faster."""
    return np.array(logits.T, dtype=np.float64, order="C")
