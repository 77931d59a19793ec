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

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import (
    LayerState,
    Weights,
    add_biases,
    by_gate,
    previous_states,
    sum_of_products,
    transposed,
    with_initial,
    write_biases,
)
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace

NUMBERS_AT_ONCE = 1 << 15
"""Local derivatives are computed for spans of about this many states, which stay in the cache."""


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

    def input_bias(self, weights: Weights) -> Floats | None:
        """Both biases."""
        return add_biases(weights.bias_ih, weights.bias_hh)

    def forward(
        self,
        z: Floats,
        weights: Weights,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the gates, in place, and return the outputs."""
        scale = _gate_scale(z)
        recurrent = transposed(weights.weight_hh, 4) * scale
        z *= scale
        count, hidden = initial[0].shape
        outputs = with_initial(initial[0], batch, workspace)
        cells = with_initial(initial[1], batch, workspace)
        squashed = workspace.empty(z.shape[1], hidden)
        products, admitted = workspace.empty(4, count, hidden), workspace.empty(count, hidden)
        h, c = outputs[count:], cells[count:]
        for step in batch.steps:
            gates, rows, size = z[:, step.rows], step.rows, step.size
            gates += np.matmul(outputs[step.previous], recurrent, out=products[:, :size])
            _activate(gates, scale)
            _write_cells(gates, cells[step.previous], admitted[:size], out=c[rows])
            np.tanh(c[rows], out=squashed[rows])
            np.multiply(gates[3], squashed[rows], out=h[rows])
        return h, Cache(z, outputs, cells, squashed, batch, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products."""
        batch, workspace = cache.batch, cache.workspace
        count, hidden = batch.num_sequences, d_outputs.shape[1]
        dz = workspace.empty(*cache.gates.shape)
        products, scratch = workspace.empty(4, count, hidden), workspace.empty(count, hidden)
        d_h = d_cells = scratch[:0]  # gradients that arrive from the step behind
        for steps in reversed(batch.spans(NUMBERS_AT_ONCE // hidden)):
            span = slice(steps[0].rows.start, steps[-1].rows.stop)
            through_output = _local_derivatives(cache, span, out=dz[:, span])
            for step in reversed(steps):
                rows, gates = d_outputs[step.rows], dz[:, step.rows]
                rows[: len(d_h)] += d_h
                d_c = through_output[step.rows.start - span.start :][: step.size]
                d_c *= rows
                d_c[: len(d_cells)] += d_cells
                gates[:3] *= d_c
                gates[3] *= rows
                d_h = sum_of_products(gates, weights.weight_hh, products[:, : step.size])
                d_cells = np.multiply(d_c, cache.gates[1, step.rows], out=scratch[: step.size])
        previous = previous_states(cache.outputs, batch, workspace)
        np.matmul(dz.transpose(0, 2, 1), previous, out=by_gate(gradients.weight_hh, 4))
        write_biases(dz, gradients)
        return dz, (d_h, d_cells)

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        h, c = state
        scale = _gate_scale(z)
        gates = (z + h @ by_gate(weights.weight_hh, 4).transpose(0, 2, 1)) * scale
        _activate(gates, scale)
        c_next = np.empty_like(c)
        _write_cells(gates, c, np.empty_like(c), out=c_next)
        return gates[3] * np.tanh(c_next), c_next

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of the given rows."""
        rows = cache.batch.num_sequences + last_rows
        return cache.outputs[rows], cache.cells[rows]


def _gate_scale(z: Floats) -> Floats:
    """A half for the sigmoid gates and 1 for g, shape (4, 1, 1).

    For sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that one tanh serves all gates.
    """
    return np.array([0.5, 0.5, 1, 0.5], dtype=z.dtype)[:, None, None]


def _activate(gates: Floats, scale: Floats) -> None:
    np.tanh(gates, out=gates)
    gates *= scale
    gates += 1 - scale


def _write_cells(gates: Floats, cells: Floats, admitted: Floats, out: Floats) -> None:
    """The cells f * c + i * g; `admitted` is room for the second term."""
    i, f, g, _ = gates
    np.multiply(f, cells, out=out)
    np.multiply(i, g, out=admitted)
    out += admitted


def _local_derivatives(cache: Cache, span: slice, out: Floats) -> Floats:
    """Derivatives that hold within a step, for a span of rows.

    Written to `out`, (4, rows, hidden): those of the gates' arguments, i, f, g to be multiplied
    with the gradient of c_t, o with that of h_t. Returned, (rows, hidden): that of h_t with
    respect to c_t.
    """
    gates, squashed = cache.gates[:, span], cache.squashed[span]
    i, _, g, o = gates
    d_i, d_f, d_g, d_o = out
    np.subtract(1, gates[:2], out=out[:2])
    out[:2] *= gates[:2]
    np.subtract(1, o, out=d_o)
    d_o *= o
    d_i *= g
    d_f *= cache.cells[cache.batch.previous_rows[span]]
    d_o *= squashed
    np.multiply(g, g, out=d_g)
    np.subtract(1, d_g, out=d_g)
    d_g *= i
    through_output = squashed * squashed
    np.subtract(1, through_output, out=through_output)
    through_output *= o
    return through_output
