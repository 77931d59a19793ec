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

from typing import NamedTuple

import numpy as np

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
)
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace


class Cache(NamedTuple):
    """What backward needs of the forward pass."""

    gates: Floats  # r, u, n, (3, tokens, hidden)
    products: Floats  # W_hn h + b_hn, (tokens, hidden)
    states: Floats  # h_0 of every sequence, then h_t of every row, (batch + tokens, hidden)
    batch: PackedSequences
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
        scale = np.array([0.5, 0.5, 1], dtype=weights.weight_hh.dtype)[:, None, None]
        bias, new_bias = add_biases(weights, 3), None
        if bias is not None:
            bias = bias * scale
        if bias is not None and weights.bias_ih is not None and weights.bias_hh is not None:
            bias[2] = by_gate(weights.bias_ih, 3)[2]
            new_bias = by_gate(weights.bias_hh, 3)[2].copy()
        return Prepared(
            np.ascontiguousarray(transposed(weights.weight_ih, 3) * scale),
            bias,
            np.ascontiguousarray(transposed(weights.weight_hh, 3) * scale),
            new_bias,
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
        states = with_initial(initial[0], batch, workspace)
        products, kept = workspace.empty(3, count, hidden), workspace.empty(*z.shape[1:])
        for step in batch.steps:
            h, gates, product = states[step.previous], z[:, step.rows], products[:, : step.size]
            np.matmul(h, prepared.recurrent, out=product)
            _activate(gates, product, prepared.recurrent_bias, kept[step.rows])
            _write_outputs(gates, h, out=states[step.following])
        return states[count:], Cache(z, kept, states, batch, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gates into the gradients of the input products, in place."""
        dz, batch, workspace = cache.gates, cache.batch, cache.workspace
        count, hidden = batch.num_sequences, d_outputs.shape[1]
        previous = previous_states(cache.states, batch, workspace)
        through_new, products = workspace.empty(*d_outputs.shape), workspace.empty(3, count, hidden)
        d_h = through_new[:0]  # gradient that arrives from the step behind
        for steps in reversed(spans(batch, hidden)):
            span = slice(steps[0].rows.start, steps[-1].rows.stop)
            kept = _local_derivatives(cache, previous, span, through_new[span])
            for step in reversed(steps):
                rows, gates = d_outputs[step.rows], dz[:, step.rows]
                rows[: len(d_h)] += d_h
                gates *= rows
                d_h = sum_of_products(gates, weights.weight_hh, products[:, : step.size])
                update = kept[step.rows.start - span.start : step.rows.stop - span.start]
                update *= rows
                d_h += update
        np.matmul(dz.transpose(0, 2, 1), previous, out=by_gate(gradients.weight_hh, 3))
        if gradients.bias_hh is not None:
            np.sum(dz, axis=1, out=by_gate(gradients.bias_hh, 3))
        # So far the gradient of the recurrent products; the input products differ in n alone.
        np.multiply(through_new, d_outputs, out=dz[2])
        if gradients.bias_ih is not None:
            np.sum(dz, axis=1, out=by_gate(gradients.bias_ih, 3))
        return dz, (d_h,)

    def step(self, z: Floats, prepared: Prepared, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        (h,) = state
        gates, outputs = z.copy(), np.empty_like(h)
        _activate(gates, h @ prepared.recurrent, prepared.recurrent_bias, np.empty_like(h))
        _write_outputs(gates, h, out=outputs)
        return (outputs,)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.states[cache.batch.num_sequences + last_rows],)


def _activate(gates: Floats, product: Floats, bias: Floats | None, kept: Floats) -> None:
    """Turn input products into r, u, n, in place; `kept` becomes W_hn h + b_hn."""
    r_u, n = gates[:2], gates[2]
    r_u += product[:2]
    np.tanh(r_u, out=r_u)
    r_u *= 0.5
    r_u += 0.5
    np.add(product[2], 0 if bias is None else bias, out=kept)
    n += np.multiply(r_u[0], kept, out=product[2])
    np.tanh(n, out=n)


def _write_outputs(gates: Floats, h: Floats, out: Floats) -> None:
    """The outputs n + u * (h - n), which is (1 - u) * n + u * h."""
    _, u, n = gates
    np.subtract(h, n, out=out)
    out *= u
    out += n


def _local_derivatives(cache: Cache, previous: Floats, span: slice, through_new: Floats) -> Floats:
    """Turn the gates of a span of rows into derivatives of h_t that hold within a step.

    They become those with respect to the recurrent products; `through_new`, (rows, hidden), that
    with respect to the argument of n. Returned is the update gate, (rows, hidden). For a sigmoid s
    the derivative is s - s^2.
    """
    r, u, n = cache.gates[:, span]
    update: Floats = u.copy()
    squares = n * n
    np.subtract(1, squares, out=through_new)
    through_new -= np.multiply(through_new, u, out=squares)  # (1 - u) (1 - n^2)
    u -= np.multiply(u, u, out=squares)
    u *= np.subtract(previous[span], n, out=squares)
    np.multiply(through_new, r, out=n)
    r -= np.multiply(r, r, out=squares)
    r *= through_new
    r *= cache.products[span]
    return update
