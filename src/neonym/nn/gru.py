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
    Weights,
    by_gate,
    previous_states,
    sum_of_products,
    transposed,
    with_initial,
)
from neonym.nn.packing import PackedSequences
from neonym.nn.workspace import Workspace

NUMBERS_AT_ONCE = 1 << 15
"""Local derivatives are computed for spans of about this many states, which stay in the cache."""


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

    def input_bias(self, weights: Weights) -> Floats | None:
        """Both biases of r and u, but only `bias_ih` of n: the other is multiplied by r."""
        if weights.bias_ih is None or weights.bias_hh is None:
            return weights.bias_ih
        bias = weights.bias_ih + weights.bias_hh
        new = slice(2 * len(bias) // 3, None)
        bias[new] = weights.bias_ih[new]
        return np.asarray(bias)

    def forward(
        self,
        z: Floats,
        weights: Weights,
        batch: PackedSequences,
        initial: LayerState,
        workspace: Workspace,
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the gates, in place, and return the outputs."""
        recurrent, bias = transposed(weights.weight_hh, 3), _new_bias(weights)
        count, hidden = initial[0].shape
        states = with_initial(initial[0], batch, workspace)
        outputs, kept = states[count:], workspace.empty(z.shape[1], hidden)
        products = workspace.empty(3, count, hidden)
        for step in batch.steps:
            h, gates = states[step.previous], z[:, step.rows]
            product = np.matmul(h, recurrent, out=products[:, : step.size])
            np.add(product[2], bias, out=kept[step.rows])
            _activate(gates, product, kept[step.rows])
            _write_outputs(gates, h, out=outputs[step.rows])
        return outputs, Cache(z, kept, states, batch, workspace)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products."""
        batch, workspace = cache.batch, cache.workspace
        count, hidden = batch.num_sequences, d_outputs.shape[1]
        previous = previous_states(cache.states, batch, workspace)
        dz, through_new = workspace.empty(*cache.gates.shape), workspace.empty(*d_outputs.shape)
        products, kept = workspace.empty(3, count, hidden), workspace.empty(count, hidden)
        d_h = kept[:0]  # gradient that arrives from the step behind
        for steps in reversed(batch.spans(NUMBERS_AT_ONCE // hidden)):
            span = slice(steps[0].rows.start, steps[-1].rows.stop)
            _local_derivatives(cache, previous, span, dz[:, span], through_new[span])
            for step in reversed(steps):
                rows, gates = d_outputs[step.rows], dz[:, step.rows]
                rows[: len(d_h)] += d_h
                gates *= rows
                d_h = sum_of_products(gates, weights.weight_hh, products[:, : step.size])
                d_h += np.multiply(rows, cache.gates[1, step.rows], out=kept[: step.size])
        np.matmul(dz.transpose(0, 2, 1), previous, out=by_gate(gradients.weight_hh, 3))
        if gradients.bias_hh is not None:
            np.sum(dz, axis=1, out=by_gate(gradients.bias_hh, 3))
        # So far the gradient of the recurrent products; the input products differ in n alone.
        np.multiply(through_new, d_outputs, out=dz[2])
        if gradients.bias_ih is not None:
            np.sum(dz, axis=1, out=by_gate(gradients.bias_ih, 3))
        return dz, (d_h,)

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        (h,) = state
        gates, outputs = z.copy(), np.empty_like(h)
        product = h @ by_gate(weights.weight_hh, 3).transpose(0, 2, 1)
        _activate(gates, product, product[2] + _new_bias(weights))
        _write_outputs(gates, h, out=outputs)
        return (outputs,)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.states[cache.batch.num_sequences + last_rows],)


def _new_bias(weights: Weights) -> Floats:
    """The bias b_hn, shape (hidden,), or 0."""
    if weights.bias_hh is None:
        return np.zeros(1, dtype=weights.weight_hh.dtype)
    return weights.bias_hh[-weights.weight_hh.shape[1] :]


def _activate(gates: Floats, product: Floats, new: Floats) -> None:
    """Turn input products into r, u, n, in place; overwrites `product`."""
    r_u, n = gates[:2], gates[2]
    r_u += product[:2]
    r_u *= 0.5  # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2
    np.tanh(r_u, out=r_u)
    r_u *= 0.5
    r_u += 0.5
    n += np.multiply(r_u[0], new, out=product[2])
    np.tanh(n, out=n)


def _write_outputs(gates: Floats, h: Floats, out: Floats) -> None:
    """The outputs n + u * (h - n), which is (1 - u) * n + u * h."""
    _, u, n = gates
    np.subtract(h, n, out=out)
    out *= u
    out += n


def _local_derivatives(
    cache: Cache, previous: Floats, span: slice, out: Floats, through_new: Floats
) -> None:
    """Derivatives of h_t that hold within a step, for a span of rows.

    Written to `out`, (3, rows, hidden): with respect to the recurrent products; to `through_new`,
    (rows, hidden): with respect to the argument of n.
    """
    gates = cache.gates[:, span]
    r, _, n = gates
    d_r, d_u, d_n = out
    np.multiply(n, n, out=through_new)
    np.subtract(1, through_new, out=through_new)
    np.subtract(1, gates[:2], out=out[:2])
    through_new *= d_u  # still 1 - u
    out[:2] *= gates[:2]
    d_r *= through_new
    d_r *= cache.products[span]
    d_u *= np.subtract(previous[span], n, out=d_n)
    np.multiply(through_new, r, out=d_n)
