"""Softmax and cross-entropy over all rows of a batch at once.

A row's scores stand in a column, since NumPy sums columns of a small vocabulary many times faster
than rows.
"""

import numpy as np

from neonym.nn.arrays import Floats, Integers


def cross_entropy(logits: Floats, targets: Integers, heads: Integers) -> Floats:
    """Nats of each target, shape (targets,), float64; `logits` become probabilities, in place.

    Parameters
    ----------
    logits : ndarray, shape (vocabulary, heads)
        Overwritten by the softmax.
    targets : integers, shape (targets,)
        The token that came.
    heads : integers, shape (targets,)
        Which column predicts it.
    """
    logits -= logits.max(axis=0)
    chosen = logits[targets, heads].astype(np.float64)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=0)
    logits /= sums
    return np.asarray(np.log(sums, dtype=np.float64)[heads] - chosen)


def cross_entropy_gradient(
    probabilities: Floats, targets: Integers, heads: Integers, counts: Integers, total: int
) -> Floats:
    """Gradient of sum of cross-entropies / total with respect to the logits, in place.

    Parameters
    ----------
    probabilities : ndarray, shape (vocabulary, heads)
        What `cross_entropy` left; overwritten by the sum over targets of (p - y) / total.
    targets, heads : integers, shape (targets,)
        As there.
    counts : integers, shape (heads,)
        Number of targets of each column.
    total : int
        Number of targets that the loss is the mean of.
    """
    probabilities *= (counts / total).astype(probabilities.dtype)
    cells = targets * probabilities.shape[1] + heads
    np.subtract.at(probabilities.reshape(-1), cells, probabilities.dtype.type(1 / total))
    return probabilities


def log_sum_exp(logits: Floats) -> Floats:
    """Logarithm of the sum of the exponentials of each row, float64, shape (rows,)."""
    highest = logits.max(axis=1)
    sums = np.exp(logits - highest[:, None]).sum(axis=1)
    return np.asarray(np.log(sums, dtype=np.float64) + highest)
