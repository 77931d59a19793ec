"""Exercises of notebook 3: the loss of a padded batch, in which padding counts for nothing.

Write the bodies, then: pytest docs/course/exercises/test_padded_loss.py
"""

import numpy as np


def padding_mask(lengths, steps):
    """Where a batch of names has targets: its letters, and the end behind them.

    mask[i, t] = 1 if t <= lengths[i] else 0

    lengths: list of int, letters of each name
    steps: int, T, at least the longest plus one
    returns: ndarray of float, shape (m, T)
    """
    raise NotImplementedError("write padding_mask")


def masked_loss(Y, Y_hat, mask):
    """Mean nats of the targets that the mask lets through.

    J = - sum over i, t of mask[i, t] log Y_hat[y(i, t), i, t] / sum of mask

    Y: ndarray (n_y, m, T), one-hot at every step, also at those that are padding
    Y_hat: ndarray (n_y, m, T), probabilities
    mask: ndarray (m, T), 1 or 0
    returns: float
    """
    raise NotImplementedError("write masked_loss")


def masked_gradient(Y, Y_hat, mask):
    """The gradient of masked_loss by z, where Y_hat = softmax(z): nothing comes from padding.

    dJ/dz[:, i, t] = mask[i, t] (Y_hat[:, i, t] - Y[:, i, t]) / sum of mask

    Y, Y_hat, mask: as for masked_loss
    returns: ndarray (n_y, m, T)
    """
    raise NotImplementedError("write masked_gradient")
