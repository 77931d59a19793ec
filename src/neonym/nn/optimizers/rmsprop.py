"""RMSprop: Adagrad that forgets."""

from dataclasses import dataclass

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.optimizers.rule import Decay, Optimizer, Positive


@dataclass(eq=False)
class RmsProp(Optimizer):
    """RMSprop (Hinton, 2012).

    With parameters p, gradients g and the running mean v of their squares::

        v <- decay * v + (1 - decay) * g^2
        p <- p - lr * g / (sqrt(v) + eps)

    Parameters
    ----------
    decay : float, default 0.99
        Of the running mean, in [0, 1).
    eps : float, default 1e-8
        Keeps the denominator above zero; positive.
    """

    decay: Decay = 0.99
    eps: Positive = 1e-8

    vector_names = ("square",)

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place."""
        square = self.vectors["square"]
        square *= self.decay
        square += (1 - self.decay) * gradients * gradients
        parameters -= lr * gradients / (np.sqrt(square) + self.eps)
