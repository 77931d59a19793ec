"""The parameters of a network as forward and backward use them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from neonym.nn.arrays import Floats
from neonym.nn.cells.cell import Cell, LayerState, Weights


class Matrices(NamedTuple):
    """The parameters of a network, or their gradients, sorted by use."""

    embedding: Floats | None  # (vocabulary, embedding)
    layers: Sequence[Weights]
    initial: Sequence[LayerState]  # trainable initial states, (hidden,) each; may be empty tuples
    head: Floats  # (vocabulary, hidden)
    head_bias: Floats | None  # (vocabulary,)

    @classmethod
    def of(cls, arrays: Mapping[str, Floats], num_layers: int, cell: Cell) -> Self:
        """Sort arrays that have PyTorch's names; what is optional may be missing."""
        layers, initial = [], []
        for layer in range(num_layers):
            layers.append(
                Weights(
                    arrays[f"rnn.weight_ih_l{layer}"],
                    arrays[f"rnn.weight_hh_l{layer}"],
                    arrays.get(f"rnn.bias_ih_l{layer}"),
                    arrays.get(f"rnn.bias_hh_l{layer}"),
                )
            )
            names = [f"rnn.{name}_l{layer}" for name in cell.state_names]
            initial.append(tuple(arrays[name] for name in names if name in arrays))
        return cls(
            arrays.get("embedding.weight"),
            layers,
            initial,
            arrays["head.weight"],
            arrays.get("head.bias"),
        )
