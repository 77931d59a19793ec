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
from neonym.nn.cells import LayerState, Steps, Weights, add_biases, previous_states


class Cache(NamedTuple):
    """What backward needs of the forward pass; a row for every token."""

    gates: Floats  # i, f, g, o, (tokens, 4 * hidden)
    cells: Floats  # c_t, (tokens, hidden)
    squashed: Floats  # tanh(c_t), (tokens, hidden)
    outputs: Floats  # h_t, (tokens, hidden)
    initial: LayerState  # h_0 and c_0, (batch, hidden)


class LstmCell:
    """The LSTM cell; see `neonym.nn.cells.Cell`."""

    gates = 4
    state_names: tuple[str, ...] = ("h0", "c0")

    def input_bias(self, weights: Weights) -> Floats | None:
        """Both biases."""
        return add_biases(weights.bias_ih, weights.bias_hh)

    def forward(
        self, z: Floats, weights: Weights, steps: Steps, initial: LayerState
    ) -> tuple[Floats, Cache]:
        """Turn the input products into the gates, in place, and return the outputs."""
        scale = _gate_scale(z)
        recurrent = np.ascontiguousarray((weights.weight_hh * scale[:, None]).T)
        z *= scale
        h, c = initial
        hidden = h.shape[1]
        outputs, cells, squashed = np.empty((3, len(z), hidden), dtype=z.dtype)
        products = np.empty((len(h), 4 * hidden), dtype=z.dtype)
        for start, stop in steps:
            rows, count = z[start:stop], stop - start
            rows += np.matmul(h[:count], recurrent, out=products[:count])
            _activate(rows, scale)
            c = _new_cells(rows, c[:count], out=cells[start:stop])
            np.tanh(c, out=squashed[start:stop])
            h = np.multiply(rows[:, 3 * hidden :], squashed[start:stop], out=outputs[start:stop])
        return outputs, Cache(z, cells, squashed, outputs, initial)

    def backward(
        self, d_outputs: Floats, cache: Cache, weights: Weights, gradients: Weights, steps: Steps
    ) -> tuple[Floats, LayerState]:
        """Turn the gradients of the outputs into those of the input products."""
        hidden = d_outputs.shape[1]
        dz, through_output = _local_derivatives(cache, steps)
        forget = cache.gates[:, hidden : 2 * hidden]
        d_h = d_cells = d_outputs[:0]  # gradients that arrive from the step behind
        for start, stop in reversed(steps):
            rows = d_outputs[start:stop]
            rows[: len(d_h)] += d_h
            d_c = through_output[start:stop]
            d_c *= rows
            d_c[: len(d_cells)] += d_cells
            gates = dz[start:stop]
            gates[:, 3 * hidden :] *= rows
            gates[:, : 3 * hidden].reshape(-1, 3, hidden)[...] *= d_c[:, None]
            d_h = gates @ weights.weight_hh
            d_cells = d_c * forget[start:stop]
        previous = previous_states(cache.outputs, cache.initial[0], steps)
        np.matmul(dz.T, previous, out=gradients.weight_hh)
        for bias in (gradients.bias_ih, gradients.bias_hh):
            if bias is not None:
                np.sum(dz, axis=0, out=bias)
        return dz, (d_h, d_cells)

    def step(self, z: Floats, weights: Weights, state: LayerState) -> LayerState:
        """One step for a whole batch."""
        h, c = state
        scale = _gate_scale(z)
        gates = (z + h @ weights.weight_hh.T) * scale
        _activate(gates, scale)
        c = _new_cells(gates, c, out=np.empty_like(c))
        return gates[:, 3 * h.shape[1] :] * np.tanh(c), c

    def final_state(self, cache: Cache, last_rows: Integers) -> LayerState:
        """Outputs and cells of the given rows."""
        return cache.outputs[last_rows], cache.cells[last_rows]


def _gate_scale(z: Floats) -> Floats:
    """A half for the sigmoid gates and 1 for g, shape (4 * hidden,).

    For sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that one tanh serves all gates.
    """
    scale = np.full(z.shape[1], 0.5, dtype=z.dtype)
    scale[z.shape[1] // 2 : 3 * z.shape[1] // 4] = 1
    return scale


def _activate(gates: Floats, scale: Floats) -> None:
    np.tanh(gates, out=gates)
    gates *= scale
    gates += 1 - scale


def _new_cells(gates: Floats, cells: Floats, out: Floats) -> Floats:
    hidden = cells.shape[1]
    np.multiply(gates[:, hidden : 2 * hidden], cells, out=out)
    out += gates[:, :hidden] * gates[:, 2 * hidden : 3 * hidden]
    return out


def _local_derivatives(cache: Cache, steps: Steps) -> tuple[Floats, Floats]:
    """Derivatives that hold within a step, for all rows.

    Of the gates' arguments, (tokens, 4 * hidden): i, f, g to be multiplied with the gradient of
    c_t, o with that of h_t; and of h_t with respect to c_t, (tokens, hidden).
    """
    i, f, g, o = np.split(cache.gates, 4, axis=1)
    before = previous_states(cache.cells, cache.initial[1], steps)
    local = np.empty_like(cache.gates)
    d_i, d_f, d_g, d_o = np.split(local, 4, axis=1)
    d_i[...] = g * i * (1 - i)
    d_f[...] = before * f * (1 - f)
    d_g[...] = i * (1 - g * g)
    d_o[...] = cache.squashed * o * (1 - o)
    return local, o * (1 - cache.squashed * cache.squashed)
