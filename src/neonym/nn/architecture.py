"""Which parameters a network has, under which names, and which options make sense."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import Cell, LayerState, Weights
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
        # 1 equals True, and a dtype its name, but they are not what is looked for later
        if not isinstance(options[name], bool | str) or options[name] not in allowed:
            expected = ", ".join(map(repr, allowed))
            raise ValueError(f"{name} is {options[name]!r}, expected one of {expected}")
    for name in ("dropout", "input_dropout", "output_dropout"):
        if not (_is_number(options[name]) and 0 <= options[name] < 1):
            raise ValueError(f"{name} is {options[name]!r}, expected a float, 0 <= {name} < 1")
    scale, forget_bias = options["initialization_scale"], options["forget_bias"]
    if scale is not None and not (_is_number(scale) and 0 < scale < np.inf):
        raise ValueError(f"initialization_scale is {scale!r}, expected a positive number or None")
    if forget_bias is not None and not (_is_number(forget_bias) and np.isfinite(forget_bias)):
        raise ValueError(f"forget_bias is {forget_bias!r}, expected a finite number or None")
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


def check_parameters(state: Mapping[str, Floats], shapes: Shapes, dtype: np.dtype[Any]) -> None:
    """Raise ValueError unless names and shapes agree and every value is finite in this type."""
    missing, unknown = sorted(set(shapes) - set(state)), sorted(set(state) - set(shapes))
    if missing or unknown:
        raise ValueError(f"state lacks {missing} and has the unknown {unknown}")
    for name, shape in shapes.items():
        if state[name].shape != shape:
            raise ValueError(f"{name} has shape {state[name].shape}, expected {shape}")
        if state[name].dtype.kind not in "fiu":
            raise ValueError(f"{name} has dtype {state[name].dtype}, expected numbers")
        with np.errstate(over="ignore"):
            finite = np.isfinite(state[name].astype(dtype))
        if not finite.all():
            raise ValueError(
                f"{name} holds NaN or infinity, or what {dtype} cannot hold, expected finite values"
            )


def check_state(layers: Sequence[LayerState], options: Mapping[str, Any], cell: Cell) -> None:
    """Raise ValueError unless the states of the layers are of a network with these options."""
    widths = [[array.shape[1] for array in layer] for layer in layers]
    expected = [[options["hidden_size"]] * len(cell.state_names)] * options["num_layers"]
    if widths != expected:
        raise ValueError(
            f"state has the widths {widths}, expected {expected}: it is of another network"
        )


def check_tokens(name: str, ids: Integers, vocabulary_size: int) -> None:
    """Raise unless `ids` are integers within the vocabulary."""
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}, expected integers")
    if ids.size and (ids.min() < 0 or ids.max() >= vocabulary_size):
        wrong = ids[(ids < 0) | (ids >= vocabulary_size)][0]
        raise ValueError(f"{name} holds the token id {wrong}, expected 0 to {vocabulary_size - 1}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected a positive integer")
