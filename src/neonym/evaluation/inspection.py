"""What a network does along a name, and how it sees the letters."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from neonym.base.types import Floats, Ids
from neonym.models.choice import log_softmax
from neonym.models.mixture import Mixture
from neonym.nn import START_END, RecurrentNetwork


class Reading(NamedTuple):
    """What happened while a network read a name of n tokens.

    Attributes
    ----------
    nats
        Shape (n + 1,): how surprising each token was, and at last the end.
    states
        Shape (n, layers, hidden): what the layers gave out after each token.
    """

    nats: Floats
    states: npt.NDArray[np.floating]


def read_names(model: RecurrentNetwork | Mixture, names: Sequence[Ids]) -> list[Reading]:
    """Let a network read names, all at the same time.

    Parameters
    ----------
    model
        Its dropout is off. Of a mixture the nats are those of all together, the states those of
        its first network.
    names
        Token ids without start and end.
    """
    lengths = [len(name) for name in names]
    padded = np.full((len(names), max(lengths, default=0) + 1), START_END)
    for row, name in zip(padded, names, strict=True):
        row[: len(name)] = name
    state: Any = model.initial_state(len(names))
    logits, state = model.step(np.full(len(names), START_END), state)
    nats, states = [], []
    for tokens in padded.T:  # a name that has ended reads on, and what comes of it is cut off
        nats.append(-log_softmax(logits)[np.arange(len(names)), tokens])
        logits, state = model.step(tokens, state)
        states.append(_layers(model, state))
    return [
        Reading(
            np.array([column[row] for column in nats[: length + 1]], dtype=np.float64),
            np.array([column[row] for column in states[:length]]),
        )
        for row, length in enumerate(lengths)
    ]


def _layers(model: RecurrentNetwork | Mixture, state: Any) -> npt.NDArray[np.floating]:
    """What the layers of the only or first network give out, shape (names, layers, hidden)."""
    first = state.members[0] if isinstance(model, Mixture) else state
    return np.stack([layer[0] for layer in first.layers], axis=1)


class Follower(NamedTuple):
    """The hidden unit that follows something along names most closely.

    Attributes
    ----------
    what
        That which it follows.
    layer, unit
        Which one it is, from 0.
    correlation
        Pearson's, over all tokens; negative where the unit falls as the other rises.
    """

    what: str
    layer: int
    unit: int
    correlation: float


def features_of(names: Sequence[Sequence[str]], vowels: str) -> dict[str, Floats]:
    """What a unit might follow, at every token of all names, one name behind the other.

    Parameters
    ----------
    names
        Their tokens.
    vowels
        The letters that count as vowels.
    """
    return {
        "the position in the name": _joined([np.arange(len(name)) for name in names]),
        "the nearness of the end": _joined([np.arange(len(name)) - len(name) for name in names]),
        "vowels": _joined([np.array([token in vowels for token in name]) for name in names]),
    }


def _joined(values: Sequence[npt.NDArray[np.generic]]) -> Floats:
    return np.concatenate([np.zeros(0), *values]).astype(np.float64)


def followers(readings: Sequence[Reading], features: dict[str, Floats]) -> list[Follower]:
    """For each feature the unit whose state has the highest absolute correlation with it.

    A unit stands for one feature only. What never changes over these names has no follower.

    Parameters
    ----------
    readings
        Of some names.
    features
        By what they are: a value for every token of those names, in order.
    """
    if not readings:  # where all names are too long to be read
        return []
    states = np.concatenate([reading.states for reading in readings]).astype(np.float64)
    tokens, layers, hidden = states.shape
    units = states.reshape(tokens, layers * hidden)
    found: list[Follower] = []
    free = np.ones(layers * hidden, dtype=bool)
    for what, values in features.items():
        if tokens == 0 or np.ptp(values) == 0 or not free.any():
            continue
        correlation = np.where(free, _correlations(units, values), 0.0)
        best = int(np.abs(correlation).argmax())
        free[best] = False
        layer, unit = divmod(best, hidden)
        found.append(Follower(what, layer, unit, float(correlation[best])))
    return found


def _correlations(units: Floats, values: Floats) -> Floats:
    """Pearson's correlation of each column with the values; 0 for a column that is constant."""
    deviations = units - units.mean(axis=0)
    differences = values - values.mean()
    scale = np.linalg.norm(deviations, axis=0) * np.linalg.norm(differences)
    correlations: Floats = (differences @ deviations) / np.where(scale > 0, scale, np.inf)
    return correlations


class Plane(NamedTuple):
    """Vectors seen from where they lie farthest apart.

    Attributes
    ----------
    places
        Shape (vectors, 2).
    shares
        Shape (2,): how much of the vectors' variance each axis shows.
    """

    places: Floats
    shares: Floats


def expectations(model: RecurrentNetwork | Mixture, tokens: npt.NDArray[np.integer[Any]]) -> Floats:
    """What a network expects after each token, where a name begins with it.

    Parameters
    ----------
    model
        Its dropout is off.
    tokens
        Ids, shape (tokens,).

    Returns
    -------
    expectations
        Square roots of the probabilities of the next token, shape (tokens, vocabulary): between
        such rows the Euclidean distance is Hellinger's between the distributions.
    """
    state: Any = model.initial_state(len(tokens))
    _, state = model.step(np.full(len(tokens), START_END), state)
    logits, _ = model.step(tokens, state)
    roots: Floats = np.exp(log_softmax(logits).astype(np.float64) / 2)
    return roots


def principal_plane(vectors: Floats) -> Plane:
    """The first two principal components (Pearson, 1901).

    An axis points to where its largest value is positive, so that it does not turn around by
    chance.
    """
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places, shares = np.zeros((len(vectors), 2)), np.zeros(2)
    count = min(2, len(sizes))
    places[:, :count] = left[:, :count] * sizes[:count]
    extremes = np.abs(places).argmax(axis=0) if len(places) else np.zeros(2, dtype=int)
    places *= np.where(places[extremes, [0, 1]] < 0, -1.0, 1.0) if len(places) else 1.0
    variance = sizes**2
    shares[:count] = variance[:count] / max(float(variance.sum()), np.finfo(float).tiny)
    return Plane(places, shares)
