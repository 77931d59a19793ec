"""Which parameters a network has, under which names, and which options make sense."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import Cell, Weights
from neonym.nn.gru import GruCell
from neonym.nn.lstm import LstmCell
from neonym.nn.parameters import Shapes
from neonym.nn.propagation import Matrices
from neonym.nn.rnn import RnnCell

CELLS = ("rnn", "gru", "lstm")


def make_cell(options: Mapping[str, Any]) -> Cell:
    """The cell that the options ask for."""
    if options["cell"] == "lstm":
        return LstmCell()
    if options["cell"] == "gru":
        return GruCell()
    return RnnCell(options["nonlinearity"])


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ValueError for the first option that makes no sense."""
    for name in ("vocabulary_size", "hidden_size", "num_layers"):
        _check_positive(name, options[name])
    if options["embedding_size"] is not None:
        _check_positive("embedding_size", options["embedding_size"])
    choices = {
        "cell": CELLS,
        "bias": (True, "single", False),
        "dtype": ("float32", "float64"),
        "nonlinearity": ("tanh", "relu"),
        "trainable_initial_state": (True, False),
        "initialization": ("uniform", "normal"),
        "orthogonal_recurrent": (True, False),
        "output": ("all", "last"),
    }
    for name, allowed in choices.items():
        if options[name] not in allowed:
            expected = ", ".join(map(repr, allowed))
            raise ValueError(f"{name} is {options[name]!r}, expected one of {expected}")
    for name in ("dropout", "input_dropout", "output_dropout"):
        if not 0 <= options[name] < 1:
            raise ValueError(f"{name} is {options[name]!r}, expected 0 <= {name} < 1")
    scale, forget_bias = options["initialization_scale"], options["forget_bias"]
    if scale is not None and not 0 < scale < np.inf:
        raise ValueError(f"initialization_scale is {scale!r}, expected a positive number or None")
    if forget_bias is not None and not (options["cell"] == "lstm" and options["bias"]):
        raise ValueError(f"forget_bias is {forget_bias!r}, but only an lstm with biases has one")
    if options["dropout"] > 0 and options["num_layers"] == 1:
        warnings.warn(
            f"dropout is {options['dropout']}, but it acts between layers and num_layers is 1",
            stacklevel=3,
        )


def parameter_shapes(options: Mapping[str, Any], cell: Cell) -> Shapes:
    """Name and shape of every parameter, as PyTorch names and lays them out."""
    vocabulary, hidden = options["vocabulary_size"], options["hidden_size"]
    width = options["embedding_size"]
    bias, rows = options["bias"], cell.gates * hidden
    shapes: dict[str, tuple[int, ...]] = {}
    if width is not None:
        shapes["embedding.weight"] = (vocabulary, width)
    for layer in range(options["num_layers"]):
        inputs = hidden if layer else width or vocabulary
        shapes[f"rnn.weight_ih_l{layer}"] = (rows, inputs)
        shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden)
        if bias:
            shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
        if bias is True:
            shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
        if options["trainable_initial_state"]:
            shapes |= {f"rnn.{name}_l{layer}": (hidden,) for name in cell.state_names}
    shapes["head.weight"] = (vocabulary, hidden)
    if bias:
        shapes["head.bias"] = (vocabulary,)
    return shapes


def sort_by_use(views: Mapping[str, Floats], num_layers: int, cell: Cell) -> Matrices:
    """The named arrays as forward and backward use them."""
    layers, initial = [], []
    for layer in range(num_layers):
        layers.append(
            Weights(
                views[f"rnn.weight_ih_l{layer}"],
                views[f"rnn.weight_hh_l{layer}"],
                views.get(f"rnn.bias_ih_l{layer}"),
                views.get(f"rnn.bias_hh_l{layer}"),
            )
        )
        names = [f"rnn.{name}_l{layer}" for name in cell.state_names]
        initial.append(tuple(views[name] for name in names if name in views))
    return Matrices(
        views.get("embedding.weight"),
        layers,
        initial,
        views["head.weight"],
        views.get("head.bias"),
    )


def decayed_slices(slices: Mapping[str, slice]) -> list[slice]:
    """Where weight decay acts: matrices, but neither biases, embeddings nor initial states."""
    kinds = ("rnn.weight", "head.weight")
    return [where for name, where in slices.items() if name.startswith(kinds)]


def check_state(state: Mapping[str, Floats], shapes: Shapes) -> None:
    """Raise ValueError unless names and shapes agree and every value is finite."""
    missing, unknown = sorted(set(shapes) - set(state)), sorted(set(state) - set(shapes))
    if missing or unknown:
        raise ValueError(f"state lacks {missing} and has the unknown {unknown}")
    for name, shape in shapes.items():
        if state[name].shape != shape:
            raise ValueError(f"{name} has shape {state[name].shape}, expected {shape}")
        if state[name].dtype.kind not in "fiu":
            raise ValueError(f"{name} has dtype {state[name].dtype}, expected numbers")
        if not np.isfinite(state[name]).all():
            raise ValueError(f"{name} holds NaN or infinity, expected finite values")


def check_tokens(name: str, ids: Integers, vocabulary_size: int) -> None:
    """Raise unless `ids` are integers within the vocabulary."""
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}, expected integers")
    if ids.size and (ids.min() < 0 or ids.max() >= vocabulary_size):
        wrong = ids[(ids < 0) | (ids >= vocabulary_size)][0]
        raise ValueError(f"{name} holds the token id {wrong}, expected 0 to {vocabulary_size - 1}")


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected a positive integer")
