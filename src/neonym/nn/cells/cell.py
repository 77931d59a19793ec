"""What all cells have in common: their weights, and what the network asks of them.

No cell keeps anything between calls, so that several threads can run one network.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace, aligned_empty
from neonym.nn.row_chunks import RowChunks
from neonym.nn.rows import sum_all

PIECE, LONG = 32, 128
"""So many rows of a weight are transposed at a time, where a row has at least so many numbers.

With a power of two of these, numbers below each other get the same few places of the cache: of more
rows than fit there, every number would be fetched from further away.
"""


class Weights(NamedTuple):
    """The weights of one layer, or their gradients; names and layout are PyTorch's."""

    weight_ih: Floats  # (gates * hidden, inputs)
    weight_hh: Floats  # (gates * hidden, hidden)
    bias_ih: Floats | None  # (gates * hidden,)
    bias_hh: Floats | None  # (gates * hidden,)


class Prepared(NamedTuple):
    """The weights of one layer as the forward pass multiplies with them: copies, gate by gate.

    The order of the gates, and a factor for each, are the cell's own.
    """

    input: Floats  # (gates, inputs, hidden)
    input_bias: Floats | None  # (gates, 1, hidden), added to the input products
    recurrent: Floats  # (gates, hidden, hidden)
    recurrent_bias: Floats | None  # (hidden,), of the GRU's new gate alone


Writer = Callable[[Floats], object]
"""Writes the recurrent products of a batch, (gates, batch, hidden), to where it is told."""

LayerState = tuple[Floats, ...]
"""What a layer remembers, each (batch, hidden): (h,), or (h, c) for the LSTM."""


class Cell(ABC):
    """One kind of recurrent layer.

    The constructor's parameters are those options of a network that this cell understands.

    Rows are those of a layout (`neonym.nn.layout`). The input products W_ih x + b, which do not
    depend on the state, are computed by the caller, for all rows at once; the cell loops over
    time steps. Forward, the values of a step lie in a block of memory of their own, gate by gate:
    there an elementwise operation is a single loop for NumPy, while on columns of a larger array
    it takes several times as long. Backward, the gates' gradients lie side by side, (rows, gates *
    hidden), so that whatever is multiplied with them takes one product.

    Attributes
    ----------
    gates : int
        How many blocks of `hidden` rows the weights have.
    scales : mapping of int to float
        The gates in the order of the forward pass, by their places in PyTorch's, and what the
        weights of each are multiplied with there.
    state_names : tuple of str
        PyTorch's names of the initial states; the first is that of the output.
    """

    gates: ClassVar[int]
    scales: ClassVar[Mapping[int, float]]
    state_names: ClassVar[tuple[str, ...]] = ("h0",)

    def initial_bias(self, gate: int) -> float | None:
        """What the bias of a gate, in PyTorch's order, starts at; None for numbers drawn."""
        return None

    def prepare(self, weights: Weights) -> Prepared:
        """The weights as `forward` and `step` need them."""
        bias, recurrent_bias = self.biases(weights)
        return Prepared(
            scaled_gates(transposed(weights.weight_ih, self.gates), self.scales),
            None if bias is None else scaled_gates(bias, self.scales),
            scaled_gates(transposed(weights.weight_hh, self.gates), self.scales),
            recurrent_bias,
        )

    def biases(self, weights: Weights) -> tuple[Floats | None, Floats | None]:
        """What is added to input products, (gates, 1, hidden) in PyTorch's order, and what is not.

        The second is the recurrent bias of `Prepared`.
        """
        return sum_biases(weights, self.gates), None

    @abstractmethod
    def forward(
        self,
        input_products: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
        *,
        needed: RowChunks | None = None,
    ) -> tuple[Floats, Any]:
        """Run all time steps.

        Parameters
        ----------
        input_products : ndarray, shape (gates, rows, hidden)
            May be overwritten.
        prepared : Prepared
            What `prepare` returned.
        layout : Layout
            Which row continues which.
        initial : tuple of ndarray, shape (initial, hidden) each
            The state before the first step.
        workspace : Workspace
            Where memory is taken from.
        needed : RowChunks, optional
            What still writes the input products; without it they are there.

        Returns
        -------
        ndarray, shape (rows, hidden)
            The outputs h_t.
        Any
            What `backward` needs.
        """

    @abstractmethod
    def backward(
        self,
        d_outputs: Floats,
        cache: Any,
        weights: Weights,
        gradients: Weights,
        *,
        out: Floats,
        needed: RowChunks | None = None,
        followed: RowChunks | None = None,
    ) -> LayerState:
        """Write the gradients of the input products, of `weight_hh` and of the biases.

        That of `weight_hh` may be left to the workspace's background.

        Parameters
        ----------
        d_outputs : ndarray, shape (rows, hidden)
            Gradient of what `forward` returned; overwritten.
        cache : Any
            What `forward` returned beside it.
        weights, gradients : Weights
            Of the layer; that of `weight_ih` is left to the caller.
        out : ndarray, shape (rows, gates * hidden)
            Overwritten by the gradient of the input products, in PyTorch's order of gates. With one
            gate it is `d_outputs` itself.
        needed : RowChunks, optional
            What still writes `d_outputs`; without it they are there.
        followed : RowChunks, optional
            What goes on with the rows of `out`.

        Returns
        -------
        tuple of ndarray, shape (initial, hidden) each
            Gradient of the initial state.
        """

    @abstractmethod
    def step(
        self,
        input_products: Floats,
        prepared: Prepared,
        state: LayerState,
        out: LayerState,
        write_recurrent: Writer,
    ) -> None:
        """Run one step of a batch, without gradients.

        Parameters
        ----------
        input_products : ndarray, shape (gates, batch, hidden)
            May be overwritten.
        prepared : Prepared
            What `prepare` returned.
        state, out : tuple of ndarray, shape (batch, hidden) each
            The state before the step, and where that after it is written.
        write_recurrent : callable
            What writes the recurrent products of the state.
        """

    @abstractmethod
    def final_state(self, cache: Any, last_rows: Integers) -> LayerState:
        """The state after each of these rows.

        Parameters
        ----------
        cache : object
            What `forward` returned for `backward`.
        last_rows : integers
            The rows.

        Returns
        -------
        tuple of ndarray, each (rows, hidden)
            As the layers of a `State` are.
        """


