"""What optimizers have in common: they count steps and keep vectors as long as the parameters."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, get_type_hints

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats
from neonym.nn.bounds import Bounds
from neonym.nn.memory import aligned_zeros

Decay = Annotated[float, Bounds(ge=0, lt=1)]
Positive = Annotated[float, Bounds(gt=0)]

EVERYWHERE: Sequence[slice] = (slice(None),)


@dataclass(eq=False)
class Optimizer(ABC):
    """A rule that turns gradients into changes of the parameters.

    A subclass is a dataclass. Its fields are its hyperparameters and nothing else, each with type,
    range and default; the range is checked here, and a configuration's schema can be read off the
    constructor. The learning rate is none of them: it comes with each step, since schedules change
    it.

    Attributes
    ----------
    steps : int
        Steps taken so far.
    vectors : dict of str to ndarray, shape (total,)
        What the rule remembers of the gradients so far, under the names in `vector_names`.
    decayed : sequence of slice
        Where in the parameters a rule with weight decay applies it: everywhere, unless it is set,
        for example to `RecurrentNetwork.decayed`.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for field in fields(self):
            for bounds in getattr(hints[field.name], "__metadata__", ()):
                bounds.check(field.name, getattr(self, field.name))
        self.steps = 0
        self.vectors: dict[str, Floats] = {}
        self.decayed = EVERYWHERE

    def check_rate(self, lr: float) -> None:  # noqa: B027 (most do with any)
        """Raise ValueError if the rule makes no sense with a learning rate."""

    @property
    def vector_names(self) -> tuple[str, ...]:
        """Names of the vectors that the rule keeps; they start at zero."""
        return ()

    @abstractmethod
    def update(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Apply the rule in place; `self.steps` already counts this step.

        Parameters
        ----------
        parameters, gradients, lr
            As for `step`, which has checked them.
        """

    def step(self, parameters: Floats, gradients: Floats, lr: float) -> None:
        """Change `parameters` in place.

        Parameters
        ----------
        parameters, gradients : ndarray, shape (total,)
            The network's flat vectors; the gradients stay as they are.
        lr : float
            Learning rate of this step.

        Raises
        ------
        ValueError
            If the two differ in shape.
        """
        if gradients.shape != parameters.shape:
            raise ValueError(
                f"gradients has shape {gradients.shape}, expected that of parameters, "
                f"{parameters.shape}"
            )
        if self.steps == 0:
            self.vectors = {
                name: aligned_zeros(parameters.shape, parameters.dtype)
                for name in self.vector_names
            }
        self.steps += 1
        self.update(parameters, gradients, lr)

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
        expected = {"steps", *(self.vector_names if steps else ())}
        if set(state) != expected:
            raise ValueError(
                f"state has the names {sorted(state)}, expected {sorted(expected)} "
                f"for {type(self).__name__}"
            )
        self.steps = steps
        self.vectors = {name: np.array(state[name]) for name in expected - {"steps"}}
