"""What a model remembers of a name: how much a later letter depends on an earlier one."""

import numpy as np

from neonym.base.types import Floats, Ids
from neonym.evaluation.inspection import read_names
from neonym.models.mixture import Mixture
from neonym.nn import RecurrentNetwork, input_gradients


def recall(model: RecurrentNetwork | Mixture, name: Ids) -> Floats:
    """How much the log-probability of each token of a name depends on each input before it.

    It is the length of the gradient by what the input gives the first layer, W_ih x + b
    (`neonym.nn.input_gradients`): nats for a small change of that. An exported page shows the same.

    Parameters
    ----------
    model
        Its dropout is off. Of a mixture the gradient is that of what all predict together, by the
        inputs of all its networks; what an n-gram counted has none.
    name
        Token ids without start and end.

    Returns
    -------
    lengths
        Shape (tokens + 1, tokens + 1): first the place of the token, the end behind the last, then
        the place of the input, the start first. Zero above the diagonal: nobody sees what comes.
    """
    if isinstance(model, RecurrentNetwork):
        squares: Floats = np.square(input_gradients(model, name), dtype=np.float64)
        lengths: Floats = np.sqrt(squares.sum(axis=2))
        return lengths
    nats = read_names(model, [name])[0].nats
    squares = np.zeros((len(name) + 1, len(name) + 1))
    share = (1 - model.ngram_weight) / len(model.networks)
    for network in model.networks:
        # d log sum(w p) is the sum of w p / sum(w p) * d log p
        part = share * np.exp(nats - read_names(network, [name])[0].nats)
        squares += (part[:, None] * recall(network, name)) ** 2
    return np.sqrt(squares)
