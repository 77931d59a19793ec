"""From the network's logits to the next token: temperature, top-k, top-p."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.errors import UserError

Floats = NDArray[np.float64]


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
        relative = logits.astype(np.float64)
        relative -= relative.max(axis=-1, keepdims=True)
        if self.temperature == 0:
            return np.asarray(np.eye(logits.shape[-1])[relative.argmax(axis=-1)])
        # A tiny temperature takes all but the largest to minus infinity, as it should.
        with np.errstate(over="ignore"):
            relative /= self.temperature
        weights = np.exp(relative)
        if self.top_k is not None or self.top_p is not None:
            weights *= self._kept(weights)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    def _kept(self, weights: Floats) -> NDArray[np.bool_]:
        order = np.argsort(-weights, axis=-1, kind="stable")
        ranked = np.take_along_axis(weights, order, axis=-1)
        if self.top_k is not None:
            ranked[..., self.top_k :] = 0.0
        before = np.cumsum(ranked, axis=-1) - ranked
        enough = (self.top_p or 1.0) * ranked.sum(axis=-1, keepdims=True)
        kept = np.zeros(weights.shape, dtype=bool)
        np.put_along_axis(kept, order, (before < enough) & (ranked > 0), axis=-1)
        return kept

    def pick(self, logits: NDArray[Any], uniforms: Floats) -> NDArray[np.intp]:
        """One token a row: the inverse of the cumulative distribution at the row's uniform."""
        cumulative = np.cumsum(self.probabilities(logits), axis=-1)
        # Rounding must not take a uniform up to the total, behind which no token lies.
        total = cumulative[:, -1]
        threshold = np.minimum(uniforms * total, np.nextafter(total, 0.0))
        return np.asarray((cumulative <= threshold[:, None]).sum(axis=-1))


def log_softmax(logits: NDArray[Any]) -> Floats:
    """Log-probabilities in double precision, of the last axis."""
    relative = logits.astype(np.float64)
    relative -= relative.max(axis=-1, keepdims=True)
    relative -= np.log(np.exp(relative).sum(axis=-1, keepdims=True))
    return np.asarray(relative)
