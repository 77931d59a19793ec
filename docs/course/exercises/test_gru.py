"""What the functions of gru.py must give."""

import numpy as np
import pytest

GATES = "rua"


@pytest.fixture
def step():
    """A batch of four, three inputs, five units: x, a and the parameters."""
    random = np.random.default_rng(0)
    p = {f"W{k}x": random.standard_normal((5, 3)) for k in GATES}
    p |= {f"W{k}a": random.standard_normal((5, 5)) for k in GATES}
    p |= {name: random.standard_normal((5, 1)) for name in ("br", "bu", "ba", "bh")}
    return random.standard_normal((3, 4)), random.standard_normal((5, 4)), p


def test_an_update_gate_of_one_keeps_the_state_and_of_zero_takes_the_new_one(exercise, step):
    x, a, p = step
    kept, _ = exercise.gru_cell_forward(x, a, p | {"bu": np.full((5, 1), 500.0)})
    np.testing.assert_allclose(kept, a)
    p |= {"bu": np.full((5, 1), -500.0), "br": np.full((5, 1), 500.0)}
    renewed, _ = exercise.gru_cell_forward(x, a, p)
    plain = np.tanh(p["Wax"] @ x + p["ba"] + p["Waa"] @ a + p["bh"])
    np.testing.assert_allclose(renewed, plain)


def test_a_closed_reset_gate_hides_the_state_and_its_bias_from_the_new_one(exercise, step):
    x, a, p = step
    p |= {"bu": np.full((5, 1), -500.0), "br": np.full((5, 1), -500.0)}
    renewed, _ = exercise.gru_cell_forward(x, a, p)
    np.testing.assert_allclose(renewed, np.tanh(p["Wax"] @ x + p["ba"]))


def test_every_gradient_is_that_of_the_loss(exercise, step):
    """Of a sum of a with random weights, by central differences."""
    x, a, p = step
    da = np.random.default_rng(1).standard_normal((5, 4))

    def loss():
        return float((da * exercise.gru_cell_forward(x, a, p)[0]).sum())

    gradients = exercise.gru_cell_backward(da, exercise.gru_cell_forward(x, a, p)[1])
    for name, array in ({"xt": x, "a_prev": a} | p).items():
        numeric = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + 1e-5
            above = loss()
            array[place] = kept - 1e-5
            numeric[place] = (above - loss()) / 2e-5
            array[place] = kept
        np.testing.assert_allclose(gradients[f"d{name}"], numeric, atol=1e-8, err_msg=name)
