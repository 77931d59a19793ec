"""The long short-term memory cell (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

In the letters of the teaching documents, with G_u, G_f, G_o the update, forget and output gates,
and in PyTorch's, with h for h_(t-1)::

    G_u  = sigmoid(W_ux x<t> + W_ua a<t-1> + b_u)   i = sigmoid(W_ii x_t + b_ii + W_hi h + b_hi)
    G_f  = sigmoid(W_fx x<t> + W_fa a<t-1> + b_f)   f = sigmoid(W_if x_t + b_if + W_hf h + b_hf)
    c~   = tanh(W_cx x<t> + W_ca a<t-1> + b_c)      g = tanh(W_ig x_t + b_ig + W_hg h + b_hg)
    G_o  = sigmoid(W_ox x<t> + W_oa a<t-1> + b_o)   o = sigmoid(W_io x_t + b_io + W_ho h + b_ho)
    c<t> = G_u * c~ + G_f * c<t-1>                  c_t = i * g + f * c_(t-1)
    a<t> = G_o * tanh(c<t>)                         h_t = o * tanh(c_t)

`weight_ih` is W_ii, W_if, W_ig, W_io one below the other, `weight_hh` and the biases likewise.

Backward, with d_i, d_f, d_g, d_o the gradients of the sums inside sigmoid and tanh, d_h and d_c
those of h_t and c_t, and q = tanh(c_t)::

    d_o = d_h * q * o * (1 - o)
    d_c = d_h * o * (1 - q^2) + f * d_c of the step after
    d_i = d_c * g * i * (1 - i)
    d_f = d_c * c_(t-1) * f * (1 - f)
    d_g = d_c * i * (1 - g^2)
    dL/dh_(t-1) = W_hi^T d_i + W_hf^T d_f + W_hg^T d_g + W_ho^T d_o
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.cell import (
    Cell,
    LayerState,
    Prepared,
    Weights,
    Writer,
    columns_by_gate,
    halves,
    write_bias_gradients,
)
from neonym.nn.cells.recurrence import (
    RecurrentGradients,
    RecurrentProducts,
    add_to_first,
    previous_states,
    sum_children,
    with_initial,
)
from neonym.nn.layout import Layout
from neonym.nn.memory import Workspace, aligned_empty
from neonym.nn.row_chunks import RowChunks

INPUT, FORGET, CELL, OUTPUT = range(4)
"""PyTorch's order of the gates: i, f, g, o."""

SCALES = {INPUT: 0.5, FORGET: 0.5, OUTPUT: 0.5, CELL: 1.0}
"""The order of the forward pass, i, f, o, g: so the sigmoids are neighbours.

They get half their argument, for sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: so one tanh serves all.
"""


class Activations(NamedTuple):
    """The values of one time step: views of one array, (6, size, hidden).

    They are ordered so that neighbours take part in one operation.
    """

    i_g: Floats  # i * g, what the cell takes in
    f_c: Floats  # f * c_(t-1), what it keeps
    i: Floats
    f: Floats
    o: Floats
    g: Floats
    gates: Floats  # i, f, o, g: where the recurrent products are written at first
    sigmoids: Floats  # i, f, o
    input_and_forget: Floats  # i, f
    cell_factors: Floats  # i * g, f * c_(t-1), i, f: what d_c is multiplied with

    @classmethod
    def of(cls, block: Floats) -> Self:
        """The views of an array."""
        # One by one, since taking an array apart in an assignment costs twice as much
        i_g, f_c, i, f, o, g = block[0], block[1], block[2], block[3], block[4], block[5]
        return cls(i_g, f_c, i, f, o, g, block[2:], block[2:5], block[2:4], block[:4])


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    activations: Sequence[Activations]  # of each time step
    outputs: Floats  # the initial ones, then h_t of every row, (initial + rows, hidden)
    cells: Floats  # the same of c_t
    squashed: Floats  # q = tanh(c_t), (rows, hidden)
    layout: Layout
    workspace: Workspace


