"""The long short-term memory cell (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

In the letters of the teaching documents, with Gu, Gf, Go the update, forget and output gates, and
in PyTorch's:

    Gu   = sigmoid(Wux x<t> + Wua a<t-1> + bu)    i = sigmoid(W_ii x_t + b_ii + W_hi h + b_hi)
    Gf   = sigmoid(Wfx x<t> + Wfa a<t-1> + bf)    f = sigmoid(W_if x_t + b_if + W_hf h + b_hf)
    c~   = tanh(Wcx x<t> + Wca a<t-1> + bc)       g = tanh(W_ig x_t + b_ig + W_hg h + b_hg)
    Go   = sigmoid(Wox x<t> + Woa a<t-1> + bo)    o = sigmoid(W_io x_t + b_io + W_ho h + b_ho)
    c<t> = Gu * c~ + Gf * c<t-1>                  c_t = i * g + f * c_(t-1)
    a<t> = Go * tanh(c<t>)                        h_t = o * tanh(c_t)

where h is h_(t-1). `weight_ih` is W_ii, W_if, W_ig, W_io one below the other, and so on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import (
    LayerState,
    Prepared,
    Weights,
    add_biases,
    by_gate,
    previous_states,
    spans,
    sum_of_products,
    transposed,
    with_initial,
    write_biases,
)
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace


class Cache(NamedTuple):
    """What backward needs of the forward pass.

    States begin with the initial one of every sequence: (batch + tokens, hidden).
    """

    gates: Floats  # i, f, g, o, (4, tokens, hidden)
    outputs: Floats  # h_t
    cells: Floats  # c_t
    squashed: Floats  # tanh(c_t), (tokens, hidden)
    batch: PackedSequences
    workspace: Workspace


class LstmCell:
    """The LSTM cell; see `neonym.nn.cells.Cell`."""

    gates = 4
    state_names: tuple[str, ...] = ("h0", "c0")

    def prepare(self, weights: Weights) -> Prepared:
        """Transposed copies, with the sigmoids' arguments halved.

        For sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that one tanh serves all gates.
        """
        scale = _slopes(weights.weight_hh.dtype)
        bias = add_biases(weights, 4)
        return Prepared(
            np.ascontiguousarray(transposed(weights.weight_ih, 4) * scale),
            None if bias is None else bias * scale,
            np.ascontiguousarray(transposed(weights.weight_hh, 4) * scale),
            None,
        )

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the gates, in place, and return the outputs."""
        count, hidden = initial[0].shape
        slopes = _slopes(z.dtype)
        outputs = with_initial(initial[0], batch, workspace)
        cells = with_initial(initial[1], batch, workspace)
        squashed, admitted = workspace.empty(*z.shape[1:]), workspace.empty(count, hidden)
        products = workspace.empty(4, count, hidden)
        for step in batch.steps:
            gates, c, q = z[:, step.rows], cells[step.following], squashed[step.rows]
            product = products[:, : step.size]
            np.matmul(outputs[step.previous], prepared.recurrent, out=product)
            gates += product
            _activate(gates, slopes, 1 - slopes)
            _write_cells(gates, cells[step.previous], admitted[: step.size], out=c)
            np.tanh(c, out=q)
            np.multiply(gates[3], q, out=outputs[step.following])
        return outputs[count:], Cache(z, outputs, cells, squashed, batch, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gates into the gradients of the input products, in place."""
        dz, batch, workspace = cache.gates, cache.batch, cache.workspace
        count, hidden = batch.num_sequences, d_outputs.shape[1]
        products, d_cells = workspace.empty(4, count, hidden), workspace.empty(count, hidden)
        d_h = d_cells[:0]  # with d_cells the gradients that arrive from the step behind
        for steps in reversed(spans(batch, hidden)):
            span = slice(steps[0].rows.start, steps[-1].rows.stop)
            through_output, forget = _local_derivatives(cache, span)
            for step in reversed(steps):
                rows, gates, still = d_outputs[step.rows], dz[:, step.rows], len(d_h)
                inside = slice(step.rows.start - span.start, step.rows.stop - span.start)
                rows[:still] += d_h
                d_c = through_output[inside]
                d_c *= rows
                d_c[:still] += d_cells[:still]
                np.multiply(gates[:3], d_c, out=gates[:3])
                np.multiply(gates[3], rows, out=gates[3])
                np.multiply(d_c, forget[inside], out=d_cells[: step.size])
                d_h = sum_of_products(gates, weights.weight_hh, products[:, : step.size])
        previous = previous_states(cache.outputs, batch, workspace)
        np.matmul(dz.transpose(0, 2, 1), previous, out=by_gate(gradients.weight_hh, 4))
        write_biases(dz, gradients)
        return dz, (d_h, d_cells)

    def step(self, z: Floats, prepared: Prepared, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        h, c = state
        gates, slopes, c_next = h @ prepared.recurrent, _slopes(z.dtype), np.empty_like(c)
        gates += z
        _activate(gates, slopes, 1 - slopes)
        _write_cells(gates, c, np.empty_like(c), out=c_next)
        return gates[3] * np.tanh(c_next), c_next

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of the given rows."""
        rows = cache.batch.num_sequences + last_rows
        return cache.outputs[rows], cache.cells[rows]


def _slopes(dtype: DTypeLike) -> Floats:
    """By what each gate's tanh and its argument are multiplied, (4, 1, 1): a half for sigmoids."""
    return np.array([0.5, 0.5, 1, 0.5], dtype=dtype)[:, None, None]


def _activate(gates: Floats, slopes: Floats, offsets: Floats) -> None:
    np.tanh(gates, out=gates)
    gates *= slopes
    gates += offsets


def _write_cells(gates: Floats, cells: Floats, admitted: Floats, out: Floats) -> None:
    """The cells i * g + f * c; `admitted` is room for the first term."""
    i, f, g, _ = gates
    np.multiply(i, g, out=admitted)
    np.multiply(f, cells, out=out)
    out += admitted


def _local_derivatives(cache: Cache, span: slice) -> tuple[Floats, Floats]:
    """Turn the gates of a span of rows into derivatives that hold within a step.

    They become those of the gates' arguments, i, f, g to be multiplied with the gradient of c_t,
    o with that of h_t. Returned are that of h_t with respect to c_t, and the forget gate, both
    (rows, hidden). For a sigmoid s the derivative is s - s^2.
    """
    i, f, g, o = cache.gates[:, span]
    q, forget = cache.squashed[span], f.copy()
    squares, admitted = q * q, i * g
    through_output = o - np.multiply(squares, o, out=squares)  # o (1 - q^2)
    o -= np.multiply(o, o, out=squares)
    o *= q
    f -= np.multiply(f, f, out=squares)
    f *= cache.cells[cache.batch.previous_rows[span]]
    g *= admitted
    np.subtract(i, g, out=g)  # i (1 - g^2)
    i *= admitted
    np.subtract(admitted, i, out=i)  # g i (1 - i)
    return through_output, forget
