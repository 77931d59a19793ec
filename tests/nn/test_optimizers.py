import inspect
from typing import get_type_hints

import numpy as np
import pytest

from neonym.nn import (
    OPTIMIZERS,
    Adagrad,
    Adam,
    AdamW,
    Bounds,
    RecurrentNetwork,
    RmsProp,
    Sgd,
    clip_by_norm,
    clip_by_value,
    make_optimizer,
)

GRADIENTS = [np.array([1.0, -2.0, 0.5]), np.array([-0.5, 0.0, 3.0]), np.array([2.0, 1.0, 1.0])]
START = np.array([0.3, -0.7, 2.0])
VARIANTS = [*OPTIMIZERS.values(), lambda: Sgd(0.9), lambda: Sgd(0.9, True)]


def run(optimizer, lr=0.1):
    parameters = START.copy()
    for gradient in GRADIENTS:
        optimizer.step(parameters, gradient.copy(), lr)
    return parameters


def test_sgd_subtracts_the_scaled_gradients():
    np.testing.assert_allclose(run(Sgd()), [0.3 - 0.25, -0.7 + 0.1, 2 - 0.45], rtol=1e-12)


def test_momentum_steps_along_the_decaying_sum_of_gradients():
    expected, velocity = START.copy(), 0
    for g in GRADIENTS:
        velocity = 0.9 * velocity + g
        expected -= 0.1 * velocity
    np.testing.assert_allclose(run(Sgd(momentum=0.9)), expected, rtol=1e-12)


def test_nesterov_adds_the_momentum_of_the_step_to_come():
    expected, velocity = START.copy(), 0
    for g in GRADIENTS:
        velocity = 0.9 * velocity + g
        expected -= 0.1 * (g + 0.9 * velocity)
    np.testing.assert_allclose(run(Sgd(momentum=0.9, nesterov=True)), expected, rtol=1e-12)


def test_adagrad_divides_by_the_root_of_all_squares():
    expected, squares = START.copy(), 0
    for g in GRADIENTS:
        squares = squares + g * g
        expected -= 0.1 * g / (np.sqrt(squares) + 1e-3)
    np.testing.assert_allclose(run(Adagrad(eps=1e-3)), expected, rtol=1e-12)


def test_rmsprop_divides_by_the_root_of_the_mean_square():
    expected, squares = START.copy(), 0
    for g in GRADIENTS:
        squares = 0.8 * squares + 0.2 * g * g
        expected -= 0.1 * g / (np.sqrt(squares) + 1e-3)
    np.testing.assert_allclose(run(RmsProp(decay=0.8, eps=1e-3)), expected, rtol=1e-12)


def test_adamw_decays_before_the_step_of_adam():
    adam, expected = Adam(), START.copy()
    for gradient in GRADIENTS:
        expected *= 1 - 0.1 * 0.5
        adam.step(expected, gradient, 0.1)
    np.testing.assert_allclose(run(AdamW(weight_decay=0.5)), expected, rtol=1e-12)


def test_adamw_decays_only_matrices_of_a_network():
    network = RecurrentNetwork(
        5, "gru", 4, embedding_size=3, dtype="float64", trainable_initial_state=True
    )
    network.parameters[:] = 1
    optimizer = make_optimizer("adamw", decayed=network.decayed, weight_decay=0.5)
    optimizer.step(network.parameters, np.zeros_like(network.parameters), 0.1)
    values = {name: set(np.ravel(array)) for name, array in network.state_dict().items()}
    assert {name for name, value in values.items() if value == {0.95}} == {
        "rnn.weight_ih_l0",
        "rnn.weight_hh_l0",
        "head.weight",
    }
    assert set().union(*values.values()) == {0.95, 1.0}


def test_steps_leave_the_gradients_as_they_are():
    for make in VARIANTS:
        gradients = GRADIENTS[0].copy()
        make().step(START.copy(), gradients, 0.1)
        np.testing.assert_array_equal(gradients, GRADIENTS[0])


def test_adam_follows_the_formula_of_the_paper():
    expected, m, v = START.copy(), 0, 0
    for t, g in enumerate(GRADIENTS, start=1):
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        m_hat, v_hat = m / (1 - 0.8**t), v / (1 - 0.9**t)
        expected -= 0.1 * m_hat / (np.sqrt(v_hat) + 1e-3)
    np.testing.assert_allclose(run(Adam(0.8, 0.9, 1e-3)), expected, rtol=1e-12)


