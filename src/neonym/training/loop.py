"""Training a network on the train split, guided by val; nothing here ever sees the test split."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neonym import settings as conf
from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator, seed_sequence
from neonym.base.threads import one_blas_thread
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.mixture import Mixture
from neonym.models.starting import Start, transplant
from neonym.nn import RecurrentNetwork, Shards, TokenSequences
from neonym.training.checkpoints import (
    Checkpoint,
    explained,
    load_checkpoint,
    run_identity,
    save_checkpoint,
)
from neonym.training.descent import Descent, DivergedError, check_finite, make_optimizer
from neonym.training.history import EpochRecord
from neonym.training.schedules import learning_rate, steps_of_epoch

Sequences = Sequence[NDArray[np.integer[Any]]]


class TrainingListener(Protocol):
    """Who is told how training goes, such as a progress bar or a tracker."""

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """After each step, counted from 1: the running loss, see `Descent`; the learning rate."""

    def on_epoch(self, record: EpochRecord) -> None:
        """After each epoch; when a run is resumed, first for the epochs done before."""


class Beginning(NamedTuple):
    """A trained model to begin with, and the letters that its network is to have."""

    start: Start
    vocabulary: Vocabulary


class TrainingResult(NamedTuple):
    """A trained network and how it came about.

    Attributes
    ----------
    network
        With the weights of the best epoch.
    history
        A record for each epoch that was run.
    best_epoch, best_val_nll
        The epoch with the lowest val nll, the first of them, and that nll.
    stopped_early
        Whether patience ran out before the last epoch or step.
    mixture
        What predicts instead of the network alone, see `neonym.training.members`.
    """

    network: RecurrentNetwork
    history: list[EpochRecord]
    best_epoch: int
    best_val_nll: float
    stopped_early: bool
    mixture: Mixture | None = None


@one_blas_thread()
@np.errstate(over="ignore", invalid="ignore")  # what overflows becomes a loss that is noticed
def train(
    train_ids: Sequences,
    val_ids: Sequences,
    vocabulary_size: int,
    configuration: conf.Settings,
    *,
    listener: TrainingListener | None = None,
    checkpoint: Path | None = None,
    beginning: Beginning | None = None,
) -> TrainingResult:
    """Train a network as configured; equal arguments give equal bits.

    Parameters
    ----------
    train_ids, val_ids
        Token ids of each name, start and end left out.
    vocabulary_size
        Number of ids, 0 (start and end) included.
    configuration
        Its seed, model, optimizer, schedule and train are used.
    listener
        Who is told after each step and epoch.
    checkpoint
        Where the state of the run is kept after each epoch. With `train.resume` a run goes on from
        there, to the same bits as one that was never interrupted.
    beginning
        The trained model that it begins with; None: random weights.

    Raises
    ------
    UserError
        If a split is empty, the loss is no longer a number, the checkpoint is damaged or of
        another run, or the network is not made as that of the beginning.
    """
    for name, ids in (("train", train_ids), ("val", val_ids)):
        if not len(ids):
            raise UserError(f"the {name} split is empty; add names or change data.split")
    trainer = _Trainer(
        *(train_ids, val_ids, vocabulary_size, configuration),
        listener=listener,
        beginning=beginning,
    )
    start = beginning.start.sha256 if beginning else None
    identity = run_identity(configuration, vocabulary_size, train_ids, val_ids, start=start)
    if checkpoint and configuration.train.resume:
        with explained(checkpoint):
            trainer.restore(load_checkpoint(checkpoint, identity))
    with trainer.shards:
        while not trainer.is_done():
            trainer.run_epoch()
            if checkpoint:
                save_checkpoint(checkpoint, identity, trainer.checkpoint())
                trainer.kept = f"; {checkpoint} keeps epoch {trainer.epoch}"
    return trainer.result()


def mean_nll(network: RecurrentNetwork | Mixture, sequences: Sequences) -> float:
    """Exact nats per token over all sequences, end tokens included, dropout off."""
    together = TokenSequences.of(sequences)
    num_tokens = len(together.tokens) + len(together)
    return float(network.negative_log_likelihood(together).sum()) / num_tokens


class _StepRecord(NamedTuple):
    loss: float
    grad_norm: float
    tokens: int


@dataclass
class _Best:
    """The best epoch so far."""

    epoch: int = 0
    val_nll: float = math.inf
    parameters: NDArray[Any] = field(default_factory=lambda: np.zeros(0))


class _Trainer:
    """A training run between two epochs: everything the next epoch depends on."""

    def __init__(
        self,
        train_ids: Sequences,
        val_ids: Sequences,
        vocabulary_size: int,
        configuration: conf.Settings,
        *,
        listener: TrainingListener | None,
        beginning: Beginning | None,
    ) -> None:
        self.train_ids, self.val_ids = map(TokenSequences.of, (train_ids, val_ids))
        self.seed, self.options = configuration.seed, configuration.train
        self.listener = listener
        self.network = RecurrentNetwork(
            vocabulary_size,
            dtype=self.options.dtype,
            seed=seed_sequence(self.seed, Purpose.INITIALISATION),
            **configuration.model.model_dump(),
        )
        if beginning:
            transplant(beginning.start, self.network, beginning.vocabulary)
        self.shards = Shards(self.network, self.options.shards)
        self.descent = self._make_descent(configuration)
        self.history: list[EpochRecord] = []
        self.best = _Best()
        self.kept = ""  # where the last checkpoint lies, for messages

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
            batches = math.ceil(len(self.train_ids) / options.batch_size)
            return lambda step: step // batches, options.epochs * batches
        # Each epoch makes other batches of the names, which take other numbers of steps.
        epochs = min(options.epochs, options.max_steps or options.epochs)
        lengths = self.train_ids.lengths
        ends = np.cumsum(
            [
                steps_of_epoch(lengths[self._order(number)], options.batch_size, truncate)
                for number in range(1, epochs + 1)
            ]
        )
        return lambda step: int(np.searchsorted(ends, step, side="right")), int(ends[-1])

    def _order(self, number: int) -> NDArray[np.int64]:
        """The order of the training names in an epoch, counted from 1."""
        return generator(self.seed, Purpose.SHUFFLING, number).permutation(len(self.train_ids))

    @property
    def epoch(self) -> int:
        """Epochs done so far."""
        return len(self.history)

    def _patience_ran_out(self) -> bool:
        patience = self.options.patience
        return patience is not None and self.epoch - self.best.epoch >= patience

    def _reached_its_end(self) -> bool:
        return self.epoch >= self.options.epochs or self.descent.steps == self.options.max_steps

    def is_done(self) -> bool:
        return self._reached_its_end() or self._patience_ran_out()

    def result(self) -> TrainingResult:
        self.network.parameters[...] = self.best.parameters
        stopped_early = not self._reached_its_end()
        return TrainingResult(
            self.network, self.history, self.best.epoch, self.best.val_nll, stopped_early
        )

    def run_epoch(self) -> None:
        """Every training name once, in a new order; then the likelihood of both splits.

        The last steps allowed may come before the last name.
        """
        number = self.epoch + 1
        order = self._order(number)
        dropout = generator(self.seed, Purpose.DROPOUT, number)
        most = self.options.max_steps
        left = None if most is None else most - self.descent.steps
        steps = list(islice(self._run_steps(order, dropout), left))
        self.history.append(self._record(number, steps))
        if self.listener:
            self.listener.on_epoch(self.history[-1])

    def _record(self, number: int, steps: Sequence[_StepRecord]) -> EpochRecord:
        losses, norms, tokens = map(np.array, zip(*steps, strict=True))
        with self._weights_that_count():
            train_nll = mean_nll(self.network, self.train_ids)
            val_nll = mean_nll(self.network, self.val_ids)
            with self._explained():
                check_finite(val_nll, "val nll")
            if val_nll < self.best.val_nll:
                self.best = _Best(number, val_nll, self.network.parameters.copy())
        return EpochRecord(
            epoch=number,
            step=self.descent.steps,
            lr=self.descent.rate(self.descent.steps - 1),
            train_loss=float(np.average(losses, weights=tokens)),
            train_nll=train_nll,
            val_nll=val_nll,
            grad_norm=float(norms.mean()),
        )

    @contextmanager
    def _weights_that_count(self) -> Iterator[None]:
        """The network with the mean of its weights where one is kept, and then as it was."""
        raw = self.network.parameters.copy()
        self.network.parameters[...] = self.descent.parameters
        try:
            yield
        finally:
            self.network.parameters[...] = raw

    def _run_steps(
        self, order: NDArray[np.int64], dropout: np.random.Generator
    ) -> Iterator[_StepRecord]:
        """One step a batch, or more where backpropagation is truncated."""
        whole = self.network if self.options.shards == 1 else self.shards
        state = None
        for start in range(0, len(order), self.options.batch_size):
            places = order[start : start + self.options.batch_size]
            batch = self.network.pack(self.train_ids.take(places))
            if self.options.truncate is None and not self.options.carry_state:
                yield self._follow(whole.forward_backward(batch, dropout), batch.num_tokens)
                continue
            if state is None or not self.options.carry_state:
                state = self.network.initial_state(len(places))
            state = state.take(np.arange(len(places)))  # the last batch may be smaller
            for window in batch.windows(self.options.truncate or len(batch.batch_sizes)):
                loss, state = self.network.forward_backward_from(state, window, dropout)
                yield self._follow(loss, window.num_tokens)

    def _follow(self, loss: float, tokens: int) -> _StepRecord:
        """Take the step for gradients just computed."""
        with self._explained():
            step = self.descent.step(loss, tokens)
        if self.listener:
            self.listener.on_step(self.descent.steps, step.smoothed_loss, step.lr)
        return _StepRecord(loss, step.grad_norm, tokens)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DivergedError as error:
            raise UserError(
                f"training diverged: {error} at step {self.descent.steps + 1} of epoch "
                f"{self.epoch + 1}, learning rate {self.descent.lr:g}; "
                f"{self._remedy()}{self.kept}"
            ) from None

    def _remedy(self) -> str:
        """What to change where training diverged; before the first step it is not the rate."""
        if self.descent.steps == 0:
            return "lower model.initialization_scale, with which it began"
        clip = "set" if self.options.clip_norm is None else "lower"
        return f"lower optimizer.lr, or {clip} train.clip_norm"

    def checkpoint(self) -> Checkpoint:
        """Everything that the coming epochs depend on."""
        values, arrays = self.descent.state_dict()
        values |= {"best_epoch": self.best.epoch, "best_val_nll": self.best.val_nll}
        arrays |= {"parameters": self.network.parameters, "best": self.best.parameters}
        return Checkpoint(self.history, values, arrays)

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Go on from a checkpoint, or from the beginning where there is none."""
        if checkpoint is None:
            return
        self.history, values, arrays = checkpoint
        here = self.network.parameters
        for name, array in arrays.items():
            if name != "optimizer.steps" and (array.shape, array.dtype) != (here.shape, here.dtype):
                raise ValueError(f"its {name} is not of this network")
        self.descent.load_state_dict(values, arrays)
        best_epoch, best_val_nll = int(values["best_epoch"]), float(values["best_val_nll"])
        self.best = _Best(best_epoch, best_val_nll, arrays["best"])
        self.network.parameters[...] = arrays["parameters"]
        if self.listener:
            for record in self.history:
                self.listener.on_epoch(record)
