"""How a new network's parameters are drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.parameters import NamedArrays


def initialize(
    arrays: NamedArrays, options: Mapping[str, Any], generator: np.random.Generator
) -> None:
    """Draw all parameters as the network's options say.

    Everything is drawn in float64, so that a float32 network is the rounded float64 one.

    Parameters
    ----------
    arrays : NamedArrays
        Filled in place.
    options : mapping
        `RecurrentNetwork.options`.
    generator : numpy Generator
        Where the randomness comes from.
    """
    draw = _draw_normal if options["initialization"] == "normal" else _draw_uniform
    scale = options["initialization_scale"] or options["hidden_size"] ** -0.5
    for name, view in arrays.views.items():
        if name.startswith(("rnn.h0", "rnn.c0")):
            view[...] = 0
        elif options["orthogonal_recurrent"] and name.startswith("rnn.weight_hh"):
            _draw_orthogonal(view, generator)
        else:
            draw(name, view, scale, generator)
    if options["forget_bias"] is not None:
        _set_forget_bias(arrays, options["forget_bias"])


def _draw_uniform(name: str, view: Floats, scale: float, generator: np.random.Generator) -> None:
    """As PyTorch: uniform within the scale, embeddings standard normal."""
    if name == "embedding.weight":
        view[...] = generator.standard_normal(view.shape)
    else:
        view[...] = generator.uniform(-scale, scale, view.shape)


def _draw_normal(name: str, view: Floats, scale: float, generator: np.random.Generator) -> None:
    """Matrices normal with the scale as deviation, biases zero."""
    view[...] = 0 if "bias" in name else scale * generator.standard_normal(view.shape)


def _draw_orthogonal(view: Floats, generator: np.random.Generator) -> None:
    """Each gate's matrix orthogonal, uniformly distributed (Saxe et al., 2014)."""
    hidden = view.shape[1]
    for gate in view.reshape(-1, hidden, hidden):
        q, r = np.linalg.qr(generator.standard_normal((hidden, hidden)))
        gate[...] = q * np.sign(np.diag(r))  # without the signs not uniform


def _set_forget_bias(arrays: NamedArrays, value: float) -> None:
    """Let the LSTM's forget gate start with this bias (Jozefowicz et al., 2015)."""
    for name, view in arrays.views.items():
        if name.startswith("rnn.bias"):
            forget = slice(len(view) // 4, len(view) // 2)
            view[forget] = value if name.startswith("rnn.bias_ih") else 0
