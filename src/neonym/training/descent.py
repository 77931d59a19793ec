"""Following the gradient: clipping, learning rate, optimizer, and running means of it all."""

import math
from typing import Any

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
    step
        Steps taken so far.
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
        self.step = 0
        self.smoothed_loss: float | None = options.loss_start
        self._average = None if options.ema_decay is None else network.parameters.copy()

    @property
    def lr(self) -> float:
        """Learning rate of the coming step."""
        return self.rate(self.step)

    @property
    def parameters(self) -> NDArray[Any]:
        """The parameters that count: their running mean where one is kept."""
        return self.network.parameters if self._average is None else self._average

    def reduce(self, tokens: int) -> int:
        """Turn gradients of the mean over tokens into those of what is minimised; the factor."""
        if self.options.reduction == "mean":
            return 1
        self.network.gradients *= tokens
        return tokens

    def clip(self) -> float:
        """Cut the network's gradients as configured, by value first; their norm before."""
        value, gradients = self.options.clip_value, self.network.gradients
        limit = math.inf if self.options.clip_norm is None else self.options.clip_norm
        if value is None:
            return clip_by_norm(gradients, limit)
        norm = clip_by_norm(gradients, math.inf)
        clip_by_value(gradients, value)
        clip_by_norm(gradients, limit)
        return norm

    def follow(self, loss: float, factor: int) -> float:
        """Take a step down the network's gradients; the running loss.

        Parameters
        ----------
        loss
            Nats per token of the step.
        factor
            What `reduce` returned: the gradients are those of the loss times this.
        """
        self.optimizer.step(self.network.parameters, self.network.gradients, self.lr)
        self.step += 1
        if self.smoothed_loss is None:
            self.smoothed_loss = math.log(self.network.vocabulary_size) * factor
        change = loss * factor - self.smoothed_loss
        self.smoothed_loss += (1.0 - self.options.loss_smoothing) * change
        self._update_average()
        return self.smoothed_loss

    def _update_average(self) -> None:
        if self._average is None or self.options.ema_decay is None:
            return
        # Early on the mean is of few steps, or the initial weights would stay in it for long.
        decay = min(self.options.ema_decay, self.step / (self.step + 10.0))
        difference = self.network.parameters - self._average
        difference *= 1.0 - decay
        self._average += difference

    def state_dict(self) -> tuple[dict[str, Any], Arrays]:
        """Everything that later steps depend on besides the network: plain values, arrays."""
        arrays = {f"optimizer.{name}": a for name, a in self.optimizer.state_dict().items()}
        if self._average is not None:
            arrays["average"] = self._average.copy()
        return {"step": self.step, "smoothed_loss": self.smoothed_loss}, arrays

    def load_state_dict(self, values: dict[str, Any], arrays: Arrays) -> None:
        """Continue from what `state_dict` gave."""
        self.step, self.smoothed_loss = int(values["step"]), float(values["smoothed_loss"])
        self.optimizer.load_state_dict(
            {
                name.removeprefix("optimizer."): array
                for name, array in arrays.items()
                if name.startswith("optimizer.")
            }
        )
        if self._average is not None:
            self._average = np.array(arrays["average"])
