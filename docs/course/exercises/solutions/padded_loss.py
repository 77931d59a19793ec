"""Solutions of the exercises of notebook 3, Did I get the gradient right?"""

import numpy as np


def padding_mask(lengths, steps):
    """Where a batch of names has targets: its letters, and the end behind them.

    mask[i, t] = 1 if t <= lengths[i] else 0

    lengths: list of int, letters of each name
    steps: int, T, at least the longest plus one
    returns: ndarray of float, shape (m, T)
    """
    return (np.arange(steps) <= np.array(lengths)[:, None]).astype(float)


def masked_loss(Y, Y_hat, mask):
    """Mean nats of the targets that the mask lets through.

    J = - sum over i, t of mask[i, t] log Y_hat[y(i, t), i, t] / sum of mask

    Y: ndarray (n_y, m, T), one-hot at every step, also at those that are padding
    Y_hat: ndarray (n_y, m, T), probabilities
    mask: ndarray (m, T), 1 or 0
    returns: float
    """
    return float(-np.sum(mask * Y * np.log(Y_hat)) / mask.sum())


def masked_gradient(Y, Y_hat, mask):
    """The gradient of masked_loss by z, where Y_hat = softmax(z): nothing comes from padding.

    dJ/dz[:, i, t] = mask[i, t] (Y_hat[:, i, t] - Y[:, i, t]) / sum of mask

    Y, Y_hat, mask: as for masked_loss
    returns: ndarray (n_y, m, T)
    """
    return mask * (Y_hat - Y) / mask.sum()
