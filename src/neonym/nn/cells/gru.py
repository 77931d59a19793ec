"""The gated recurrent unit (Cho et al., 2014), in PyTorch's form.

In the letters of the teaching documents, with G_r and G_u the reset and update gates, and in
PyTorch's, with h for h_(t-1)::

    G_r  = sigmoid(W_rx x<t> + W_ra a<t-1> + b_r)   r = sigmoid(W_ir x_t + b_ir + W_hr h + b_hr)
    G_u  = sigmoid(W_ux x<t> + W_ua a<t-1> + b_u)   u = sigmoid(W_iz x_t + b_iz + W_hz h + b_hz)
    a~   = tanh(W_ax x<t> + b_a                     n = tanh(W_in x_t + b_in
                + G_r * (W_aa a<t-1> + b_h))                 + r * (W_hn h + b_hn))
    a<t> = (1 - G_u) * a~ + G_u * a<t-1>            h_t = (1 - u) * n + u * h

Only the update gate, which PyTorch calls z, is called u. The reset gate acts on the product
p = W_hn h + b_hn, not on h in front of it. `weight_ih` is W_ir, W_iz, W_in one below the other,
`weight_hh` and the biases likewise.

Backward, with d_r, d_u, d_n the gradients of the sums inside sigmoid and tanh, d_h that of h_t::

    d_n = d_h * (1 - u) * (1 - n^2)
    d_p = d_n * r
    d_r = d_n * p * r * (1 - r)
    d_u = d_h * (h - n) * u * (1 - u)
    dL/dh_(t-1) = u * d_h + W_hr^T d_r + W_hz^T d_u + W_hn^T d_p
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
    by_gate,
    columns_by_gate,
    halves,
    sum_biases,
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
from neonym.nn.rows import sum_all

RESET, UPDATE, NEW = range(3)
"""PyTorch's order of the gates."""

SCALES = {RESET: 0.5, UPDATE: 0.5, NEW: 1.0}
"""Sigmoids get half their argument, for sigmoid(x) = tanh(x / 2) / 2 + 1 / 2."""


class Activations(NamedTuple):
    """The values of one time step: views of one array, (5, size, hidden).

    They are ordered so that neighbours take part in one operation.
    """

    r: Floats
    u: Floats
    p: Floats  # W_hn h + b_hn
    h_minus_n: Floats
    n: Floats
    recurrent: Floats  # r, u, p: where the recurrent products are written at first
    sigmoids: Floats  # r, u
    sigmoid_factors: Floats  # p, h - n: what d_r and d_u are multiplied with

    @classmethod
    def of(cls, block: Floats) -> Self:
        """The views of an array."""
        # One by one, since taking an array apart in an assignment costs twice as much
        r, u, p, h_minus_n, n = block[0], block[1], block[2], block[3], block[4]
        return cls(r, u, p, h_minus_n, n, block[:3], block[:2], block[2:4])


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    activations: Sequence[Activations]  # of each time step
    states: Floats  # the initial ones, then h_t of every row, (initial + rows, hidden)
    layout: Layout
    workspace: Workspace


