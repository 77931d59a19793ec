"""Adam with weight decay beside the gradients instead of within them."""

from dataclasses import dataclass
from typing import Annotated

from neonym.nn.arrays import Floats
from neonym.nn.bounds import Bounds
from neonym.nn.optimizers.adam import Adam


@dataclass(eq=False)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)::

        p <- p - lr * weight_decay * p, where p is in `decayed`

    and then the step of Adam.

    Parameters
    ----------
    beta1, beta2, eps : float
        As for Adam.
    weight_decay : float, default 0.01
        Not negative.
    """

    weight_decay: Annotated[float, Bounds(ge=0)] = 0.01

    def check_rate(self, lr: float) -> None:
        """Raise ValueError if a step would lose more than all of the weights."""
        if lr * self.weight_decay > 1:
            raise ValueError(
                f"a step would lose lr * weight_decay = {lr * self.weight_decay:g} of the weights, "
                "and there is no more than 1; lower weight_decay"
            )

    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place."""
        for where in self.decayed:
            parameters[where] *= 1 - lr * self.weight_decay
        super().update(parameters, gradients, lr)
