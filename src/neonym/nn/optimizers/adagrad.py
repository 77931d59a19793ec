"""Adagrad: a learning rate of its own for each parameter, which only falls."""

from dataclasses import dataclass

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.optimizers.rule import Optimizer, Positive


@dataclass(eq=False)
class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011).

    With parameters p, gradients g and the sum v of all their squares::

        v <- v + g^2
        p <- p - lr * g / (sqrt(v) + eps)

    Parameters
    ----------
    eps : float, default 1e-10
        Keeps the denominator above zero; positive.
    """

    eps: Positive = 1e-10

    vector_names = ("square",)

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place."""
        square = self.vectors["square"]
        square += gradients * gradients
        parameters -= lr * gradients / (np.sqrt(square) + self.eps)