class GruCell(Cell):
    """The gated recurrent unit."""

    gates = 3
    scales = SCALES

    def biases(self, weights: Weights) -> tuple[Floats | None, Floats | None]:
        """b_hn is within the product with r, so it cannot be added to b_in beforehand."""
        bias, new_bias = sum_biases(weights, 3), None
        if weights.bias_ih is not None and weights.bias_hh is not None and bias is not None:
            bias[NEW] = by_gate(weights.bias_ih, 3)[NEW]
            new_bias = by_gate(weights.bias_hh, 3)[NEW].copy()
        return bias, new_bias

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
        states = with_initial(initial[0], layout, workspace)
        blocks = workspace.empty(5 * input_products.shape[1], hidden)
        activations = []
        recurrent, half = RecurrentProducts(states, prepared.recurrent), halves(states.dtype)
        biases = None
        if prepared.recurrent_bias is not None:
            # A row for each of a step's: an operation on two arrays of one shape is faster
            biases = workspace.empty(layout.widest, hidden)
            biases[...] = prepared.recurrent_bias
        for step in layout.steps:
            if needed:
                needed.before(step)
            block = blocks[5 * step.rows.start : 5 * step.rows.stop]
            values = Activations.of(block.reshape(5, step.size, hidden))
            activations.append(values)
            recurrent.write(step, values.recurrent)
            h = previous_states(states, step)
            products = input_products[:, step.rows]  # (3, size, hidden)
            bias = None if biases is None else biases[: step.size]
            _forward_step(values, products, bias, h, half=half, out=states[step.following])
        return states[num_initial:], Cache(activations, states, layout, workspace)

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
        activations, states, layout, workspace = cache
        (rows, hidden), d_products = d_outputs.shape, out  # d_r, d_u, d_p
        columns = columns_by_gate(d_products, 3)  # (3, rows, hidden)
        d_n = workspace.empty(rows, hidden)
        recurrent = RecurrentGradients(d_products, weights.weight_hh, layout, workspace)
        buffer = workspace.empty(5 * layout.widest, hidden)
        d_h_next = d_products[:0, :hidden]  # from the step after: nothing at the last one
        for step, values in zip(reversed(layout.steps), reversed(activations), strict=True):
            if needed:
                needed.before(step)
            d_h = d_outputs[step.rows]  # (size, hidden)
            add_to_first(d_h, d_h_next)
            scratch = buffer[: 5 * step.size].reshape(5, step.size, hidden)
            gates = columns[:, step.rows]
            d_h_past_gates = _backward_step(
                values, d_h, scratch=scratch, d_n=d_n[step.rows], out=gates
            )
            d_h_next = recurrent.step_back(step)
            d_h_next += sum_children(d_h_past_gates, step)
        recurrent.write_weight(states, out=gradients.weight_hh)
        sum_all(d_products, out=gradients.bias_hh)
        workspace.background.finish()
        # So far these were the recurrent products; the input products differ in n alone, where
        # they are not multiplied with r
        d_products[:, NEW * hidden :] = d_n
        sum_all(d_products, out=gradients.bias_ih)
        if followed:
            followed.begin()
        return (d_h_next,)

    def step(
        self,
        input_products: Floats,
        prepared: Prepared,
        state: LayerState,
        out: LayerState,
        write_recurrent: Writer,
    ) -> None:
        """Run one step of a batch."""
        (h,) = state
        values = Activations.of(aligned_empty((5, *h.shape), h.dtype))
        write_recurrent(values.recurrent)
        bias, half = prepared.recurrent_bias, halves(h.dtype)
        _forward_step(values, input_products, bias, h, half=half, out=out[0])

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of these rows."""
        return (cache.states[cache.layout.num_initial + last_rows],)


def _forward_step(
    values: Activations,
    input_products: Floats,
    bias: Floats | None,
    h: Floats,
    *,
    half: Floats,
    out: Floats,
) -> None:
    """Complete the values, which begin with the recurrent products, and write h_t."""
    r, u, p, h_minus_n, n, _, sigmoids, _ = values
    # r, u = sigmoid(input + recurrent products), as tanh of the half: see SCALES
    r += input_products[RESET]  # one by one, since together they would not be contiguous
    u += input_products[UPDATE]
    np.tanh(sigmoids, sigmoids)
    sigmoids *= half
    sigmoids += half
    # n = tanh(W_in x_t + b_in + r * p)
    if bias is not None:
        p += bias
    np.multiply(r, p, n)
    n += input_products[NEW]
    np.tanh(n, n)
    # h_t = n + u * (h - n), one product fewer than (1 - u) * n + u * h
    np.subtract(h, n, h_minus_n)
    np.multiply(u, h_minus_n, out)
    out += n


def _backward_step(
    values: Activations, d_h: Floats, *, scratch: Floats, d_n: Floats, out: Floats
) -> Floats:
    """From the gradient of h_t to those of the sums inside the gates.

    Parameters
    ----------
    values : Activations
        Of this step.
    d_h : ndarray, shape (size, hidden)
        Gradient of h_t.
    scratch : ndarray, shape (5, size, hidden)
        Overwritten.
    d_n : ndarray, shape (size, hidden)
        Overwritten.
    out : ndarray, shape (3, size, hidden)
        Overwritten by d_r, d_u, d_p.

    Returns
    -------
    ndarray, shape (size, hidden)
        u * d_h, what h_(t-1) gets without passing a weight; it lies in the scratch.
    """
    d_p, work = scratch[0], scratch[4]
    u_d_h: Floats = scratch[1]
    leading = scratch[:2]  # d_p, u * d_h
    d_sigmoids = scratch[2:4]  # d_r, d_u
    n = values.n
    # d_n = d_h (1 - u) (1 - n^2)
    np.multiply(values.u, d_h, u_d_h)
    np.subtract(d_h, u_d_h, d_n)
    np.multiply(d_n, n, work)
    work *= n
    d_n -= work
    # d_p = d_n r
    np.multiply(d_n, values.r, d_p)
    out[NEW] = d_p
    # d_r = d_n r (1 - r) p        = (d_p - d_p r) p
    # d_u = d_h u (1 - u) (h - n)  = (u d_h - u d_h u) (h - n)
    np.multiply(leading, values.sigmoids, d_sigmoids)
    np.subtract(leading, d_sigmoids, d_sigmoids)
    d_sigmoids *= values.sigmoid_factors
    out[:NEW] = d_sigmoids
    return u_d_h
