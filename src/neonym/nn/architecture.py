"""What a network is made of: its options, and the parameters that follow from them."""

import inspect
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Literal

from neonym.nn.cells import CELLS, Cell
from neonym.nn.cells.rnn import Nonlinearity
from neonym.nn.dropout import DropoutRates
from neonym.nn.packing import Output
from neonym.nn.parameters import Shapes

Bias = Literal["single"] | bool
Initialization = Literal["uniform", "normal"]

CHOICES: dict[str, tuple[str | bool, ...]] = {
    "bias": (True, "single", False),
    "dtype": ("float32", "float64"),
    "nonlinearity": ("tanh", "relu"),
    "trainable_initial_state": (True, False),
    "initialization": ("uniform", "normal"),
    "orthogonal_recurrent": (True, False),
    "output": ("all", "last"),
}


@dataclass(frozen=True)
class Architecture:
    """The options of a `RecurrentNetwork`, which explains them and has their defaults.

    The values are those that JSON knows.

    Raises
    ------
    ValueError
        For the first option that makes no sense.
    """

    vocabulary_size: int
    cell: str
    hidden_size: int
    num_layers: int
    embedding_size: int | None
    bias: Bias
    dropout: float
    dtype: str
    nonlinearity: Nonlinearity
    input_dropout: float
    output_dropout: float
    trainable_initial_state: bool
    output: Output
    initialization: Initialization
    initialization_scale: float | None
    orthogonal_recurrent: bool
    forget_bias: float | None

    def __post_init__(self) -> None:
        for name in ("vocabulary_size", "hidden_size", "num_layers"):
            _check_positive(name, getattr(self, name))
        if self.embedding_size is not None:
            _check_positive("embedding_size", self.embedding_size)
        if self.cell not in list(CELLS):
            known = ", ".join(map(repr, CELLS))
            raise ValueError(
                f"cell is {self.cell!r}, expected one of {known}, which neonym.nn.cells registers"
            )
        for name, allowed in CHOICES.items():
            _check_choice(name, getattr(self, name), allowed)
        for name in ("dropout", "input_dropout", "output_dropout"):
            rate = getattr(self, name)
            if not (_is_number(rate) and 0 <= rate < 1):
                raise ValueError(f"{name} is {rate!r}, expected a float, 0 <= {name} < 1")
        scale, forget_bias = self.initialization_scale, self.forget_bias
        if scale is not None and not (_is_number(scale) and 0 < scale < inf):
            raise ValueError(
                f"initialization_scale is {scale!r}, expected a positive number or None"
            )
        if forget_bias is not None and not (_is_number(forget_bias) and isfinite(forget_bias)):
            raise ValueError(f"forget_bias is {forget_bias!r}, expected a finite number or None")
        if forget_bias is not None and not (self.bias and "forget_bias" in self.cell_options()):
            raise ValueError(
                f"forget_bias is {forget_bias!r}, but only an lstm with biases has one"
            )

    def cell_options(self) -> dict[str, Any]:
        """Those options that this kind of cell understands: its constructor's parameters."""
        names = inspect.signature(CELLS[self.cell]).parameters
        return {name: getattr(self, name) for name in names}

    def make_cell(self) -> Cell:
        """The cell that these options describe."""
        return CELLS[self.cell](**self.cell_options())

    def dropout_rates(self) -> DropoutRates:
        """Where how much is dropped."""
        return DropoutRates(self.input_dropout, self.dropout, self.output_dropout)

    def parameter_shapes(self) -> Shapes:
        """Name and shape of every parameter, as PyTorch names and lays them out."""
        cell, hidden, width = CELLS[self.cell], self.hidden_size, self.embedding_size
        rows = cell.gates * hidden
        shapes: dict[str, tuple[int, ...]] = {}
        if width is not None:
            shapes["embedding.weight"] = (self.vocabulary_size, width)
        for layer in range(self.num_layers):
            inputs = hidden if layer else width or self.vocabulary_size
            shapes[f"rnn.weight_ih_l{layer}"] = (rows, inputs)
            shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden)
            if self.bias:
                shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
            if self.bias is True:
                shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
            if self.trainable_initial_state:
                shapes |= {f"rnn.{name}_l{layer}": (hidden,) for name in cell.state_names}
        shapes["head.weight"] = (self.vocabulary_size, hidden)
        if self.bias:
            shapes["head.bias"] = (self.vocabulary_size,)
        return shapes


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected a positive integer")


def _check_choice(name: str, value: Any, allowed: tuple[str | bool, ...]) -> None:
    # 1 equals True, and a dtype its name, but they are not what is looked for later
    if not isinstance(value, bool | str) or value not in allowed:
        expected = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} is {value!r}, expected one of {expected}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
