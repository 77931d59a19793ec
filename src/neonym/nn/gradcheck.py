"""Is the gradient right? Central differences know."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats
from neonym.nn.memory import Workspace
from neonym.nn.network import RecurrentNetwork


def gradcheck(
    network: RecurrentNetwork,
    sequences: Sequence[ArrayLike],
    *,
    eps: float = 1e-5,
    dropout_seed: int | None = None,
) -> dict[str, float]:
    """Compare the gradients of backpropagation with central differences.

    Parameters
    ----------
    network : RecurrentNetwork
        Of dtype float64. Its parameters are moved while this runs, and put back.
    sequences : sequence of integer arrays
        The batch whose loss is differentiated.
    eps : float, default 1e-5
        How far each parameter is moved to either side.
    dropout_seed : int, optional
        With it dropout is on, and its masks are the same in every evaluation.

    Returns
    -------
    dict of str to float
        For each parameter array `|a - n| / (|a| + |n|)`, with a the gradient, n the differences and
        `|.|` the Euclidean norm; 0 where both vanish, infinity where one of them is not finite.
        Below 1e-6 is right; above 1e-4 is wrong.

    Raises
    ------
    ValueError
        If the network is not float64 or `eps` is not positive.
    """
    if network.dtype != np.float64:
        raise ValueError(f"network has dtype {network.dtype}, expected float64")
    if not eps > 0:
        raise ValueError(f"eps is {eps}, expected a positive number")
    batch, workspace = network.pack(sequences), Workspace(network.dtype)

    def generator() -> np.random.Generator | None:
        return None if dropout_seed is None else np.random.default_rng(dropout_seed)

    network.forward_backward(batch, generator())
    numeric = np.empty_like(network.gradients)
    for place, value in enumerate(network.parameters.copy()):
        network.parameters[place] = value + eps
        above = network.token_nats(batch, generator(), workspace).mean()
        network.parameters[place] = value - eps
        below = network.token_nats(batch, generator(), workspace).mean()
        network.parameters[place] = value
        numeric[place] = (above - below) / (2 * eps)
    return {
        name: relative_error(network.gradients[where], numeric[where])
        for name, where in network.parameter_slices.items()
    }


def relative_error(first: Floats, second: Floats) -> float:
    """Norm of the difference over the sum of the norms; 0 where both vanish."""
    total = np.linalg.norm(first) + np.linalg.norm(second)
    if not np.isfinite(total):
        return np.inf
    return float(np.linalg.norm(first - second) / total) if total > 0 else 0.0
