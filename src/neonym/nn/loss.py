"""Softmax and cross-entropy over all rows of a batch at once.

The logits of a row stand in a column: over a small vocabulary NumPy sums columns many times faster
than rows. With p = softmax(logits), the loss of a target is -log p[target], and its gradient is
p - y, where y is 1 at the target and 0 elsewhere.

A "head" is a row from which the next token is predicted. Where prefixes are shared, several targets
have the same head.
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
        The tokens to predict.
    heads : integers, shape (targets,)
        Which column predicts each.
    """
    logits -= logits.max(axis=0)  # so that no exponential overflows
    chosen = logits[targets, heads].astype(np.float64)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=0)
    logits /= sums
    return np.asarray(np.log(sums, dtype=np.float64)[heads] - chosen)  # -log softmax


def cross_entropy_gradient(
    probabilities: Floats, targets: Integers, heads: Integers, counts: Integers, total: int
) -> Floats:
    """Gradient of (sum of cross-entropies / total) with respect to the logits, in place.

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
    # Places in the flat array; `at`, since several targets of a head may be the same token
    places = targets * probabilities.shape[1] + heads
    np.subtract.at(probabilities.reshape(-1), places, probabilities.dtype.type(1 / total))
    return probabilities


def log_sum_exp(logits: Floats) -> Floats:
    """Logarithm of the sum of the exponentials of each row, float64, shape (rows,)."""
    highest = logits.max(axis=1)
    sums = np.exp(logits - highest[:, None]).sum(axis=1)
    return np.asarray(np.log(sums, dtype=np.float64) + highest)
