"""Training a network on the train split, guided by val; nothing here ever sees the test split."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neonym import configuration as conf
from neonym.errors import UserError
from neonym.history import EpochRecord, read_history, write_history
from neonym.nn import Adam, Optimizer, RecurrentNetwork, Sgd, clip_by_norm, clip_by_value
from neonym.schedules import LearningRate, learning_rate
from neonym.streams import Purpose, generator, seed_sequence
from neonym.threads import one_blas_thread

__all__ = [
    "EpochRecord",
    "TrainingListener",
    "TrainingResult",
    "mean_nll",
    "read_history",
    "train",
    "write_history",
]

Sequences = Sequence[NDArray[np.int32]]

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": Sgd, "adam": Adam}


class TrainingListener(Protocol):
    """Who is told how training goes, such as a progress bar or a tracker."""

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """After each step, counted from 1: the batch's nats per token, its learning rate."""

    def on_epoch(self, record: EpochRecord) -> None:
        """After each epoch."""


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
        Whether patience ran out before the last epoch.
    """

    network: RecurrentNetwork
    history: list[EpochRecord]
    best_epoch: int
    best_val_nll: float
    stopped_early: bool


@one_blas_thread()
@np.errstate(over="ignore", invalid="ignore")  # what overflows becomes a loss that is noticed
def train(
    train_ids: Sequences,
    val_ids: Sequences,
    vocabulary_size: int,
    configuration: conf.Configuration,
    listener: TrainingListener | None = None,
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

    Raises
    ------
    UserError
        If a split is empty, or the loss is no longer a number.
    """
    for name, ids in (("train", train_ids), ("val", val_ids)):
        if not len(ids):
            raise UserError(f"the {name} split is empty; add names or change data.split")
    trainer = _Trainer(train_ids, val_ids, vocabulary_size, configuration, listener)
    while not trainer.is_done():
        trainer.run_epoch()
    return trainer.result()


def mean_nll(network: RecurrentNetwork, sequences: Sequences) -> float:
    """Exact nats per token over all sequences, end tokens included, dropout off."""
    tokens = sum(map(len, sequences)) + len(sequences)
    return float(network.negative_log_likelihood(sequences).sum()) / tokens


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
        configuration: conf.Configuration,
        listener: TrainingListener | None,
    ) -> None:
        self.train_ids, self.val_ids = train_ids, val_ids
        self.seed, self.options = configuration.seed, configuration.train
        self.listener = listener
        self.network = RecurrentNetwork(
            vocabulary_size,
            dtype=self.options.dtype,
            seed=seed_sequence(self.seed, Purpose.INITIALISATION),
            **configuration.model.model_dump(),
        )
        self.optimizer = _make_optimizer(configuration.optimizer)
        self.rate = self._make_rate(configuration)
        self.step = 0
        self.history: list[EpochRecord] = []
        self.best = _Best()

    def _make_rate(self, configuration: conf.Configuration) -> LearningRate:
        steps = self.options.epochs * math.ceil(len(self.train_ids) / self.options.batch_size)
        return learning_rate(configuration.schedule, configuration.optimizer.lr, steps)

    @property
    def epoch(self) -> int:
        """Epochs done so far."""
        return len(self.history)

    def _patience_ran_out(self) -> bool:
        patience = self.options.patience
        return patience is not None and self.epoch - self.best.epoch >= patience

    def is_done(self) -> bool:
        return self.epoch >= self.options.epochs or self._patience_ran_out()

    def result(self) -> TrainingResult:
        self.network.parameters[...] = self.best.parameters
        stopped_early = self.epoch < self.options.epochs
        return TrainingResult(
            self.network, self.history, self.best.epoch, self.best.val_nll, stopped_early
        )

    def run_epoch(self) -> None:
        """Every training name once, in a new order; then the likelihood of both splits."""
        number = self.epoch + 1
        order = generator(self.seed, Purpose.SHUFFLING, number).permutation(len(self.train_ids))
        dropout = generator(self.seed, Purpose.DROPOUT, number)
        batch_size = self.options.batch_size
        steps = [
            self._run_step(order[start : start + batch_size], dropout)
            for start in range(0, len(order), batch_size)
        ]
        losses, norms, tokens = map(np.array, zip(*steps, strict=True))
        record = EpochRecord(
            epoch=number,
            step=self.step,
            lr=self.rate(self.step - 1),
            train_loss=float(np.average(losses, weights=tokens)),
            train_nll=mean_nll(self.network, self.train_ids),
            val_nll=self._checked(mean_nll(self.network, self.val_ids), "val nll"),
            grad_norm=float(norms.mean()),
        )
        self.history.append(record)
        if record.val_nll < self.best.val_nll:
            self.best = _Best(number, record.val_nll, self.network.parameters.copy())
        if self.listener:
            self.listener.on_epoch(record)

    def _run_step(
        self, places: NDArray[np.int64], dropout: np.random.Generator
    ) -> tuple[float, float, int]:
        """Follow the gradient of one batch; its loss, the gradient's length, the tokens."""
        batch = self.network.pack([self.train_ids[place] for place in places])
        lr = self.rate(self.step)
        loss = self._checked(self.network.forward_backward(batch, dropout), "loss")
        norm = self._checked(self._clip(self.network.gradients), "gradient")
        self.optimizer.step(self.network.parameters, self.network.gradients, lr)
        self.step += 1
        if self.listener:
            self.listener.on_step(self.step, loss, lr)
        return loss, norm, batch.num_tokens

    def _clip(self, gradients: NDArray[Any]) -> float:
        """Cut the gradient as configured; its length before."""
        norm = clip_by_norm(gradients, math.inf)
        if self.options.clip_value is not None:
            clip_by_value(gradients, self.options.clip_value)
        if self.options.clip_norm is not None:
            clip_by_norm(gradients, self.options.clip_norm)
        return norm

    def _checked(self, value: float, what: str) -> float:
        if math.isfinite(value):
            return value
        raise UserError(
            f"training diverged: the {what} is {value} at step {self.step + 1} of epoch "
            f"{self.epoch + 1}, learning rate {self.rate(self.step):g}; "
            f"lower optimizer.lr, or set train.clip_norm"
        )


def _make_optimizer(options: conf.Optimizer) -> Optimizer:
    return OPTIMIZERS[options.name](**options.model_dump(exclude={"name", "lr"}))
