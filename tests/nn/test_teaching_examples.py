"""The values and experiments of the teaching documents, on this network."""

import numpy as np
import pytest
from reference_network import softmax

from neonym.nn import Adam, RecurrentNetwork, Sgd, clip_by_value, gradcheck, pack
from neonym.nn.cells import RnnCell
from neonym.nn.cells.cell import Weights
from neonym.nn.memory import Workspace


def rnn_cell_forward(xt, a_prev, p):
    """One step in columns, as the documents write it."""
    a_next = np.tanh(p["Waa"] @ a_prev + p["Wax"] @ xt + p["ba"])
    return a_next, softmax(p["Wya"] @ a_next + p["by"]), (a_next, a_prev, xt, p)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dtanh = (1 - a_next**2) * da_next
    return {
        "dxt": p["Wax"].T @ dtanh,
        "da_prev": p["Waa"].T @ dtanh,
        "dWax": dtanh @ xt.T,
        "dWaa": dtanh @ a_prev.T,
        "dba": dtanh.sum(axis=1, keepdims=True),
    }


def example(x_shape):
    """The example drawn from seed 1."""
    random = np.random.RandomState(1)
    x, a0 = random.randn(*x_shape), random.randn(5, 10)
    names_and_shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    return x, a0, {name: random.randn(*shape) for name, shape in names_and_shapes.items()}


def fused_forward(x, a0, p):
    """The fused cell on x (inputs, batch, steps), giving outputs (hidden, batch, steps)."""
    weights = Weights(p["Wax"], p["Waa"], p["ba"][:, 0], None)
    batch, steps = x.shape[1:]
    rows = x.transpose(2, 1, 0).reshape(steps * batch, -1)
    z = rows @ p["Wax"].T + p["ba"][:, 0]
    packed = pack([[1] * (steps - 1)] * batch) if steps > 1 else pack([[1]] * batch, "last")
    workspace = Workspace("float64")
    outputs, cache = RnnCell().forward(
        z[None], RnnCell().prepare(weights), packed.plain, (a0.T.copy(),), workspace
    )
    return outputs.reshape(steps, batch, -1).transpose(2, 1, 0), (cache, weights)


def test_one_step_gives_the_printed_values():
    x, a_prev, p = example((3, 10))
    a_next, y, _ = rnn_cell_forward(x, a_prev, p)
    printed_a = "0.59584544 0.18141802 0.61311866 0.99808218 0.85016201 0.99980978 "
    printed_a += "-0.18887155 0.99815551 0.6531151 0.82872037"
    printed_y = "0.9888161 0.01682021 0.21140899 0.36817467 0.98988387 0.88945212 "
    printed_y += "0.36920224 0.9966312 0.9982559 0.17746526"
    np.testing.assert_allclose(a_next[4], np.fromstring(printed_a, sep=" "), atol=5e-9)
    np.testing.assert_allclose(y[1], np.fromstring(printed_y, sep=" "), atol=5e-9)
    fused, _ = fused_forward(x[:, :, None], a_prev, p)
    np.testing.assert_allclose(fused[:, :, 0], a_next, rtol=1e-12)


def test_four_steps_give_the_printed_values():
    x, a0, p = example((3, 10, 4))
    fused, _ = fused_forward(x, a0, p)
    expected = [-0.99999375, 0.77911235, -0.99861469, -0.99833267]
    np.testing.assert_allclose(fused[4, 1], expected, atol=5e-9)
    y = softmax(np.einsum("ya,abt->ybt", p["Wya"], fused) + p["by"][:, :, None])
    np.testing.assert_allclose(y[1, 3], [0.79560373, 0.86224861, 0.11118257, 0.81515947], atol=5e-9)


def test_the_fused_backward_sums_the_steps_of_the_documents():
    """Also the gradient of the initial state, which the notebook trains."""
    x, a0, p = example((3, 10, 4))
    d_outputs = np.random.RandomState(2).randn(5, 10, 4)
    caches, a = [], a0
    for step in range(4):
        a, _, cache = rnn_cell_forward(x[:, :, step], a, p)
        caches.append(cache)
    expected = {"dWax": 0, "dWaa": 0, "dba": 0}
    da_prev = np.zeros((5, 10))
    for step in reversed(range(4)):
        gradients = rnn_cell_backward(d_outputs[:, :, step] + da_prev, caches[step])
        da_prev = gradients["da_prev"]
        expected = {name: total + gradients[name] for name, total in expected.items()}
    _, (cache, weights) = fused_forward(x, a0, p)
    fused = Weights(np.zeros((5, 3)), np.zeros((5, 5)), np.zeros(5), None)
    rows = d_outputs.transpose(2, 1, 0).reshape(40, 5).copy()
    (d_initial,) = RnnCell().backward(rows, cache, weights, fused, out=rows)
    np.testing.assert_allclose(fused.weight_hh, expected["dWaa"], rtol=1e-10)
    np.testing.assert_allclose(fused.bias_ih, expected["dba"][:, 0], rtol=1e-10)
    np.testing.assert_allclose(
        rows.T @ x.transpose(2, 1, 0).reshape(40, 3), expected["dWax"], rtol=1e-10
    )
    np.testing.assert_allclose(d_initial.T, da_prev, rtol=1e-10)


