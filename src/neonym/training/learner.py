"""One network that learns names, epoch by epoch."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym import settings as conf
from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator, seed_sequence
from neonym.base.threads import processors
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.starting import Start, transplant
from neonym.nn import RecurrentNetwork, Shards, TokenSequences
from neonym.training.descent import Arrays, Descent, DivergedError, check_finite, make_optimizer
from neonym.training.schedules import learning_rate, steps_of_epoch

OnStep = Callable[[int, float, float], None]


class Beginning(NamedTuple):
    """A trained model to begin with, and the letters that its network is to have."""

    start: Start
    vocabulary: Vocabulary


class Epoch(NamedTuple):
    """What an epoch was like: nats a token of its steps, and the gradients' norm; their means."""

    train_loss: float
    grad_norm: float


class _StepRecord(NamedTuple):
    loss: float
    grad_norm: float
    tokens: int


class Learner:
    """A network and the names that it learns: everything that its next epoch depends on.

    Parameters
    ----------
    ids
        The names.
    vocabulary_size
        Number of ids, 0 (start and end) included.
    configuration
        Its model, optimizer, schedule and train are used.
    seed
        Of its random numbers.
    beginning
        The trained model that it begins with; None: random weights.

    Attributes
    ----------
    network, descent
        The network, and how its weights change.
    kept
        Says in a message where the work so far is kept.
    """

    def __init__(
        self,
        ids: TokenSequences,
        vocabulary_size: int,
        configuration: conf.Settings,
        seed: int,
        beginning: Beginning | None,
    ) -> None:
        self.ids, self.seed, self.options = ids, seed, configuration.train
        self.network = RecurrentNetwork(
            vocabulary_size,
            dtype=self.options.dtype,
            seed=seed_sequence(seed, Purpose.INITIALISATION),
            **configuration.model.model_dump(),
        )
        if beginning:
            transplant(beginning.start, self.network, beginning.vocabulary)
        self.network.threads = processors()
        self.shards = Shards(self.network, self.options.shards, processors())
        self.descent = self._make_descent(configuration)
        self.kept: Callable[[], str] = str  # that says nothing

    def _make_descent(self, configuration: conf.Settings) -> Descent:
        epoch_of, steps = self._plan()
        rate = learning_rate(
            configuration.schedule,
            configuration.optimizer.lr,
            epoch_of,
            total_steps=min(steps, self.options.max_steps or steps),
        )
        optimizer = make_optimizer(configuration.optimizer, self.network)
        return Descent(self.network, self.options, optimizer, rate)

    def _plan(self) -> tuple[Callable[[int], int], int]:
        """The epoch of each step, both counted from 0, and how many steps there will be."""
        options, truncate = self.options, self.options.truncate
        if truncate is None:
            batches = math.ceil(len(self.ids) / options.batch_size)
            return lambda step: step // batches, options.epochs * batches
        # Each epoch makes other batches of the names, which take other numbers of steps.
        epochs = min(options.epochs, options.max_steps or options.epochs)
        lengths = self.ids.lengths
        ends = np.cumsum(
            [
                steps_of_epoch(lengths[self._order(number)], options.batch_size, truncate)
                for number in range(1, epochs + 1)
            ]
        )
        return lambda step: int(np.searchsorted(ends, step, side="right")), int(ends[-1])

    def _order(self, number: int) -> NDArray[np.int64]:
        """The order of the names in an epoch, counted from 1."""
        return generator(self.seed, Purpose.SHUFFLING, number).permutation(len(self.ids))

    @property
    def took_all_steps(self) -> bool:
        """Whether no step is allowed any more."""
        return self.descent.steps == self.options.max_steps

    def run_epoch(self, number: int, on_step: OnStep | None = None) -> Epoch:
        """Every name once, in a new order; the last steps allowed may come before the last name.

        Parameters
        ----------
        number
            The epoch, counted from 1.
        on_step
            Is told after each step its number, the running loss and the learning rate.

        Raises
        ------
        UserError
            If training diverged.
        """
        order = self._order(number)
        dropout = generator(self.seed, Purpose.DROPOUT, number)
        most = self.options.max_steps
        left = None if most is None else most - self.descent.steps
        with self.explained(number):
            steps = list(islice(self._run_steps(order, dropout, on_step), left))
        losses, norms, tokens = map(np.array, zip(*steps, strict=True))
        return Epoch(float(np.average(losses, weights=tokens)), float(norms.mean()))

    def _run_steps(
        self, order: NDArray[np.int64], dropout: np.random.Generator, on_step: OnStep | None
    ) -> Iterator[_StepRecord]:
        """One step a batch, or more where backpropagation is truncated."""
        whole = self.network if self.options.shards == 1 else self.shards
        state = None
        for start in range(0, len(order), self.options.batch_size):
            places = order[start : start + self.options.batch_size]
            batch = self.network.pack(self.ids.take(places))
            if self.options.truncate is None and not self.options.carry_state:
                loss = whole.forward_backward(batch, dropout)
                yield self._follow(loss, batch.num_tokens, on_step)
                continue
            if state is None or not self.options.carry_state:
                state = self.network.initial_state(len(places))
            state = state.take(np.arange(len(places)))  # the last batch may be smaller
            for window in batch.windows(self.options.truncate or len(batch.batch_sizes)):
                loss, state = self.network.forward_backward_from(state, window, dropout)
                yield self._follow(loss, window.num_tokens, on_step)

    def _follow(self, loss: float, tokens: int, on_step: OnStep | None) -> _StepRecord:
        """Take the step for gradients just computed."""
        step = self.descent.step(loss, tokens)
        if on_step:
            on_step(self.descent.steps, step.smoothed_loss, step.lr)
        return _StepRecord(loss, step.grad_norm, tokens)

    @contextmanager
    def weights_that_count(self) -> Iterator[RecurrentNetwork]:
        """The network with the mean of its weights where one is kept, and then as it was."""
        raw = self.network.parameters.copy()
        self.network.parameters[...] = self.descent.parameters
        try:
            yield self.network
        finally:
            self.network.parameters[...] = raw

    def check_finite(self, value: float, what: str, epoch: int) -> None:
        """See that a value is a number.

        Raises
        ------
        UserError
            If it is not: training diverged in that epoch.
        """
        with self.explained(epoch):
            check_finite(value, what)

    @contextmanager
    def explained(self, epoch: int) -> Iterator[None]:
        """Say of training that diverged where, and what to change."""
        try:
            yield
        except DivergedError as error:
            raise UserError(
                f"training diverged: {error} at step {self.descent.steps + 1} of epoch {epoch}, "
                f"learning rate {self.descent.lr:g}; {self._remedy()}{self.kept()}"
            ) from None

    def _remedy(self) -> str:
        """What to change where training diverged; before the first step it is not the rate."""
        if self.descent.steps == 0:
            return "lower model.initialization_scale, with which it began"
        clip = "set" if self.options.clip_norm is None else "lower"
        return f"lower optimizer.lr, or {clip} train.clip_norm"

    def state_dict(self) -> tuple[dict[str, Any], Arrays]:
        """Everything that later epochs depend on: plain values, arrays."""
        values, arrays = self.descent.state_dict()
        return values, arrays | {"parameters": self.network.parameters}

    def load_state_dict(self, values: dict[str, Any], arrays: Arrays) -> None:
        """Continue from what `state_dict` gave.

        Raises
        ------
        ValueError, LookupError
            If these are not of this network.
        """
        here = self.network.parameters
        for name, array in arrays.items():
            if name != "optimizer.steps" and (array.shape, array.dtype) != (here.shape, here.dtype):
                raise ValueError(f"its {name} is not of this network")
        self.descent.load_state_dict(values, arrays)
        self.network.parameters[...] = arrays["parameters"]
