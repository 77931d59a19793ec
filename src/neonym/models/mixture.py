"""Several models as one: networks of different seeds, and an n-gram, averaged in probability."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.types import Floats
from neonym.models.choice import log_softmax, rows_alone
from neonym.models.ngram import WittenBell
from neonym.nn import START_END, RecurrentNetwork
from neonym.nn.likelihood import negative_log_likelihood

if TYPE_CHECKING:
    from neonym.generation.language_model import LanguageModel, Lockstep

Sequences = Sequence[NDArray[np.integer[Any]]]

NAMES_AT_ONCE = 1024
WEIGHTS = np.linspace(0.0, 1.0, 21)
"""What the weight of the n-gram is chosen from."""


class _Inputs(NamedTuple):
    """The tokens that an n-gram still sees, shape (batch, at most order - 1)."""

    tokens: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> "_Inputs":
        return _Inputs(self.tokens[rows])


class NgramModel:
    """An n-gram model that is fed token by token, as a network is."""

    def __init__(self, ngram: WittenBell) -> None:
        self.ngram, self.vocabulary_size = ngram, ngram.vocabulary_size

    def initial_state(self, batch_size: int) -> _Inputs:
        """The state before the start token."""
        return _Inputs(np.zeros((batch_size, 0), dtype=np.int64))

    def step(self, tokens: NDArray[Any], state: _Inputs) -> tuple[Floats, _Inputs]:
        """Log-probabilities of the next token, shape (batch, vocabulary_size), and the state."""
        inputs = np.column_stack([state.tokens, tokens])
        inputs = inputs[:, max(0, inputs.shape[1] - (self.ngram.order - 1)) :]
        return np.log(self.ngram.distributions(inputs)), _Inputs(inputs)

    def step_apart(
        self, tokens: NDArray[Any], state: _Inputs, rows: NDArray[Any], _: Sequence[int]
    ) -> tuple[Floats, _Inputs]:
        """The step of `state.take(rows)`, which is the same for each row by itself."""
        return self.step(tokens, state.take(rows))


class _States(NamedTuple):
    """A state of each member."""

    members: tuple[Any, ...]

    def take(self, rows: NDArray[Any]) -> "_States":
        return _States(tuple(state.take(rows) for state in self.members))


class Mixture:
    """The weighted mean of what its members predict; used like a network.

    Parameters
    ----------
    networks
        At least one; all have the same weight.
    ngram
        Mixed in where there is one.
    ngram_weight
        Its weight, from 0 to 1; the networks have the rest together.
    """

    output = "all"  # predicts at every step, in the words of a network

    def __init__(
        self,
        networks: Sequence[RecurrentNetwork],
        ngram: WittenBell | None = None,
        ngram_weight: float = 0.0,
    ) -> None:
        self.networks, self.ngram, self.ngram_weight = tuple(networks), ngram, ngram_weight
        self.vocabulary_size = networks[0].vocabulary_size
        share = (1.0 - ngram_weight) / len(networks)
        self.members: list[tuple[Lockstep, float]] = [(model, share) for model in networks]
        if ngram is not None and ngram_weight > 0:
            self.members.append((NgramModel(ngram), ngram_weight))

    def initial_state(self, batch_size: int) -> _States:
        """The state before the start token."""
        return _States(tuple(model.initial_state(batch_size) for model, _ in self.members))

    def step(self, tokens: NDArray[Any], state: _States) -> tuple[Floats, _States]:
        """Log-probabilities of the next token, shape (batch, vocabulary_size), and the state."""
        members = zip(self.members, state.members, strict=True)
        return self._mixed([model.step(tokens, before) for (model, _), before in members])

    def step_apart(
        self, tokens: NDArray[Any], state: _States, rows: NDArray[Any], sizes: Sequence[int]
    ) -> tuple[Floats, _States]:
        """What `step` of `state.take(rows)` gives for each of several batches; as a network's."""
        members = zip(self.members, state.members, strict=True)
        steps = [model.step_apart(tokens, before, rows, sizes) for (model, _), before in members]
        return self._mixed(steps, rows_alone(sizes))

    def _mixed(
        self, steps: Sequence[tuple[NDArray[Any], Any]], alone: Sequence[int] = ()
    ) -> tuple[Floats, _States]:
        """What a step of each member comes to; for `alone` see `log_softmax`."""
        total = np.zeros((len(steps[0][0]), self.vocabulary_size))
        for (_, weight), (logits, _) in zip(self.members, steps, strict=True):
            total += weight * np.exp(log_softmax(logits, alone))
        # What no member expects at all has no logarithm, and no name has it.
        states = _States(tuple(after for _, after in steps))
        return np.log(np.maximum(total, np.finfo(np.float64).tiny)), states

    def step_from(
        self, tokens: NDArray[Any], state: _States, rows: NDArray[Any]
    ) -> tuple[Floats, _States]:
        """The step of `state.take(rows)`."""
        return self.step(tokens, state.take(rows))

    def logits(self, outputs: NDArray[Any]) -> Floats:
        """What a step gives: log-probabilities."""
        return outputs

    def negative_log_likelihood(self, sequences: Sequences, threads: int = 1) -> Floats:
        """Exact nats of each whole sequence, end token included; as a network's."""
        nats = negative_log_likelihood(self, sequences, threads)
        return nats.astype(np.float64, copy=False)


def mix(networks: Sequence[RecurrentNetwork], ngram: WittenBell | None, val: Sequences) -> Mixture:
    """The mixture whose weight of the n-gram is the best on val, the smallest of the best."""
    plain = Mixture(networks)
    if ngram is None:
        return plain
    of_networks = token_probabilities(plain, val)
    of_ngram = token_probabilities(NgramModel(ngram), val)
    nats = [-np.log((1 - w) * of_networks + w * of_ngram).sum() for w in WEIGHTS]
    return Mixture(plain.networks, ngram, float(WEIGHTS[int(np.argmin(nats))]))


def token_probabilities(model: "LanguageModel", sequences: Sequences) -> Floats:
    """The probability of each token of all sequences, end tokens included; in no special order."""
    parts = [
        _block_probabilities(model, sequences[start : start + NAMES_AT_ONCE])
        for start in range(0, len(sequences), NAMES_AT_ONCE)
    ]
    return np.concatenate(parts)


def _block_probabilities(model: "LanguageModel", sequences: Sequences) -> Floats:
    # Longest first, so that those which have ended are behind those which go on.
    ordered = sorted(sequences, key=len, reverse=True)
    columns = []
    logits, state = model.step(np.full(len(ordered), START_END), model.initial_state(len(ordered)))
    for place in range(len(ordered[0]) + 1):
        targets = [int(ids[place]) if place < len(ids) else START_END for ids in ordered]
        columns.append(np.exp(log_softmax(logits))[np.arange(len(targets)), targets])
        ordered = [ids for ids in ordered if place < len(ids)]
        going = np.arange(len(ordered))
        if ordered:
            logits, state = model.step(np.array(targets[: len(ordered)]), state.take(going))
    return np.concatenate(columns)