@pytest.mark.parametrize("make", VARIANTS)
def test_an_optimizer_continues_from_its_state_as_if_never_interrupted(make):
    whole, first, second = make(), make(), make()
    expected = run(whole)
    parameters = START.copy()
    first.step(parameters, GRADIENTS[0].copy(), 0.1)
    second.load_state_dict(first.state_dict())
    for gradient in GRADIENTS[1:]:
        second.step(parameters, gradient.copy(), 0.1)
    np.testing.assert_array_equal(parameters, expected)
    for name, value in whole.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[name], value)


def test_the_state_is_a_copy():
    optimizer = Adam()
    run(optimizer)
    optimizer.state_dict()["gradients"][:] = 0
    assert optimizer.state_dict()["gradients"].any()


def test_the_state_of_another_optimizer_is_refused():
    adam = Adam()
    run(adam)
    with pytest.raises(ValueError, match=r"expected \['steps'\] for Sgd"):
        Sgd().load_state_dict(adam.state_dict())


def test_float32_parameters_stay_float32():
    parameters = np.ones(3, dtype=np.float32)
    optimizer = Adam()
    optimizer.step(parameters, np.ones(3, dtype=np.float32), 0.1)
    assert {array.dtype for array in optimizer.vectors.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(parameters, 0.9, rtol=1e-6)


def test_gradients_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"gradients has shape \(2,\).*\(3,\)"):
        Sgd().step(np.zeros(3), np.zeros(2), 0.1)


@pytest.mark.parametrize(
    ("name", "hyperparameters", "message"),
    [
        ("adam", {"beta1": 1.0}, "beta1 is 1.0, expected beta1 < 1"),
        ("adam", {"beta2": -0.1}, "beta2 is -0.1, expected beta2 >= 0"),
        ("adam", {"eps": 0.0}, "eps is 0.0, expected eps > 0"),
        ("adam", {"eps": float("nan")}, "eps is nan, expected eps > 0"),
        ("adamw", {"beta1": 1.0}, "beta1 is 1.0, expected beta1 < 1"),
        ("adamw", {"weight_decay": -1}, "weight_decay is -1, expected weight_decay >= 0"),
        ("adagrad", {"eps": 0.0}, "eps is 0.0"),
        ("rmsprop", {"decay": 1}, "decay is 1, expected decay < 1"),
        ("sgd", {"momentum": 1}, "momentum is 1, expected momentum < 1"),
        ("sgd", {"nesterov": True}, "nesterov needs a momentum above 0"),
    ],
)
def test_a_hyperparameter_out_of_its_range_is_refused(name, hyperparameters, message):
    with pytest.raises(ValueError, match=message):
        make_optimizer(name, **hyperparameters)


def test_an_unknown_optimizer_is_refused_with_the_names_of_the_known():
    with pytest.raises(ValueError, match=r"optimizer is 'sdg', expected one of 'sgd', .*registers"):
        make_optimizer("sdg")


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_every_hyperparameter_has_a_default_and_every_number_a_range(kind):
    hints = get_type_hints(kind.__init__, include_extras=True)
    for name, parameter in inspect.signature(kind).parameters.items():
        assert parameter.default is not parameter.empty
        assert hints[name] is bool or isinstance(hints[name].__metadata__[0], Bounds)


def test_clipping_by_value_cuts_each_entry():
    gradients = np.array([-7.0, 0.5, 6.0])
    clip_by_value(gradients, 5)
    assert gradients.tolist() == [-5.0, 0.5, 5.0]


def test_clipping_by_norm_keeps_the_direction_and_returns_the_norm_before():
    gradients = np.array([3.0, 4.0])
    assert clip_by_norm(gradients, 2.5) == 5.0
    np.testing.assert_allclose(gradients, [1.5, 2.0], rtol=1e-15)


def test_clipping_by_norm_leaves_short_gradients_as_they_are():
    gradients = np.array([3.0, 4.0])
    assert clip_by_norm(gradients, 5.0) == 5.0
    assert gradients.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_norm])
def test_a_limit_that_is_not_positive_is_refused(clip):
    for limit in (0, -1, float("nan")):
        with pytest.raises(ValueError, match=r"limit is .*, expected a positive number"):
            clip(np.ones(2), limit)
