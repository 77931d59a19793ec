"""What the functions of padded_loss.py must give."""

import numpy as np
import pytest


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


@pytest.fixture
def batch():
    """Scores and targets of "ab" and "b" over four steps, of which 3 and 2 are real."""
    z = np.random.default_rng(0).standard_normal((3, 2, 4))
    return z, np.eye(3)[[[1, 2, 0, 0], [2, 0, 0, 0]]].transpose(2, 0, 1)


MASK = np.array([[1.0, 1, 1, 0], [1, 1, 0, 0]])


def test_the_mask_covers_the_letters_and_one_end(exercise):
    assert exercise.padding_mask([2, 1], 4).tolist() == MASK.tolist()
    assert exercise.padding_mask([3, 0], 4).tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]


def test_the_loss_is_the_mean_over_real_targets(exercise, batch):
    z, Y = batch
    Y_hat = softmax(z)
    real = [Y_hat[1, 0, 0], Y_hat[2, 0, 1], Y_hat[0, 0, 2], Y_hat[2, 1, 0], Y_hat[0, 1, 1]]
    assert exercise.masked_loss(Y, Y_hat, MASK) == pytest.approx(-np.log(real).mean())


def test_more_padding_changes_nothing(exercise, batch):
    z, Y = batch
    before = exercise.masked_loss(Y[:, :, :3], softmax(z)[:, :, :3], MASK[:, :3])
    assert exercise.masked_loss(Y, softmax(z), MASK) == pytest.approx(before)


def test_the_gradient_is_zero_where_there_is_no_target(exercise, batch):
    z, Y = batch
    gradient = exercise.masked_gradient(Y, softmax(z), MASK)
    assert not gradient[:, MASK == 0].any()
    assert gradient[:, MASK == 1].all()


def test_the_gradient_is_that_of_the_loss(exercise, batch):
    z, Y = batch
    derived, eps = exercise.masked_gradient(Y, softmax(z), MASK), 1e-5
    for place in np.ndindex(z.shape):
        moved = np.zeros_like(z)
        moved[place] = eps
        above = exercise.masked_loss(Y, softmax(z + moved), MASK)
        below = exercise.masked_loss(Y, softmax(z - moved), MASK)
        assert derived[place] == pytest.approx((above - below) / (2 * eps), abs=1e-8)
