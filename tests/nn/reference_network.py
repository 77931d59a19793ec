"""The network as plainly as it can be written: one sequence, one step, one gate at a time.

Columns are vectors here, as in the teaching documents; nothing is shared with neonym.nn.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)


def rnn_cell_forward(x, state, w, nonlinearity="tanh"):
    (h,) = state
    z = w["W_ih"] @ x + w["b_ih"] + w["W_hh"] @ h + w["b_hh"]
    h_next = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
    return (h_next,), (x, h, h_next)


def rnn_cell_backward(d_state, cache, w, d, nonlinearity="tanh"):
    x, h, h_next = cache
    slope = 1 - h_next**2 if nonlinearity == "tanh" else (h_next > 0).astype(float)
    dz = slope * d_state[0]
    d["W_ih"] += np.outer(dz, x)
    d["W_hh"] += np.outer(dz, h)
    d["b_ih"] += dz
    d["b_hh"] += dz
    return w["W_ih"].T @ dz, (w["W_hh"].T @ dz,)


def lstm_cell_forward(x, state, w, nonlinearity=None):
    h, c = state
    z = w["W_ih"] @ x + w["b_ih"] + w["W_hh"] @ h + w["b_hh"]
    zi, zf, zg, zo = np.split(z, 4)
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return (h_next, c_next), (x, h, c, i, f, g, o, c_next)


def lstm_cell_backward(d_state, cache, w, d, nonlinearity=None):
    x, h, c, i, f, g, o, c_next = cache
    dh, dc = d_state
    do = dh * np.tanh(c_next)
    dc = dc + dh * o * (1 - np.tanh(c_next) ** 2)
    di, df, dg = dc * g, dc * c, dc * i
    dz = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
    d["W_ih"] += np.outer(dz, x)
    d["W_hh"] += np.outer(dz, h)
    d["b_ih"] += dz
    d["b_hh"] += dz
    return w["W_ih"].T @ dz, (w["W_hh"].T @ dz, dc * f)


def gru_cell_forward(x, state, w, nonlinearity=None):
    (h,) = state
    xr, xz, xn = np.split(w["W_ih"] @ x + w["b_ih"], 3)
    hr, hz, hn = np.split(w["W_hh"] @ h + w["b_hh"], 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return ((1 - z) * n + z * h,), (x, h, r, z, n, hn)


def gru_cell_backward(d_state, cache, w, d, nonlinearity=None):
    x, h, r, z, n, hn = cache
    (dh,) = d_state
    dn = dh * (1 - z) * (1 - n**2)
    dz = dh * (h - n) * z * (1 - z)
    dr = dn * hn * r * (1 - r)
    d_input, d_hidden = np.concatenate([dr, dz, dn]), np.concatenate([dr, dz, dn * r])
    d["W_ih"] += np.outer(d_input, x)
    d["W_hh"] += np.outer(d_hidden, h)
    d["b_ih"] += d_input
    d["b_hh"] += d_hidden
    return w["W_ih"].T @ d_input, (w["W_hh"].T @ d_hidden + dh * z,)


CELLS = {
    "rnn": (rnn_cell_forward, rnn_cell_backward, ("h0",), 1),
    "gru": (gru_cell_forward, gru_cell_backward, ("h0",), 3),
    "lstm": (lstm_cell_forward, lstm_cell_backward, ("h0", "c0"), 4),
}


def loss_and_gradients(network, sequences):
    """Mean nats per target and the gradients, by name, without dropout."""
    return Reference(network).loss_and_gradients(sequences)


def logits(network, sequence):
    """Logits behind the start token and behind every token of the sequence."""
    reference = Reference(network)
    return np.stack([step[0] for step in reference.forward([0, *sequence])])


class Reference:
    def __init__(self, network):
        self.options, self.state = network.options, network.state_dict()
        self.cell_forward, self.cell_backward, self.state_names, gates = CELLS[self.options["cell"]]
        self.nonlinearity = self.options["nonlinearity"]
        self.hidden = self.options["hidden_size"]
        zeros = np.zeros(gates * self.hidden)
        self.layers = [
            {
                "W_ih": self.state[f"rnn.weight_ih_l{layer}"],
                "W_hh": self.state[f"rnn.weight_hh_l{layer}"],
                "b_ih": self.state.get(f"rnn.bias_ih_l{layer}", zeros),
                "b_hh": self.state.get(f"rnn.bias_hh_l{layer}", zeros),
            }
            for layer in range(self.options["num_layers"])
        ]

    def input(self, token):
        if "embedding.weight" in self.state:
            return self.state["embedding.weight"][token]
        return np.eye(self.options["vocabulary_size"])[token]

    def initial(self, layer):
        zeros = np.zeros(self.hidden)
        return tuple(self.state.get(f"rnn.{name}_l{layer}", zeros) for name in self.state_names)

    def forward(self, tokens):
        states = [self.initial(layer) for layer in range(len(self.layers))]
        steps = []
        for token in tokens:
            x, caches = self.input(token), []
            for layer, w in enumerate(self.layers):
                states[layer], cache = self.cell_forward(x, states[layer], w, self.nonlinearity)
                caches.append(cache)
                x = states[layer][0]
            bias = self.state.get("head.bias", 0)
            steps.append((self.state["head.weight"] @ x + bias, x, caches))
        return steps

    def loss_and_gradients(self, sequences):
        total = {name: np.zeros_like(array) for name, array in self.state.items()}
        layers = [{name: np.zeros_like(a) for name, a in w.items()} for w in self.layers]
        nats, count = 0.0, 0
        for sequence in sequences:
            tokens, targets = self.tokens_and_targets(list(sequence))
            steps = self.forward(tokens)
            d_logits = []
            for (z, _, _), target in zip(steps, targets, strict=True):
                if target is None:
                    d_logits.append(np.zeros_like(z))
                    continue
                p = softmax(z)
                nats, count = nats - np.log(p[target]), count + 1
                d_logits.append(p - np.eye(len(z))[target])
            self.backward(tokens, steps, d_logits, total, layers)
        for layer, d in enumerate(layers):
            for mine, name in (("W_ih", "weight_ih"), ("W_hh", "weight_hh")):
                total[f"rnn.{name}_l{layer}"] += d[mine]
            for mine, name in (("b_ih", "bias_ih"), ("b_hh", "bias_hh")):
                if f"rnn.{name}_l{layer}" in total:
                    total[f"rnn.{name}_l{layer}"] += d[mine]
        return nats / count, {name: array / count for name, array in total.items()}

    def tokens_and_targets(self, sequence):
        if self.options["output"] == "last":
            return [0, *sequence[:-1]], [None] * (len(sequence) - 1) + [sequence[-1]]
        return [0, *sequence], [*sequence, 0]

    def backward(self, tokens, steps, d_logits, total, layers):
        zeros = np.zeros(self.hidden)
        d_states = [tuple(zeros for _ in self.state_names) for _ in self.layers]
        for token, (_, h, caches), dz in reversed(list(zip(tokens, steps, d_logits, strict=True))):
            total["head.weight"] += np.outer(dz, h)
            if "head.bias" in total:
                total["head.bias"] += dz
            dx = self.state["head.weight"].T @ dz
            for layer in reversed(range(len(self.layers))):
                d_state = (d_states[layer][0] + dx, *d_states[layer][1:])
                dx, d_states[layer] = self.cell_backward(
                    d_state, caches[layer], self.layers[layer], layers[layer], self.nonlinearity
                )
            if "embedding.weight" in total:
                total["embedding.weight"][token] += dx
        for layer, d_state in enumerate(d_states):
            for name, d in zip(self.state_names, d_state, strict=True):
                if f"rnn.{name}_l{layer}" in total:
                    total[f"rnn.{name}_l{layer}"] += d
