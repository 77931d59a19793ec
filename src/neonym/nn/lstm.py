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

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells import (
    LayerState,
    Prepared,
    Weights,
    add_biases,
    columns_of,
    prepared_gates,
    transposed,
    write_biases,
)
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace, aligned_empty
from neonym.nn.products import multiply
from neonym.nn.recurrence import (
    RecurrentGradients,
    add_to_first,
    previous_states,
    sum_children,
    with_initial,
    write_recurrent_products,
)

ORDER = {0: 0.5, 1: 0.5, 3: 0.5, 2: 1.0}
"""PyTorch's gates in the order i, f, o, g, so that the sigmoids lie side by side, and scales."""


class Cache(NamedTuple):
    """What backward needs of the forward pass.

    States begin with the initial ones: (initial + rows, hidden).
    """

    gates: Sequence[Floats]  # of each step i, f, o, g, (4, size, hidden)
    outputs: Floats  # h_t
    cells: Floats  # c_t
    squashed: Floats  # tanh(c_t), (rows, hidden)
    layout: Layout
    workspace: Workspace


class LstmCell:
    """The LSTM cell; see `neonym.nn.cells.Cell`."""

    gates = 4
    state_names: tuple[str, ...] = ("h0", "c0")

    def prepare(self, weights: Weights) -> Prepared:
        """Transposed copies in the order i, f, o, g, with the sigmoids' arguments halved.

        For sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that one tanh serves all gates.
        """
        bias = add_biases(weights, 4)
        return Prepared(
            prepared_gates(transposed(weights.weight_ih, 4), ORDER),
            None if bias is None else prepared_gates(bias, ORDER),
            prepared_gates(transposed(weights.weight_hh, 4), ORDER),
            None,
        )

    def forward(
        self,
        z: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Compute the outputs of all rows."""
        first, hidden = initial[0].shape
        outputs = with_initial(initial[0], layout, workspace)
        cells = with_initial(initial[1], layout, workspace)
        squashed, admitted = (workspace.empty(n, hidden) for n in (z.shape[1], layout.widest))
        blocks = [workspace.empty(4, step.size, hidden) for step in layout.steps]
        for step, gates in zip(layout.steps, blocks, strict=True):
            c, q = cells[step.following], squashed[step.rows]
            write_recurrent_products(outputs, prepared.recurrent, step, out=gates)
            np.add(gates, z[:, step.rows], out=gates)
            _activate(gates)
            _write_cells(gates, previous_states(cells, step), admitted[: step.size], out=c)
            np.tanh(c, out=q)
            np.multiply(gates[2], q, out=outputs[step.following])
        return outputs[first:], Cache(blocks, outputs, cells, squashed, layout, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of the input products and of the initial state."""
        layout, workspace, hidden = cache.layout, cache.workspace, d_outputs.shape[1]
        dz = workspace.empty(len(d_outputs), 4 * hidden)
        recurrent = RecurrentGradients(dz, weights.weight_hh, layout, workspace)
        room = workspace.empty(7 * layout.widest * hidden)
        d_cells = workspace.empty(layout.widest, hidden)
        d_h = d_c = d_cells[:0]  # gradients that arrive from the step behind
        for step, gates in zip(reversed(layout.steps), reversed(cache.gates), strict=True):
            d_output = d_outputs[step.rows]
            add_to_first(d_output, d_h)
            scratch = room[: 7 * d_output.size].reshape(7, *d_output.shape)
            h, c_before = cache.outputs[step.following], previous_states(cache.cells, step)
            _write_cell_gradient(gates[2], h, cache.squashed[step.rows], d_output, scratch[0])
            add_to_first(scratch[0], d_c)
            d_before = np.multiply(scratch[0], gates[1], out=d_cells[: step.size])
            np.multiply(d_before, c_before, out=scratch[2])
            np.multiply(d_output, h, out=scratch[3])
            _write_gates(gates, scratch, out=columns_of(dz[step.rows], 4))
            d_c = sum_children(d_before, step)
            d_h = recurrent.go_back(step)
        recurrent.write_weight(cache.outputs, out=gradients.weight_hh)
        write_biases(dz, gradients)
        return dz, (d_h, d_c)

    def step(self, z: Floats, prepared: Prepared, state: LayerState, out: LayerState) -> None:
        """One step for a whole batch."""
        (h, c), (h_next, c_next) = state, out
        gates = aligned_empty(z.shape, z.dtype)
        multiply(h, prepared.recurrent, out=gates)
        gates += z
        _activate(gates)
        _write_cells(gates, c, admitted=h_next, out=c_next)
        np.tanh(c_next, out=h_next)
        h_next *= gates[2]

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of the given rows."""
        rows = cache.layout.num_initial + last_rows
        return cache.outputs[rows], cache.cells[rows]


def _activate(gates: Floats) -> None:
    np.tanh(gates, out=gates)
    sigmoids = gates[:3]
    sigmoids *= 0.5
    sigmoids += 0.5


def _write_cells(gates: Floats, cells: Floats, admitted: Floats, out: Floats) -> None:
    """The cells i * g + f * c; `admitted` is room for the first term."""
    i, f, _, g = gates
    np.multiply(i, g, out=admitted)
    np.multiply(f, cells, out=out)
    out += admitted


def _write_cell_gradient(o: Floats, h: Floats, q: Floats, d_h: Floats, out: Floats) -> None:
    """The gradient of c_t from that of h_t: d_h o (1 - q^2), where q is tanh(c_t) and o q is h."""
    np.multiply(h, q, out=out)
    np.subtract(o, out, out=out)
    out *= d_h


def _write_gates(gates: Floats, scratch: Floats, out: Floats) -> None:
    """Write the gradients of the gates' arguments, (4, size, hidden), in PyTorch's order.

    `scratch`, (7, size, hidden), begins with the gradient of c_t; two further on are f and o times
    their gradients. A sigmoid s has the derivative s - s^2, so that with its gradient d the result
    is s d - s d s.
    """
    i, _, _, g = gates
    d_c, products, squares = scratch[0], scratch[1:4], scratch[4:]
    d_c *= i
    np.multiply(d_c, g, out=products[0])
    np.multiply(products, gates[:3], out=squares)
    np.subtract(products[:2], squares[:2], out=out[:2])
    np.subtract(products[2], squares[2], out=out[3])
    np.multiply(products[0], g, out=squares[0])
    np.subtract(d_c, squares[0], out=out[2])  # d_c i (1 - g^2)
