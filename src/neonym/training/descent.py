"""Following the gradient: clipping, learning rate, optimizer, and running means of it all."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym import nn
from neonym import settings as conf
from neonym.nn import Optimizer, RecurrentNetwork, clip_by_norm, clip_by_value
from neonym.training.schedules import LearningRate

Arrays = dict[str, NDArray[Any]]


def make_optimizer(options: conf.Optimizer, network: RecurrentNetwork) -> Optimizer:
    """The optimizer of a configuration; the learning rate comes with each step."""
    hyperparameters = options.model_dump(exclude={"name", "lr"})
    return nn.make_optimizer(options.name, decayed=network.decayed, **hyperparameters)


class DivergedError(Exception):
    """The loss, or something else that training needs, is no number any more."""

    def __init__(self, what: str, value: float) -> None:
        super().__init__(f"the {what} is {value}")


def check_finite(value: float, what: str) -> None:
    """See that a value is a number.

    Raises
    ------
    DivergedError
        If it is not.
    """
    if not math.isfinite(value):
        raise DivergedError(what, value)


class Step(NamedTuple):
    """What a step was like: the running loss, the gradients' norm before the cut, the rate."""

    smoothed_loss: float
    grad_norm: float
    lr: float


class Descent:
    """Changes a network's parameters step by step.

    Parameters
    ----------
    network
        Its parameters are changed in place.
    options
        What is minimised, how gradients are cut and what is averaged.
    optimizer
        The rule of a step.
    rate
        Learning rate of each step.

    Attributes
    ----------
    steps
        How many were taken so far.
    smoothed_loss
        Running mean of what is minimised: nats per token, or with `reduction: sum` nats per step.
        It starts at `loss_start`, which is in the same unit, or else at what the first step has
        for a network that knows nothing: the logarithm of the vocabulary's size for each token.
    """

    def __init__(
        self,
        network: RecurrentNetwork,
        options: conf.Train,
        optimizer: Optimizer,
        rate: LearningRate,
    ) -> None:
        self.network, self.options, self.optimizer, self.rate = network, options, optimizer, rate
        self.steps = 0
        self.smoothed_loss: float | None = options.loss_start
        self._average = None if options.ema_decay is None else network.parameters.copy()

    @property
    def lr(self) -> float:
        """Learning rate of the coming step."""
        return self.rate(self.steps)

    @property
    def parameters(self) -> NDArray[Any]:
        """The parameters that count: their running mean where one is kept."""
        return self.network.parameters if self._average is None else self._average

    def step(self, loss: float, tokens: int) -> Step:
        """Take a step down the network's gradients, which are of the mean over tokens.

        Parameters
        ----------
        loss
            Nats per token of the step.
        tokens
            How many there were.

        Raises
        ------
        DivergedError
            If the loss or the gradients are no numbers; nothing has changed then.
        """
        check_finite(loss, "loss")
        factor = tokens if self.options.reduction == "sum" else 1
        if factor != 1:
            self.network.gradients *= factor
        norm, lr = self._clip(), self.lr
        check_finite(norm, "gradient")
        self.optimizer.step(self.network.parameters, self.network.gradients, lr)
        self.steps += 1
        self._update_average()
        return Step(self._smooth(loss * factor, factor), norm, lr)

    def _clip(self) -> float:
        """Cut the network's gradients as configured, by value first; their norm before."""
        value, gradients = self.options.clip_value, self.network.gradients
        limit = math.inf if self.options.clip_norm is None else self.options.clip_norm
        if value is None:
            return clip_by_norm(gradients, limit)
        norm = clip_by_norm(gradients, math.inf)
        clip_by_value(gradients, value)
        clip_by_norm(gradients, limit)
        return norm

    def _smooth(self, loss: float, factor: int) -> float:
        """The running mean of what is minimised."""
        if self.smoothed_loss is None:
            self.smoothed_loss = math.log(self.network.vocabulary_size) * factor
        self.smoothed_loss += (1.0 - self.options.loss_smoothing) * (loss - self.smoothed_loss)
        return self.smoothed_loss

    def _update_average(self) -> None:
        if self._average is None or self.options.ema_decay is None:
            return
        # Early on the mean is of few steps, or the initial weights would stay in it for long.
        decay = min(self.options.ema_decay, self.steps / (self.steps + 10.0))
        difference = self.network.parameters - self._average
        difference *= 1.0 - decay
        self._average += difference

    def state_dict(self) -> tuple[dict[str, Any], Arrays]:
        """Everything that later steps depend on besides the network: plain values, arrays."""
        arrays = {f"optimizer.{name}": a for name, a in self.optimizer.state_dict().items()}
        if self._average is not None:
            arrays["average"] = self._average.copy()
        return {"step": self.steps, "smoothed_loss": self.smoothed_loss}, arrays

    def load_state_dict(self, values: dict[str, Any], arrays: Arrays) -> None:
        """Continue from what `state_dict` gave."""
        self.steps, self.smoothed_loss = int(values["step"]), float(values["smoothed_loss"])
        self.optimizer.load_state_dict(
            {
                name.removeprefix("optimizer."): array
                for name, array in arrays.items()
                if name.startswith("optimizer.")
            }
        )
        if self._average is not None:
            self._average = np.array(arrays["average"])
