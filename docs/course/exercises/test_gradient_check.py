"""What the functions of gradient_check.py must give."""

import numpy as np
import pytest


def bowl(w):
    return float((w**3).sum())


def test_the_numerical_gradient_of_a_cube_is_three_times_the_square(exercise):
    w = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    np.testing.assert_allclose(exercise.numerical_gradient(bowl, w), 3 * w**2, atol=1e-8)


def test_the_numerical_gradient_puts_every_entry_back(exercise):
    w = np.array([1.0, -2.0, 0.1])
    exercise.numerical_gradient(bowl, w)
    assert w.tolist() == [1.0, -2.0, 0.1]


def test_both_sides_are_asked_so_that_a_parabola_has_no_error_but_rounding(exercise):
    w = np.array([3.0])
    (slope,) = exercise.numerical_gradient(lambda w: float(w[0] ** 2), w, eps=0.1)
    assert slope == pytest.approx(6, abs=1e-12)  # from one side it is 6.1


@pytest.mark.parametrize(
    ("a", "n", "error"),
    [([3, 4], [3, 4], 0), ([3, 4], [0, 0], 1), ([2, 0], [1, 0], 1 / 3), ([0, 0], [0, 0], 0)],
)
def test_the_relative_error_is_the_distance_over_the_sum_of_the_sizes(exercise, a, n, error):
    assert exercise.relative_error(np.array(a), np.array(n)) == pytest.approx(error)


def test_the_relative_error_does_not_depend_on_the_unit(exercise):
    a, n = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.5], [3.0, 4.0]])
    assert exercise.relative_error(1e-9 * a, 1e-9 * n) == pytest.approx(
        exercise.relative_error(a, n)
    )


def test_the_array_whose_gradient_lacks_a_transposition_is_named(exercise):
    random = np.random.default_rng(0)
    p = {name: random.standard_normal((3, 3)) for name in ("W", "V")}
    x = random.standard_normal((3, 2))

    def loss(p):
        return float((p["V"] @ np.tanh(p["W"] @ x)).sum())

    a = np.tanh(p["W"] @ x)
    ones = np.ones((3, 2))
    right = {"W": ((1 - a**2) * (p["V"].T @ ones)) @ x.T, "V": ones @ a.T}
    wrong = right | {"W": ((1 - a**2) * (p["V"] @ ones)) @ x.T}
    assert exercise.wrong_arrays(loss, right, p) == []
    assert exercise.wrong_arrays(loss, wrong, p) == ["W"]
