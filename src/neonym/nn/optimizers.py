"""Optimizers: rules that turn gradients into changes of the parameters.

All work in place on the network's flat vectors. The learning rate comes with every step, so
schedules live outside.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats
from neonym.nn.memory import aligned_empty, aligned_zeros

AT_ONCE = 1 << 15
"""Adam works on so many numbers at once, which stay in the cache for all of its operations."""


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
            The network's flat vectors.
        lr : float
            Learning rate of this step.
        """
        if gradients.shape != parameters.shape:
            raise ValueError(
                f"gradients has shape {gradients.shape}, expected that of parameters, "
                f"{parameters.shape}"
            )
        if self.steps == 0:
            self.vectors = {
                name: aligned_zeros(parameters.shape, parameters.dtype) for name in self.names
            }
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
    """Stochastic gradient descent, with momentum on request (Polyak, 1964; Nesterov, 1983).

    b <- momentum * b + g
    p <- p - lr * b, or with Nesterov's p <- p - lr * (g + momentum * b)

    Parameters
    ----------
    momentum : float, default 0.0
        Decay of the running sum of gradients, in [0, 1).
    nesterov : bool, default False
        Whether to look one step ahead; needs momentum.
    """

    def __init__(self, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__()
        _check_decay("momentum", momentum)
        if nesterov and momentum == 0:
            raise ValueError("nesterov is True and momentum 0.0, expected a positive momentum")
        self.momentum, self.nesterov = momentum, nesterov
        self.names = ("velocity",) if momentum else ()

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        if self.momentum:
            velocity = self.vectors["velocity"]
            velocity *= self.momentum
            velocity += gradients
            gradients = gradients + self.momentum * velocity if self.nesterov else velocity
        parameters -= lr * gradients


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011): v <- v + g^2;  p <- p - lr * g / (sqrt(v) + eps).

    Parameters
    ----------
    eps : float, default 1e-10
        Added to the denominator, positive.
    """

    names = ("square",)

    def __init__(self, eps: float = 1e-10) -> None:
        super().__init__()
        _check_eps(eps)
        self.eps = eps

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        square = self.vectors["square"]
        square += gradients * gradients
        parameters -= lr * gradients / (np.sqrt(square) + self.eps)


class RmsProp(Optimizer):
    """RMSprop (Hinton, 2012): v <- decay v + (1 - decay) g^2;  p <- p - lr * g / (sqrt(v) + eps).

    Parameters
    ----------
    decay : float, default 0.99
        Of the running mean of squares, in [0, 1).
    eps : float, default 1e-8
        Added to the denominator, positive.
    """

    names = ("square",)

    def __init__(self, decay: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__()
        _check_decay("decay", decay)
        _check_eps(eps)
        self.decay, self.eps = decay, eps

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        square = self.vectors["square"]
        square *= self.decay
        square += (1 - self.decay) * gradients * gradients
        parameters -= lr * gradients / (np.sqrt(square) + self.eps)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with PyTorch's defaults.

    m <- beta1 m + g;  v <- beta2 v + g^2
    p <- p - lr * a m / (sqrt(b v) + eps), where a = (1 - beta1) / (1 - beta1^t) and
    b = (1 - beta2) / (1 - beta2^t)

    The paper's means are (1 - beta1) m and (1 - beta2) v; the sums need fewer passes.

    Parameters
    ----------
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the running means, in [0, 1).
    eps : float, default 1e-8
        Added to the denominator, positive.
    """

    names = ("gradients", "squares")

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__()
        _check_decay("beta1", beta1)
        _check_decay("beta2", beta2)
        _check_eps(eps)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        # sqrt(b v) + eps = sqrt(b) (sqrt(v) + eps / sqrt(b)): one pass less over the vector
        root = sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        factor = lr / root * (1 - self.beta1) / (1 - self.beta1**self.steps)
        vectors = parameters, gradients, self.vectors["gradients"], self.vectors["squares"]
        for start in range(0, len(parameters), AT_ONCE):
            p, g, m, v = (vector[start : start + AT_ONCE] for vector in vectors)
            scratch = aligned_empty(g.shape, g.dtype)
            np.multiply(g, g, out=scratch)
            m *= self.beta1
            m += g
            v *= self.beta2
            v += scratch
            np.sqrt(v, out=scratch)
            scratch += self.eps / root
            np.divide(m, scratch, out=scratch)
            scratch *= factor
            p -= scratch


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    p <- p - lr * weight_decay * p, then the step of Adam.

    Parameters
    ----------
    beta1, beta2, eps : float
        As for Adam.
    weight_decay : float, default 0.01
        Not negative.
    decayed : sequence of slice, optional
        Where in the flat vector decay acts; `RecurrentNetwork.decayed` leaves out biases,
        embeddings and initial states. Everywhere by default.
    """

    def __init__(
        self,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        decayed: Sequence[slice] = (slice(None),),
    ) -> None:
        super().__init__(beta1, beta2, eps)
        if not weight_decay >= 0:
            raise ValueError(f"weight_decay is {weight_decay}, expected a number of at least 0")
        self.weight_decay, self.decayed = weight_decay, tuple(decayed)

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule."""
        for where in self.decayed:
            parameters[where] *= 1 - lr * self.weight_decay
        super().update(parameters, gradients, lr)


def _check_decay(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value}, expected 0 <= {name} < 1")


def _check_eps(eps: float) -> None:
    if not eps > 0:
        raise ValueError(f"eps is {eps}, expected a positive number")
