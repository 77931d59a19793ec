"""Softmax and cross-entropy over all rows of a batch at once."""

import numpy as np

from neonym.nn.arrays import Floats, Integers


def cross_entropy(logits: Floats, targets: Integers) -> Floats:
    """Nats of each target, shape (rows,), float64; `logits` become probabilities, in place.

    Parameters
    ----------
    logits : ndarray, shape (rows, vocabulary)
        Overwritten by the softmax.
    targets : integers, shape (rows,)
        The token that came.
    """
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(targets)), targets].astype(np.float64)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=1, keepdims=True)
    logits /= sums
    return np.asarray(np.log(sums[:, 0], dtype=np.float64) - chosen)


def cross_entropy_gradient(probabilities: Floats, targets: Integers, count: int) -> Floats:
    """Gradient of sum of cross-entropies / count with respect to the logits, in place.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, vocabulary)
        What `cross_entropy` left; overwritten by (p - y) / count.
    targets : integers, shape (rows,)
        The token that came.
    count : int
        Number of targets that the loss is the mean of.
    """
    probabilities[np.arange(len(targets)), targets] -= 1
    probabilities /= count
    return probabilities
