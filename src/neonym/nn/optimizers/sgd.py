"""Stochastic gradient descent."""

from dataclasses import dataclass

from neonym.nn.arrays import Floats
from neonym.nn.optimizers.rule import Decay, Optimizer


@dataclass(eq=False)
class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum on request (Polyak, 1964; Nesterov, 1983).

    With parameters p, gradients g and their running sum b::

        b <- momentum * b + g
        p <- p - lr * b                     or, with Nesterov's momentum,
        p <- p - lr * (g + momentum * b)

    Parameters
    ----------
    momentum : float, default 0.0
        Decay of the running sum, in [0, 1).
    nesterov : bool, default False
        Whether to look one step ahead; needs momentum.
    """

    momentum: Decay = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")

    @property
    def vector_names(self) -> tuple[str, ...]:
        """The running sum, where there is one."""
        return ("velocity",) if self.momentum else ()

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place."""
        if self.momentum:
            velocity = self.vectors["velocity"]
            velocity *= self.momentum
            velocity += gradients
            gradients = gradients + self.momentum * velocity if self.nesterov else velocity
        parameters -= lr * gradients
