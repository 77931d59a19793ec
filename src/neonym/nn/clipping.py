"""Two ways to keep gradients from exploding; both work in place on the flat vector."""

import numpy as np

from neonym.nn.arrays import Floats


def clip_by_value(gradients: Floats, limit: float) -> None:
    """Bring every entry into [-limit, limit].

    Parameters
    ----------
    gradients : ndarray
        Changed in place.
    limit : float
        Positive.

    Raises
    ------
    ValueError
        If the limit is not positive.
    """
    _check(limit)
    np.clip(gradients, -limit, limit, out=gradients)


def clip_by_norm(gradients: Floats, limit: float) -> float:
    """Scale the vector down to the Euclidean norm `limit` (Pascanu et al., 2013).

    A shorter vector stays as it is.

    Parameters
    ----------
    gradients : ndarray
        Changed in place.
    limit : float
        Positive; infinity clips nothing.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ValueError
        If the limit is not positive.
    """
    _check(limit)
    flat = gradients.ravel()
    norm = float(np.sqrt(np.dot(flat, flat)))
    if norm > limit:
        gradients *= limit / norm
    return norm


def _check(limit: float) -> None:
    if not limit > 0:
        raise ValueError(f"limit is {limit}, expected a positive number")
