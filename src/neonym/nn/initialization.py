"""How a new network's parameters are drawn."""

import numpy as np

from neonym.nn.architecture import Architecture
from neonym.nn.arrays import Floats
from neonym.nn.cells import Cell
from neonym.nn.cells.cell import by_gate
from neonym.nn.parameters import NamedArrays


def initialize(
    arrays: NamedArrays, architecture: Architecture, cell: Cell, generator: np.random.Generator
) -> None:
    """Draw all parameters.

    Everything is drawn in float64, so that a float32 network is the rounded float64 one.

    Parameters
    ----------
    arrays : NamedArrays
        Filled in place.
    architecture : Architecture
        What they belong to.
    cell : Cell
        That of the architecture.
    generator : numpy Generator
        Where the randomness comes from.
    """
    draw = _draw_normal if architecture.initialization == "normal" else _draw_uniform
    scale = architecture.initialization_scale or architecture.hidden_size**-0.5
    states = tuple(f"rnn.{name}_l" for name in cell.state_names)
    for name, view in arrays.views.items():
        if name.startswith(states):
            view[...] = 0
        elif architecture.orthogonal_recurrent and name.startswith("rnn.weight_hh"):
            _draw_orthogonal(view, generator)
        else:
            draw(name, view, scale, generator)
    for name, view in arrays.views.items():
        if name.startswith("rnn.bias"):
            _set_initial_biases(name, view, cell)


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


def _set_initial_biases(name: str, view: Floats, cell: Cell) -> None:
    """Overwrite the biases of gates that start at a value of the cell's; with two, one is zero."""
    for gate, bias in enumerate(by_gate(view, cell.gates)):
        value = cell.initial_bias(gate)
        if value is not None:
            bias[...] = value if name.startswith("rnn.bias_ih") else 0
