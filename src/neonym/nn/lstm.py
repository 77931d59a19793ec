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

    blocks: Sequence[Floats]  # of each step i * g, f * c_(t-1), i, f, o, g, (6, size, hidden)
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
        squashed = workspace.empty(z.shape[1], hidden)
        blocks = [workspace.empty(6, step.size, hidden) for step in layout.steps]
        for step, block in zip(layout.steps, blocks, strict=True):
            gates, before = block[2:], previous_states(cells, step)
            write_recurrent_products(outputs, prepared.recurrent, step, out=gates)
            gates += z[:, step.rows]
            h, c = outputs[step.following], cells[step.following]
            _advance(block, before, h, c, squashed[step.rows])
        return outputs[first:], Cache(blocks, outputs, cells, squashed, layout, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of the input products and of the initial state."""
        layout, workspace, hidden = cache.layout, cache.workspace, d_outputs.shape[1]
        dz = workspace.empty(len(d_outputs), 4 * hidden)
        recurrent = RecurrentGradients(dz, weights.weight_hh, layout, workspace)
        room = workspace.empty(8 * layout.widest * hidden)
        d_h = d_c = dz[:0, :hidden]  # gradients that arrive from the step behind
        for step, block in zip(reversed(layout.steps), reversed(cache.blocks), strict=True):
            d_output = d_outputs[step.rows]
            add_to_first(d_output, d_h)
            scratch = room[: 8 * d_output.size].reshape(8, *d_output.shape)
            states = cache.outputs[step.following], cache.squashed[step.rows]
            d_gates = columns_of(dz[step.rows], 4)
            past = _go_back(block, states, (d_output, d_c), scratch, out=d_gates)
            d_c = sum_children(past, step)
            d_h = recurrent.go_back(step)
        recurrent.write_weight(cache.outputs, out=gradients.weight_hh)
        write_biases(dz, gradients)
        return dz, (d_h, d_c)

    def step(self, z: Floats, prepared: Prepared, state: LayerState, out: LayerState) -> None:
        """One step for a whole batch."""
        (h, c), (h_next, c_next) = state, out
        block = aligned_empty((6, *h.shape), h.dtype)
        gates = block[2:]
        multiply(h, prepared.recurrent, out=gates)
        gates += z
        _advance(block, c, h_next, c_next, z[0])

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of the given rows."""
        rows = cache.layout.num_initial + last_rows
        return cache.outputs[rows], cache.cells[rows]


def _advance(block: Floats, cells: Floats, h: Floats, c: Floats, q: Floats) -> None:
    """Complete a block whose gates are their arguments as yet, and write h_t, c_t, tanh(c_t)."""
    gates, sigmoids, (admitted, kept, i, f, o, g) = block[2:], block[2:5], block
    np.tanh(gates, out=gates)
    sigmoids *= 0.5
    sigmoids += 0.5
    np.multiply(i, g, out=admitted)
    np.multiply(f, cells, out=kept)
    np.add(admitted, kept, out=c)
    np.tanh(c, out=q)
    np.multiply(o, q, out=h)


def _go_back(
    block: Floats, states: LayerState, d_states: LayerState, scratch: Floats, out: Floats
) -> Floats:
    """From the gradients of h_t and c_t to those of the gates' arguments, in PyTorch's order.

    They overwrite `out`, (4, size, hidden). `states` are h_t and q = tanh(c_t). Returned is the
    gradient of c_(t-1), in the scratch, (8, size, hidden); it may be given for the step before,
    with the same scratch. A sigmoid s has the derivative s - s^2; the output gate's gradient is
    d_h q, and o q is h. `out` is columns of a larger array, where arithmetic takes longer than in
    the scratch and a copy.
    """
    (h, q), (d_h, d_c), (o, g) = states, d_states, block[4:]
    total, x, products, squares = scratch[4], scratch[5], scratch[:4], scratch[6:]
    np.multiply(h, q, out=total)
    np.subtract(o, total, out=total)
    total *= d_h  # d_h o (1 - q^2)
    add_to_first(total, d_c)
    np.multiply(h, o, out=x)
    np.subtract(h, x, out=x)
    x *= d_h
    out[3] = x
    np.multiply(block[:4], total, out=products)  # with i g, f c_(t-1), i, f
    past: Floats = products[3]
    d_sigmoids, d_g = products[:2], products[2]
    np.multiply(d_sigmoids, block[2:4], out=squares)
    np.multiply(products[0], g, out=x)
    d_sigmoids -= squares
    d_g -= x  # total i (1 - g^2)
    out[:3] = products[:3]
    return past
