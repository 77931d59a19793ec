"""Optimizers: rules that turn gradients into changes of the parameters.

All work in place on the network's flat vectors. The learning rate comes with every step, so
schedules live outside.
"""

from collections.abc import Mapping
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats


class Optimizer:
    """Base class: counts steps and keeps named vectors as long as the parameters."""

    names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.steps = 0
        self.vectors: dict[str, Floats] = {}

    def step(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Change `parameters` in place.

        Parameters
        ----------
        parameters, gradients : ndarray, shape (total,)
            The network's flat vectors; `gradients` may be overwritten.
        lr : float
            Learning rate of this step.
        """
        if gradients.shape != parameters.shape:
            raise ValueError(
                f"gradients has shape {gradients.shape}, expected that of parameters, "
                f"{parameters.shape}"
            )
        if self.steps == 0:
            self.vectors = {name: np.zeros_like(parameters) for name in self.names}
        self.steps += 1
        self.update(parameters, gradients, lr)

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule; `self.steps` already counts this step."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Floats]:
        """Everything a resumed run needs, as copies: `steps` and the vectors."""
        vectors = {name: vector.copy() for name, vector in self.vectors.items()}
        return {"steps": np.asarray(self.steps), **vectors}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Continue from what `state_dict` gave.

        Raises
        ------
        ValueError
            If names are missing or unknown.
        """
        steps = int(np.asarray(state.get("steps", 0)))
        expected = {"steps", *(self.names if steps else ())}
        if set(state) != expected:
            raise ValueError(
                f"state has the names {sorted(state)}, expected {sorted(expected)} "
                f"for {type(self).__name__}"
            )
        self.steps = steps
        self.vectors = {name: np.array(state[name]) for name in expected - {"steps"}}


class Sgd(Optimizer):
    """Stochastic gradient descent: p <- p - lr * g."""

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        gradients *= lr
        parameters -= gradients


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with PyTorch's defaults.

    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
    p <- p - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)

    Parameters
    ----------
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the running means, in [0, 1).
    eps : float, default 1e-8
        Added to the denominator, positive.
    """

    names = ("mean", "square")

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__()
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{name} is {beta}, expected 0 <= {name} < 1")
        if not eps > 0:
            raise ValueError(f"eps is {eps}, expected a positive number")
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        mean, square = self.vectors["mean"], self.vectors["square"]
        mean *= self.beta1
        scratch = gradients * (1 - self.beta1)
        mean += scratch
        square *= self.beta2
        np.multiply(gradients, gradients, out=scratch)
        scratch *= 1 - self.beta2
        square += scratch
        # sqrt(v / c) + eps = (sqrt(v) + eps sqrt(c)) / sqrt(c): one pass less over the vector
        root = sqrt(1 - self.beta2**self.steps)
        np.sqrt(square, out=scratch)
        scratch += self.eps * root
        np.divide(mean, scratch, out=scratch)
        scratch *= lr * root / (1 - self.beta1**self.steps)
        parameters -= scratch