def test_dinosaur_names_are_learned_one_hot_with_sgd_and_values_clipped_at_five():
    names = ["aachenosaurus", "aardonyx", "abelisaurus", "abrictosaurus", "yongjinglong"]
    sequences = [[ord(letter) - 96 for letter in name] for name in names]
    network = RecurrentNetwork(
        27, "rnn", 50, bias="single", initialization="normal", initialization_scale=0.01
    )
    optimizer = Sgd()
    losses = []
    for step in range(1000):
        batch = network.pack([sequences[step % len(sequences)]])
        losses.append(network.forward_backward(batch))
        clip_by_value(network.gradients, 5)
        optimizer.step(network.parameters, network.gradients, 0.1)
    assert losses[0] == pytest.approx(np.log(27), rel=1e-3)
    assert np.mean(losses[-5:]) < 0.5


SENTENCES = [
    "i like dogs",
    "i love coffee",
    "i hate milk",
    "you like cats",
    "you love milk",
    "you hate coffee",
]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_last_word_follows_from_the_first_two(cell, layers):
    words = sorted({word for sentence in SENTENCES for word in sentence.split()})
    assert len(words) == 9
    sequences = [[words.index(word) + 1 for word in line.split()] for line in SENTENCES]
    network = RecurrentNetwork(10, cell, 5, layers, bias=True, output="last", seed=0)
    optimizer, batch = Adam(), network.pack(sequences)
    for _ in range(500):
        network.forward_backward(batch)
        optimizer.step(network.parameters, network.gradients, 0.01)
    state = network.initial_state(6)
    for column in range(3):
        tokens = [0] * 6 if column == 0 else [sequence[column - 1] for sequence in sequences]
        logits, state = network.step(tokens, state)
    assert logits.argmax(axis=1).tolist() == [sequence[2] for sequence in sequences]


def test_padded_batches_without_biases_have_the_documented_gradient_at_the_last_step():
    """Batch first, tanh, no biases, cross-entropy of the last step; here the mean, not the sum."""
    network = RecurrentNetwork(5, "rnn", 4, bias=False, output="last", dtype="float64")
    padded = [[3, 1, 4, 0], [2, 2, 0, 0], [4, 3, 0, 0]]  # 0 pads and ends
    state = network.state_dict()
    wxh, whh, who = (
        state[f"{name}"].T for name in ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "head.weight")
    )
    x = np.eye(5)[[[0, *row[:-1]] for row in padded]]  # (batch, steps, 5)
    y = np.eye(5)[[row[-1] for row in padded]]
    s = {-1: np.zeros((3, 4))}
    for t in range(4):
        s[t] = np.tanh(s[t - 1] @ whh + x[:, t] @ wxh)
    y_hat = softmax((s[3] @ who).T).T
    ro = (y_hat - y) / 3
    d_who, d_wxh, d_whh = s[3].T @ ro, 0, 0
    ro = ro @ who.T * (1 - s[3] ** 2)
    for t in reversed(range(4)):
        d_wxh, d_whh = d_wxh + x[:, t].T @ ro, d_whh + s[t - 1].T @ ro
        ro = ro @ whh.T * (1 - s[t - 1] ** 2)
    loss, gradients = network.loss_and_gradients(padded)
    assert loss == pytest.approx(-np.log((y_hat * y).sum(axis=1)).mean(), rel=1e-12)
    np.testing.assert_allclose(gradients["rnn.weight_ih_l0"], d_wxh.T, atol=1e-12)
    np.testing.assert_allclose(gradients["rnn.weight_hh_l0"], d_whh.T, atol=1e-12)
    np.testing.assert_allclose(gradients["head.weight"], d_who.T, atol=1e-12)
    errors = gradcheck(network, padded, eps=1e-4)
    assert max(errors.values()) < 1e-6
