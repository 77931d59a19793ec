"""Softmax and cross-entropy over all rows of a batch at once.

A row's scores stand in a column, since NumPy sums columns of a small vocabulary many times faster
than rows.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers


def cross_entropy(logits: Floats, targets: Integers) -> Floats:
    """Nats of each target, shape (rows,), float64; `logits` become probabilities, in place.

    Parameters
    ----------
    logits : ndarray, shape (vocabulary, rows)
        Overwritten by the softmax.
    targets : integers, shape (rows,)
        The token that came.
    """
    logits -= logits.max(axis=0)
    chosen = logits[targets, np.arange(len(targets))].astype(np.float64)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=0)
    logits /= sums
    return np.asarray(np.log(sums, dtype=np.float64) - chosen)


def cross_entropy_gradient(probabilities: Floats, targets: Integers, count: int) -> Floats:
    """Gradient of sum of cross-entropies / count with respect to the logits, in place.

    Parameters
    ----------
    probabilities : ndarray, shape (vocabulary, rows)
        What `cross_entropy` left; overwritten by (p - y) / count.
    targets : integers, shape (rows,)
        The token that came.
    count : int
        Number of targets that the loss is the mean of.
    """
    probabilities[targets, np.arange(len(targets))] -= 1
    probabilities *= 1 / count
    return probabilities


def log_sum_exp(logits: Floats) -> Floats:
    """Logarithm of the sum of the exponentials of each row, float64, shape (rows,)."""
    highest = logits.max(axis=1)
    sums = np.exp(logits - highest[:, None]).sum(axis=1)
    return np.asarray(np.log(sums, dtype=np.float64) + highest)