def by_gate(array: Floats, gates: int) -> Floats:
    """A view of weights or biases, (gates * hidden, ...), as (gates, hidden, ...)."""
    return array.reshape(gates, -1, *array.shape[1:])


def columns_by_gate(rows: Floats, gates: int) -> Floats:
    """A view of rows, (n, gates * hidden), as (gates, n, hidden)."""
    return rows.reshape(len(rows), gates, -1).transpose(1, 0, 2)


def transposed(weight: Floats, gates: int) -> Floats:
    """A view to multiply rows with, (gates, inputs, hidden)."""
    return by_gate(weight, gates).transpose(0, 2, 1)


def scaled_gates(gates: Floats, scales: Mapping[int, float]) -> Floats:
    """A copy of some gates, (gates, n, hidden), in the order of `scales`, each times its scale."""
    out = aligned_empty(gates.shape, gates.dtype)
    _, count, hidden = gates.shape
    columns = PIECE if count >= LONG else hidden
    for place, (gate, scale) in enumerate(scales.items()):
        source, copy = gates[gate], out[place]
        for start in range(0, hidden, columns):
            copy[:, start : start + columns] = source[:, start : start + columns]
        if scale != 1:
            copy *= scale
    return out


def sum_biases(weights: Weights, gates: int) -> Floats | None:
    """Sum of the biases that exist, (gates, 1, hidden)."""
    if weights.bias_ih is None:
        return None
    total = weights.bias_ih if weights.bias_hh is None else weights.bias_ih + weights.bias_hh
    return by_gate(total, gates)[:, None]


def write_bias_gradients(d_products: Floats, gradients: Weights) -> None:
    """Write the gradients of biases that are added to the same sum: they are equal."""
    sum_all(d_products, gradients.bias_ih)
    if gradients.bias_ih is not None and gradients.bias_hh is not None:
        gradients.bias_hh[...] = gradients.bias_ih


def halves(dtype: DTypeLike) -> Floats:
    """One half to calculate with: an array, for which a step's short operations wait less."""
    return np.array(0.5, dtype=dtype)
