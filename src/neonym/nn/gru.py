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
from neonym.nn.cells import LayerState, Steps, Weights, previous_states


class Cache(NamedTuple):
    """What backward needs of the forward pass; a row for every token."""

    gates: Floats  # r, u, n, (tokens, 3 * hidden)
    products: Floats  # W_hn h + b_hn, (tokens, hidden)
    outputs: Floats  # h_t, (tokens, hidden)
    initial: Floats  # h_0, (batch, hidden)


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
        self, z: Floats, weights: Weights, steps: Steps, initial: LayerState
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the gates, in place, and return the outputs."""
        recurrent = np.ascontiguousarray(weights.weight_hh.T)
        (h,) = initial
        hidden = h.shape[1]
        outputs, kept = np.empty((2, len(z), hidden), dtype=z.dtype)
        products = np.empty((len(h), 3 * hidden), dtype=z.dtype)
        for start, stop in steps:
            rows, count = z[start:stop], stop - start
            product = np.matmul(h[:count], recurrent, out=products[:count])
            new = _with_bias(product[:, 2 * hidden :], weights.bias_hh, out=kept[start:stop])
            h = _new_outputs(rows, product, new, h[:count], out=outputs[start:stop])
        return outputs, Cache(z, kept, outputs, initial[0])

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights, steps: Steps
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products."""
        hidden = d_outputs.shape[1]
        previous = previous_states(cache.outputs, cache.initial, steps)
        d_products, through_new = _local_derivatives(cache, previous)
        update = cache.gates[:, hidden : 2 * hidden]
        d_h = d_outputs[:0]  # gradient that arrives from the step behind
        for start, stop in reversed(steps):
            rows = d_outputs[start:stop]
            rows[: len(d_h)] += d_h
            gates = d_products[start:stop]
            gates.reshape(-1, 3, hidden)[...] *= rows[:, None]
            d_h = gates @ weights.weight_hh
            d_h += rows * update[start:stop]
        np.matmul(d_products.T, previous, out=gradients.weight_hh)
        if gradients.bias_hh is not None:
            np.sum(d_products, axis=0, out=gradients.bias_hh)
        dz = d_products  # differs from the gradient of the input products in n alone
        np.multiply(through_new, d_outputs, out=dz[:, 2 * hidden :])
        if gradients.bias_ih is not None:
            np.sum(dz, axis=0, out=gradients.bias_ih)
        return dz, (d_h,)

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        (h,) = state
        product = h @ weights.weight_hh.T
        new = _with_bias(product[:, 2 * h.shape[1] :], weights.bias_hh, out=np.empty_like(h))
        return (_new_outputs(z.copy(), product, new, h, out=np.empty_like(h)),)

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """The outputs of the given rows."""
        return (cache.outputs[last_rows],)


def _with_bias(products: Floats, bias: Floats | None, out: Floats) -> Floats:
    """W_hn h + b_hn."""
    if bias is None:
        out[...] = products
        return out
    return np.add(products, bias[-products.shape[1] :], out=out)


def _new_outputs(gates: Floats, product: Floats, new: Floats, h: Floats, out: Floats) -> Floats:
    """Turn input products into r, u, n, in place, and return n + u * (h - n)."""
    hidden = h.shape[1]
    r_u, n = gates[:, : 2 * hidden], gates[:, 2 * hidden :]
    r_u += product[:, : 2 * hidden]
    r_u *= 0.5  # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2
    np.tanh(r_u, out=r_u)
    r_u *= 0.5
    r_u += 0.5
    n += r_u[:, :hidden] * new
    np.tanh(n, out=n)
    np.subtract(h, n, out=out)
    out *= r_u[:, hidden:]
    out += n
    return out


def _local_derivatives(cache: Cache, previous: Floats) -> tuple[Floats, Floats]:
    """Derivatives of h_t that hold within a step, for all rows.

    With respect to the recurrent products, (tokens, 3 * hidden), and to the argument of n,
    (tokens, hidden).
    """
    r, u, n = np.split(cache.gates, 3, axis=1)
    through_new = (1 - u) * (1 - n * n)
    local = np.empty_like(cache.gates)
    d_r, d_u, d_n = np.split(local, 3, axis=1)
    d_r[...] = through_new * cache.products * r * (1 - r)
    d_u[...] = (previous - n) * u * (1 - u)
    d_n[...] = through_new * r
    return local, np.asarray(through_new)
