"""How a new network's parameters are drawn."""

import numpy as np

from neonym.nn.parameters import NamedArrays


def initialize(arrays: NamedArrays, hidden_size: int, generator: np.random.Generator) -> None:
    """Draw as PyTorch does: uniform within 1 / sqrt(hidden_size), embeddings standard normal.

    A trainable initial state starts at zero. Everything is drawn in float64, so that a float32
    network is the rounded float64 one.

    Parameters
    ----------
    arrays : NamedArrays
        Filled in place.
    hidden_size : int
        Width of the state.
    generator : numpy Generator
        Where the randomness comes from.
    """
    limit = hidden_size**-0.5
    for name, view in arrays.views.items():
        if name.startswith(("rnn.h0", "rnn.c0")):
            view[...] = 0
        elif name == "embedding.weight":
            view[...] = generator.standard_normal(view.shape)
        else:
            view[...] = generator.uniform(-limit, limit, view.shape)
