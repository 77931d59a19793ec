"""Adam: momentum, and RMSprop's learning rates, both corrected for their start at zero."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.memory import aligned_empty
from neonym.nn.optimizers.rule import Decay, Optimizer, Positive

CHUNK = 1 << 15
"""So many parameters are updated at a time: they stay in the cache for all operations."""


@dataclass(eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with PyTorch's defaults.

    With parameters p, gradients g and t steps taken, the paper's rule is::

        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        p <- p - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)

    Here m and v are kept without their factors (1 - beta), which are put into the last line:
    fewer passes over the vectors give the same step.

    Parameters
    ----------
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the running means, in [0, 1).
    eps : float, default 1e-8
        Keeps the denominator above zero; positive.
    """

    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8

    vector_names = ("gradients", "squares")

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place."""
        # The denominator is sqrt(c * v) + eps with c = (1 - beta2) / (1 - beta2^t), which is
        # sqrt(c) * (sqrt(v) + eps / sqrt(c)): so the factor sqrt(c) costs no pass of its own
        root = sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        factor = lr / root * (1 - self.beta1) / (1 - self.beta1**self.steps)
        vectors = parameters, gradients, self.vectors["gradients"], self.vectors["squares"]
        buffer = aligned_empty((min(CHUNK, len(parameters)),), parameters.dtype)
        for start in range(0, len(parameters), CHUNK):
            p, g, m, v = (vector[start : start + CHUNK] for vector in vectors)
            scratch = buffer[: len(p)]
            np.multiply(g, g, scratch)
            m *= self.beta1
            m += g
            v *= self.beta2
            v += scratch
            np.sqrt(v, scratch)
            scratch += self.eps / root
            np.divide(m, scratch, scratch)
            scratch *= factor
            p -= scratch
