"""Solutions of the exercises of notebook 3, Did I get the gradient right?"""

import numpy as np


def numerical_gradient(f, w, eps=1e-5):
    """The gradient of f at w by central differences, one entry at a time.

    dJ/dw_i = (f(w with w_i + eps) - f(w with w_i - eps)) / (2 eps)

    f: function of w that returns a float
    w: ndarray of float64 of any shape; as it was before when this returns
    eps: float
    returns: ndarray of the shape of w
    """
    gradient = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        kept = w[place]
        w[place] = kept + eps
        above = f(w)
        w[place] = kept - eps
        below = f(w)
        w[place] = kept
        gradient[place] = (above - below) / (2 * eps)
    return gradient


def relative_error(a, n):
    """How far two gradients are apart, measured by their size.

    |a - n| / (|a| + |n|), with |.| the Euclidean norm over all entries; 0.0 where both are zero.

    a, n: ndarrays of the same shape
    returns: float, 0 to 1
    """
    total = np.linalg.norm(a) + np.linalg.norm(n)
    return float(np.linalg.norm(a - n) / total) if total > 0 else 0.0


def wrong_arrays(loss, gradients, parameters):
    """Which arrays' gradients are not those of the loss: a relative error above 1e-6.

    loss: function of the dictionary of parameters that returns a float
    gradients, parameters: dict from name to ndarray, with the same names
    returns: list of str, names in the order of `parameters`
    """
    wrong = []
    for name, w in parameters.items():
        numeric = numerical_gradient(lambda _: loss(parameters), w)
        if relative_error(gradients[name], numeric) > 1e-6:
            wrong.append(name)
    return wrong
