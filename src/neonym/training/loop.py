"""Training a network on the train split, guided by val; nothing here ever sees the test split."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neonym import settings as conf
from neonym.base.errors import UserError
from neonym.base.threads import one_blas_thread, processors
from neonym.base.types import Floats
from neonym.models.mixture import Mixture
from neonym.nn import RecurrentNetwork, TokenSequences
from neonym.training.checkpoints import (
    Checkpoint,
    CheckpointWriter,
    explained,
    load_checkpoint,
    run_identity,
)
from neonym.training.folds import Folds, distinct
from neonym.training.history import EpochRecord
from neonym.training.learner import Beginning, Learner

Sequences = Sequence[NDArray[np.integer[Any]]]


class TrainingListener(Protocol):
    """Who is told how training goes, such as a progress bar or a tracker."""

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """After each step, counted from 1: the running loss, see `Descent`; the learning rate."""

    def on_epoch(self, record: EpochRecord) -> None:
        """After each epoch; when a run is resumed, first for the epochs done before."""

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        """After `on_epoch`, but not for epochs done before: the network as it is then.

        `is_last` tells that no epoch of this network follows.
        """


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
    held_out_nats
        With `train.folds` nats of each name of train, then of val, under the network that had not
        learned it, in the best epoch.
    """

    network: RecurrentNetwork
    history: list[EpochRecord]
    best_epoch: int
    best_val_nll: float
    stopped_early: bool
    mixture: Mixture | None = None
    held_out_nats: Floats | None = None


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
        Token ids of each name, start and end left out. With `train.folds` the names of both are
        learned, and val may be empty.
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
    folds, place_of = None, None
    names, judged = map(TokenSequences.of, (train_ids, val_ids))
    if configuration.train.folds:
        names, place_of = distinct(train_ids, val_ids)
        folds = Folds(names, vocabulary_size, configuration, beginning)
    for name, ids in (("train", names), ("val", names if folds else judged)):
        if not len(ids):
            raise UserError(f"the {name} split is empty; add names or change data.split")
    learner = Learner(names, vocabulary_size, configuration, configuration.seed, beginning)
    trainer = _Trainer(learner, folds or judged, listener)
    start = beginning.start.sha256 if beginning else None
    identity = run_identity(configuration, vocabulary_size, train_ids, val_ids, start=start)
    if checkpoint and configuration.train.resume:
        with explained(checkpoint):
            trainer.restore(load_checkpoint(checkpoint, identity))
    with ExitStack() as stack:
        for each in (learner, *(folds.learners if folds else ())):
            stack.enter_context(each.shards)
        writer = stack.enter_context(CheckpointWriter(checkpoint, identity)) if checkpoint else None
        if writer:
            learner.kept = writer.kept
        while not trainer.is_done():
            trainer.run_epoch()
            if writer:
                writer.write(trainer.checkpoint())
    result = trainer.result()
    if result.held_out_nats is None:
        return result
    return result._replace(held_out_nats=result.held_out_nats[place_of])


def mean_nll(network: RecurrentNetwork | Mixture, sequences: Sequences) -> float:
    """Exact nats per token over all sequences, end tokens included, dropout off."""
    together = TokenSequences.of(sequences)
    num_tokens = len(together.tokens) + len(together)
    nats = network.negative_log_likelihood(together, threads=processors())
    return float(nats.sum()) / num_tokens


@dataclass
class _Best:
    """The best epoch so far."""

    epoch: int = 0
    val_nll: float = math.inf
    parameters: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    held_out_nats: Floats | None = None


class _Trainer:
    """A training run between two epochs: everything the next epoch depends on."""

    def __init__(
        self, learner: Learner, judged_by: TokenSequences | Folds, listener: TrainingListener | None
    ) -> None:
        self.learner, self.judged_by, self.listener = learner, judged_by, listener
        self.options = learner.options
        self.history: list[EpochRecord] = []
        self.best = _Best()

    @property
    def epoch(self) -> int:
        """Epochs done so far."""
        return len(self.history)

    def _patience_ran_out(self) -> bool:
        patience = self.options.patience
        return patience is not None and self.epoch - self.best.epoch >= patience

    def _reached_its_end(self) -> bool:
        return self.epoch >= self.options.epochs or self.learner.took_all_steps

    def is_done(self) -> bool:
        return self._reached_its_end() or self._patience_ran_out()

    def result(self) -> TrainingResult:
        network = self.learner.network
        network.parameters[...] = self.best.parameters
        stopped_early = not self._reached_its_end()
        return TrainingResult(
            network,
            self.history,
            self.best.epoch,
            self.best.val_nll,
            stopped_early,
            held_out_nats=self.best.held_out_nats,
        )

    def run_epoch(self) -> None:
        """An epoch, and then the likelihood of both splits."""
        number = self.epoch + 1
        on_step = self.listener.on_step if self.listener else None
        epoch = self.learner.run_epoch(number, on_step)
        with self.learner.weights_that_count() as network:
            train_nll = mean_nll(network, self.learner.ids)
            val_nll, nats = self._judge(network, number)
            self.learner.check_finite(val_nll, "val nll", number)
            if val_nll < self.best.val_nll:
                self.best = _Best(number, val_nll, network.parameters.copy(), nats)
        descent = self.learner.descent
        record = EpochRecord(
            epoch=number,
            step=descent.steps,
            lr=descent.rate(descent.steps - 1),
            train_loss=epoch.train_loss,
            train_nll=train_nll,
            val_nll=val_nll,
            grad_norm=epoch.grad_norm,
        )
        self.history.append(record)
        if self.listener:
            self.listener.on_epoch(record)
            with self.learner.weights_that_count() as network:
                self.listener.on_weights(record, network, self.is_done())

    def _judge(self, network: RecurrentNetwork, number: int) -> tuple[float, Floats | None]:
        """Nats a token of val; with folds those of all names, and of each name."""
        if isinstance(self.judged_by, TokenSequences):
            return mean_nll(network, self.judged_by), None
        nats = self.judged_by.run_epoch(number)
        return self.judged_by.mean(nats), nats

    def checkpoint(self) -> Checkpoint:
        """Everything that the coming epochs depend on."""
        values, arrays = self.learner.state_dict()
        values |= {"best_epoch": self.best.epoch, "best_val_nll": self.best.val_nll}
        arrays |= {"best": self.best.parameters}
        if isinstance(self.judged_by, Folds):
            values["folds"], of_folds = self.judged_by.state_dict()
            arrays |= of_folds
        if self.best.held_out_nats is not None:
            arrays |= {"held_out_nats": self.best.held_out_nats}
        return Checkpoint(self.history, values, arrays)

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Go on from a checkpoint, or from the beginning where there is none."""
        if checkpoint is None:
            return
        self.history, values, arrays = checkpoint
        arrays = dict(arrays)
        nats, best = arrays.pop("held_out_nats", None), arrays["best"]
        if isinstance(self.judged_by, Folds):
            self.judged_by.load_state_dict(values["folds"], arrays)
            arrays = {name: each for name, each in arrays.items() if not name.startswith("fold")}
        self.learner.load_state_dict(values, arrays)
        self.best = _Best(int(values["best_epoch"]), float(values["best_val_nll"]), best, nats)
        if self.listener:
            for record in self.history:
                self.listener.on_epoch(record)
