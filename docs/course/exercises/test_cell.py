"""What the functions of cell.py must give."""

import numpy as np
import pytest


def example():
    """The example of the slides, drawn from seed 1."""
    random = np.random.RandomState(1)
    xt, a_prev = random.randn(3, 10), random.randn(5, 10)
    shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    return xt, a_prev, {name: random.randn(*shape) for name, shape in shapes.items()}


def speller():
    """Parameters with which 1 comes first, then 2, then the end."""
    return {
        "Wax": 4 * np.eye(4),
        "Waa": np.zeros((4, 4)),
        "ba": np.zeros((4, 1)),
        "Wya": 50 * np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]),
        "by": np.zeros((4, 1)),
    }


def test_a_step_gives_the_values_printed_on_the_slides(exercise):
    xt, a_prev, p = example()
    a_next, yt_pred, cache = exercise.rnn_cell_forward(xt, a_prev, p)
    printed = [0.59584544, 0.18141802, 0.61311866, 0.99808218, 0.85016201]
    np.testing.assert_allclose(a_next[4, :5], printed, atol=5e-9)
    printed = [0.9888161, 0.01682021, 0.21140899, 0.36817467, 0.98988387]
    np.testing.assert_allclose(yt_pred[1, :5], printed, atol=5e-9)
    assert [array.shape for array in cache] == [(5, 10), (5, 10), (3, 10)]


@pytest.mark.parametrize("name", ["dxt", "da_prev", "dWax", "dWaa", "dba"])
def test_a_gradient_is_what_the_loss_changes_by(exercise, name):
    xt, a_prev, p = example()
    da_next = np.random.RandomState(2).randn(5, 10)

    def memory():
        return np.tanh(p["Wax"] @ xt + p["Waa"] @ a_prev + p["ba"])

    array = {"dxt": xt, "da_prev": a_prev}.get(name, p.get(name.removeprefix("d")))
    numerical = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        kept, losses = array[place], []
        for moved in (kept + 1e-5, kept - 1e-5):
            array[place] = moved
            losses.append(np.sum(da_next * memory()))
        array[place] = kept
        numerical[place] = (losses[0] - losses[1]) / 2e-5
    derived = exercise.rnn_cell_backward(da_next, (memory(), a_prev, xt), p)
    np.testing.assert_allclose(derived[name], numerical, atol=1e-8)


def test_clip_holds_every_entry_and_leaves_what_it_was_given(exercise):
    given = {"dWax": np.array([[7.0, -9.0, 2.0]]), "dba": np.array([[-5.0]])}
    clipped = exercise.clip(given, 5)
    assert {name: array.tolist() for name, array in clipped.items()} == {
        "dWax": [[5, -5, 2]],
        "dba": [[-5]],
    }
    assert given["dWax"].tolist() == [[7, -9, 2]]


def test_sample_spells_what_the_network_is_sure_of_and_stops_at_the_end(exercise):
    random = np.random.default_rng(0)
    assert exercise.sample(speller(), random, [], 30) == [1, 2]


def test_sample_goes_on_from_a_beginning(exercise):
    random = np.random.default_rng(0)
    assert exercise.sample(speller(), random, [2, 1], 30) == [2, 1, 2]


def test_sample_stops_at_the_longest_and_draws_by_probability(exercise):
    p = {name: 0 * array for name, array in speller().items()}
    p["by"][1:, 0] = [50 + np.log(3), 50, 0]  # 1 three times as likely as 2, the end never
    random = np.random.default_rng(0)
    name = exercise.sample(p, random, [], 400)
    assert len(name) == 400
    assert 0.7 < name.count(1) / 400 < 0.8
