"""What names are drawn from, and where it goes on behind a prefix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from neonym.base.types import Floats, Ids, Rows
from neonym.models.choice import log_softmax

END = 0


class LanguageModel(Protocol):
    """What can be sampled from: a network, or whatever predicts the next token from a state."""

    vocabulary_size: int

    def initial_state(self, batch_size: int, /) -> Any:
        """The state before the start token; `state.take(rows)` keeps those rows of the batch."""

    def step(self, tokens: NDArray[Any], state: Any, /) -> tuple[NDArray[Any], Any]:
        """Logits of the next token, shape (batch, vocabulary_size), and the state after these."""


@runtime_checkable
class Lockstep(LanguageModel, Protocol):
    """A model that several blocks can be drawn from at the same time, with equal results."""

    def step_apart(
        self, tokens: NDArray[Any], state: Any, rows: Rows, sizes: Sequence[int], /
    ) -> tuple[NDArray[Any], Any]:
        """What `step` from `state.take(rows)` gives for each of several batches, to the last bit.

        Of each size there are so many rows and tokens, one batch behind the other.
        """


@dataclass(frozen=True)
class Start:
    """Where names go on from: behind their prefixes.

    Attributes
    ----------
    logits
        Of the next token, shape (prefixes, vocabulary_size).
    state
        The network's, a row for each prefix.
    log_probs
        Nats of each prefix.
    """

    logits: NDArray[Any]
    state: Any
    log_probs: Floats


def read_prefix(network: LanguageModel, prefix: Sequence[int] | Ids) -> Start:
    """The network after the start token and a prefix."""
    return read_prefixes(network, np.array([prefix], dtype=np.int32))


def read_prefixes(network: LanguageModel, prefixes: Ids) -> Start:
    """The network after the start token and each of these prefixes, (prefixes, tokens)."""
    every = np.arange(len(prefixes))
    log_probs = np.zeros(len(prefixes))
    logits, state = network.step(np.array([END]), network.initial_state(1))
    if len(prefixes) > 1:
        logits, state = logits[0 * every], state.take(0 * every)
    for tokens in prefixes.T:
        log_probs += log_softmax(logits)[every, tokens]
        logits, state = network.step(tokens, state)
    return Start(logits, state, log_probs)
