"""What the functions of lstm.py must give."""

import numpy as np
import pytest

from neonym.nn import RecurrentNetwork

GATES = "ufco"


@pytest.fixture
def step():
    """A batch of four, three inputs, five units: x, a, c and the parameters."""
    random = np.random.default_rng(0)
    p = {f"W{k}x": random.standard_normal((5, 3)) for k in GATES}
    p |= {f"W{k}a": random.standard_normal((5, 5)) for k in GATES}
    p |= {f"b{k}": random.standard_normal((5, 1)) for k in GATES}
    return [random.standard_normal(shape) for shape in ((3, 4), (5, 4), (5, 4))], p


def by_hand(gates):
    """Parameters of one unit and one input whose gates stand at given sums, whatever is read."""
    zeros = {f"W{k}{of}": np.zeros((1, 1)) for k in GATES for of in "xa"}
    return zeros | {f"b{k}": np.full((1, 1), float(gates[k])) for k in GATES}


def test_an_open_forget_gate_and_a_closed_update_gate_keep_what_was_there(exercise):
    p = by_hand({"u": -50, "f": 50, "c": 3, "o": 50})
    x, c = np.ones((1, 1)), np.full((1, 1), 0.7)
    a_next, c_next, _ = exercise.lstm_cell_forward(x, x, c, p)
    assert c_next[0, 0] == pytest.approx(0.7)
    assert a_next[0, 0] == pytest.approx(np.tanh(0.7))


def test_half_open_gates_take_half_of_the_old_and_half_of_the_new(exercise):
    p = by_hand({"u": 0, "f": 0, "c": 1, "o": 0})
    x, c = np.ones((1, 1)), np.full((1, 1), 0.6)
    a_next, c_next, _ = exercise.lstm_cell_forward(x, x, c, p)
    assert c_next[0, 0] == pytest.approx(0.5 * np.tanh(1) + 0.3)
    assert a_next[0, 0] == pytest.approx(0.5 * np.tanh(c_next[0, 0]))


def test_a_step_is_that_of_the_networks_of_neonym(exercise):
    network = RecurrentNetwork(3, "lstm", 5, bias=True, dtype="float64", seed=1)
    state = network.state_dict()
    p = {}
    for place, k in enumerate(GATES):
        rows = slice(5 * place, 5 * place + 5)
        p[f"W{k}x"], p[f"W{k}a"] = state["rnn.weight_ih_l0"][rows], state["rnn.weight_hh_l0"][rows]
        p[f"b{k}"] = (state["rnn.bias_ih_l0"] + state["rnn.bias_hh_l0"])[rows][:, None]
    a = c = np.zeros((5, 1))
    theirs = network.initial_state(1)
    for token in (0, 2, 1):
        a, c, _ = exercise.lstm_cell_forward(np.eye(3)[:, [token]], a, c, p)
        logits, theirs = network.step([token], theirs)
        expected = state["head.weight"] @ a + state["head.bias"][:, None]
        np.testing.assert_allclose(logits[0], expected[:, 0], rtol=1e-10)


def test_every_gradient_is_that_of_the_loss(exercise, step):
    """Of a sum of a and c with random weights, by central differences."""
    (x, a, c), p = step
    random = np.random.default_rng(1)
    da, dc = random.standard_normal((5, 4)), random.standard_normal((5, 4))
    inputs = {"xt": x, "a_prev": a, "c_prev": c} | p

    def loss():
        a_next, c_next, _ = exercise.lstm_cell_forward(x, a, c, p)
        return float((da * a_next + dc * c_next).sum())

    gradients = exercise.lstm_cell_backward(da, dc, exercise.lstm_cell_forward(x, a, c, p)[2])
    for name, array in inputs.items():
        numeric = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + 1e-5
            above = loss()
            array[place] = kept - 1e-5
            numeric[place] = (above - loss()) / 2e-5
            array[place] = kept
        np.testing.assert_allclose(gradients[f"d{name}"], numeric, atol=1e-8, err_msg=name)


def test_the_memory_passes_its_gradient_on_through_the_forget_gate_alone(exercise, step):
    (x, a, c), p = step
    p["bf"] = p["bf"] + 50
    cache = exercise.lstm_cell_forward(x, a, c, p)[2]
    dc = np.random.default_rng(2).standard_normal((5, 4))
    gradients = exercise.lstm_cell_backward(np.zeros((5, 4)), dc, cache)
    np.testing.assert_allclose(gradients["dc_prev"], dc, rtol=1e-12)