class LstmCell(Cell):
    """The LSTM cell.

    Parameters
    ----------
    forget_bias : float, optional
        What the forget gate's bias starts at (Jozefowicz et al., 2015), instead of a number drawn.
    """

    gates = 4
    scales = SCALES
    state_names = ("h0", "c0")

    def __init__(self, forget_bias: float | None = None) -> None:
        self.forget_bias = forget_bias

    def initial_bias(self, gate: int) -> float | None:
        """That of the forget gate, if it is set."""
        return self.forget_bias if gate == FORGET else None

    def forward(
        self,
        input_products: Floats,
        prepared: Prepared,
        layout: Layout,
        initial: LayerState,
        workspace: Workspace,
        *,
        needed: RowChunks | None = None,
    ) -> tuple[Floats, Cache]:
        """Run all time steps."""
        num_initial, hidden = initial[0].shape
        outputs = with_initial(initial[0], layout, workspace)
        cells = with_initial(initial[1], layout, workspace)
        rows = input_products.shape[1]
        squashed, blocks = workspace.empty(rows, hidden), workspace.empty(6 * rows, hidden)
        activations = []
        recurrent, half = RecurrentProducts(outputs, prepared.recurrent), halves(outputs.dtype)
        for step in layout.steps:
            if needed:
                needed.before(step)
            block = blocks[6 * step.rows.start : 6 * step.rows.stop]
            values = Activations.of(block.reshape(6, step.size, hidden))
            activations.append(values)
            gates = values.gates
            recurrent.write(step, gates)
            gates += input_products[:, step.rows]
            c_before = previous_states(cells, step)
            h, c, q = outputs[step.following], cells[step.following], squashed[step.rows]
            _forward_step(values, c_before, h, c, q, half=half)
        cache = Cache(activations, outputs, cells, squashed, layout, workspace)
        return outputs[num_initial:], cache

    def backward(
        self,
        d_outputs: Floats,
        cache: Cache,
        weights: Weights,
        gradients: Weights,
        *,
        out: Floats,
        needed: RowChunks | None = None,
        followed: RowChunks | None = None,
    ) -> LayerState:
        """Write the gradients of what came in, of `weight_hh` and of the biases."""
        activations, outputs, _, squashed, layout, workspace = cache
        hidden, d_products = d_outputs.shape[1], out  # d_i, d_f, d_g, d_o
        columns = columns_by_gate(d_products, 4)  # (4, rows, hidden)
        recurrent = RecurrentGradients(d_products, weights.weight_hh, layout, workspace)
        buffer = workspace.empty(8 * layout.widest, hidden)
        d_h_next = d_c_next = d_products[:0, :hidden]  # from the step after: nothing at the last
        for step, values in zip(reversed(layout.steps), reversed(activations), strict=True):
            if needed:
                needed.before(step)
            d_h = d_outputs[step.rows]  # (size, hidden)
            add_to_first(d_h, d_h_next)
            h, q = outputs[step.following], squashed[step.rows]
            scratch = buffer[: 8 * step.size].reshape(8, step.size, hidden)
            gates = columns[:, step.rows]
            d_c_before = _backward_step(values, h, q, d_h, d_c_next, scratch=scratch, out=gates)
            if followed:
                followed.after(step)
            d_c_next = sum_children(d_c_before, step)
            d_h_next = recurrent.step_back(step)
        recurrent.write_weight(outputs, out=gradients.weight_hh)
        write_bias_gradients(d_products, gradients)
        return d_h_next, d_c_next

    def step(
        self,
        input_products: Floats,
        prepared: Prepared,
        state: LayerState,
        out: LayerState,
        write_recurrent: Writer,
    ) -> None:
        """Run one step of a batch."""
        (h, c), (h_next, c_next) = state, out
        values = Activations.of(aligned_empty((6, *h.shape), h.dtype))
        gates = values.gates
        write_recurrent(gates)
        gates += input_products
        q = input_products[0]  # no longer needed, and of the right shape
        _forward_step(values, c, h_next, c_next, q, half=halves(h.dtype))

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of these rows."""
        rows = cache.layout.num_initial + last_rows
        return cache.outputs[rows], cache.cells[rows]


def _forward_step(
    values: Activations, c_before: Floats, h: Floats, c: Floats, q: Floats, *, half: Floats
) -> None:
    """Complete the values, whose gates hold the sums as yet, and write h_t, c_t and tanh(c_t)."""
    i_g, f_c, i, f, o, g, gates, sigmoids, *_ = values
    # i, f, o = sigmoid(sum), as tanh of the half: see SCALES; g = tanh(sum)
    np.tanh(gates, gates)
    sigmoids *= half
    sigmoids += half
    # c_t = i g + f c_(t-1)
    np.multiply(i, g, i_g)
    np.multiply(f, c_before, f_c)
    np.add(i_g, f_c, c)
    # h_t = o tanh(c_t)
    np.tanh(c, q)
    np.multiply(o, q, h)


def _backward_step(
    values: Activations,
    h: Floats,
    q: Floats,
    d_h: Floats,
    d_c_next: Floats,
    *,
    scratch: Floats,
    out: Floats,
) -> Floats:
    """From the gradients of h_t and c_t to those of the sums inside the gates.

    Parameters
    ----------
    values : Activations
        Of this step.
    h, q : ndarray, shape (size, hidden)
        h_t and tanh(c_t).
    d_h : ndarray, shape (size, hidden)
        Gradient of h_t.
    d_c_next : ndarray, shape (at most size, hidden)
        What c_t gets from the step after, in the first rows; it may be what was returned there.
    scratch : ndarray, shape (8, size, hidden)
        Overwritten; the memory may be that of the step after.
    out : ndarray, shape (4, size, hidden)
        Overwritten by d_i, d_f, d_g, d_o. These are columns of a larger array, where arithmetic
        takes longer than in the scratch and a copy.

    Returns
    -------
    ndarray, shape (size, hidden)
        f * d_c, the gradient of c_(t-1); it lies in the scratch.
    """
    # d_i, d_f, d_g and the gradient of c_(t-1), as far as d_c times factors
    products, sums = scratch[:4], scratch[:3]
    d_c_before: Floats = scratch[3]
    d_c, d_o, subtrahends = scratch[4], scratch[5], scratch[5:]
    multiply, subtract, o = np.multiply, np.subtract, values.o
    # d_c = d_h o (1 - q^2) + what arrives; since h = o q, the first is d_h (o - h q)
    multiply(h, q, d_c)
    subtract(o, d_c, d_c)
    d_c *= d_h
    add_to_first(d_c, d_c_next)
    # d_o = d_h q o (1 - o) = d_h (h - h o)
    multiply(h, o, d_o)
    subtract(h, d_o, d_o)
    d_o *= d_h
    out[OUTPUT] = d_o
    # d_i = d_c i g (1 - i)        = i g d_c - i g d_c i
    # d_f = d_c f c_(t-1) (1 - f)  = f c_(t-1) d_c - f c_(t-1) d_c f
    # d_g = d_c i (1 - g^2)        = i d_c - i g d_c g
    multiply(values.cell_factors, d_c, products)  # the minuends, and f d_c
    multiply(scratch[:2], values.input_and_forget, scratch[5:7])
    multiply(scratch[0], values.g, scratch[7])
    sums -= subtrahends
    out[:OUTPUT] = sums
    return d_c_before
