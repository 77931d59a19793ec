"""The gated recurrent unit (Cho et al., 2014), in PyTorch's form.

In the letters of the teaching documents, with Gr and Gu the reset and update gates, and PyTorch's:

    Gr   = sigmoid(Wrx x<t> + Wra a<t-1> + br)    r = sigmoid(W_ir x_t + b_ir + W_hr h + b_hr)
    Gu   = sigmoid(Wux x<t> + Wua a<t-1> + bu)    z = sigmoid(W_iz x_t + b_iz + W_hz h + b_hz)
    a~   = tanh(Wax x<t> + ba                     n = tanh(W_in x_t + b_in
                + Gr * (Waa a<t-1> + bh))                  + r * (W_hn h + b_hn))
    a<t> = (1 - Gu) * a~ + Gu * a<t-1>            h_t = (1 - z) * n + z * h

where h is h_(t-1). The reset gate acts behind the product, not in front of it. `weight_ih` is
W_ir, W_iz, W_in one below the other, and so on. Here the update gate z is called u, since z are
the input products.
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
    by_gate,
    columns_of,
    prepared_gates,
    transposed,
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
from neonym.nn.rows import sum_all

SCALES = {0: 0.5, 1: 0.5, 2: 1.0}
"""Of r, u, n."""


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    blocks: Sequence[Floats]  # of each step r, u, p = W_hn h + b_hn, h - n, n, (5, size, hidden)
    states: Floats  # the initial ones, then h_t of every row, (initial + rows, hidden)
    layout: Layout
    workspace: Workspace


class GruCell:
    """The GRU cell; see `neonym.nn.cells.Cell`."""

    gates = 3
    state_names: tuple[str, ...] = ("h0",)

    def prepare(self, weights: Weights) -> Prepared:
        """Transposed copies, with the sigmoids' arguments halved.

        For sigmoid(x) = tanh(x / 2) / 2 + 1 / 2. The recurrent bias of n stays apart, since it is
        multiplied by r.
        """
        bias, new_bias = add_biases(weights, 3), None
        if weights.bias_ih is not None and weights.bias_hh is not None and bias is not None:
            bias[2] = by_gate(weights.bias_ih, 3)[2]
            new_bias = by_gate(weights.bias_hh, 3)[2].copy()
        return Prepared(
            prepared_gates(transposed(weights.weight_ih, 3), SCALES),
            None if bias is None else prepared_gates(bias, SCALES),
            prepared_gates(transposed(weights.weight_hh, 3), SCALES),
            new_bias,
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
        states = with_initial(initial[0], layout, workspace)
        blocks = [workspace.empty(5, step.size, hidden) for step in layout.steps]
        for step, block in zip(layout.steps, blocks, strict=True):
            write_recurrent_products(states, prepared.recurrent, step, out=block[:3])
            h = previous_states(states, step)
            _advance(block, z[:, step.rows], prepared, h, out=states[step.following])
        return states[first:], Cache(blocks, states, layout, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Gradients of the input products and of the initial state."""
        layout, workspace, hidden = cache.layout, cache.workspace, d_outputs.shape[1]
        dz, d_new = workspace.empty(len(d_outputs), 3 * hidden), workspace.empty(*d_outputs.shape)
        recurrent = RecurrentGradients(dz, weights.weight_hh, layout, workspace)
        room = workspace.empty(5 * layout.widest * hidden)
        d_h = dz[:0, :hidden]  # gradient that arrives from the step behind
        for step, block in zip(reversed(layout.steps), reversed(cache.blocks), strict=True):
            d_output = d_outputs[step.rows]
            add_to_first(d_output, d_h)
            scratch = room[: 5 * d_output.size].reshape(5, *d_output.shape)
            d_gates = columns_of(dz[step.rows], 3)
            past = _go_back(block, d_output, scratch, d_new[step.rows], out=d_gates)
            d_h = recurrent.go_back(step)
            d_h += sum_children(past, step)
        recurrent.write_weight(cache.states, out=gradients.weight_hh)
        sum_all(dz, out=gradients.bias_hh)
        # So far the gradient of the recurrent products; the input products differ in n alone
        dz[:, 2 * hidden :] = d_new
        sum_all(dz, out=gradients.bias_ih)
        return dz, (d_h,)

    def step(self, z: Floats, prepared: Prepared, state: LayerState, out: LayerState) -> None:
        """One step for a whole batch."""
        (h,) = state
        block = aligned_empty((5, *h.shape), h.dtype)
        multiply(h, prepared.recurrent, out=block[:3])
        _advance(block, z, prepared, h, out=out[0])

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.states[cache.layout.num_initial + last_rows],)


def _advance(block: Floats, z: Floats, prepared: Prepared, h: Floats, out: Floats) -> None:
    """Complete a block that begins with the recurrent products, and write the outputs.

    These are n + u * (h - n), which is (1 - u) * n + u * h.
    """
    r_u, (r, u, p, difference, n) = block[:2], block
    r_u += z[:2]
    np.tanh(r_u, out=r_u)
    r_u *= 0.5
    r_u += 0.5
    if prepared.recurrent_bias is not None:
        p += prepared.recurrent_bias
    np.multiply(r, p, out=n)
    n += z[2]
    np.tanh(n, out=n)
    np.subtract(h, n, out=difference)
    np.multiply(u, difference, out=out)
    out += n


def _go_back(block: Floats, d_h: Floats, scratch: Floats, d_new: Floats, out: Floats) -> Floats:
    """From the gradient of h_t to those of the gates' arguments.

    Those of the recurrent products overwrite `out`, (3, size, hidden), that of the argument of n
    overwrites `d_new`, (size, hidden). Returned is what h_(t-1) gets past the gates, in the
    scratch, (5, size, hidden). A sigmoid s has the derivative s - s^2, and each is multiplied with
    something m: so (s - s s) m.
    """
    r, u, _, _, n = block
    past: Floats = scratch[1]
    through_r, x = scratch[0], scratch[4]
    np.multiply(u, d_h, out=past)
    np.subtract(d_h, past, out=d_new)  # d_h (1 - u)
    np.multiply(d_new, n, out=x)
    x *= n
    d_new -= x
    np.multiply(d_new, r, out=through_r)
    out[2] = through_r
    products, squares = scratch[:2], scratch[2:4]
    np.multiply(products, block[:2], out=squares)
    np.subtract(products, squares, out=squares)
    squares *= block[2:4]  # with p and h - n
    out[:2] = squares
    return past
