"""Training whatever the configuration asks for: one network, or several that are mixed."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from neonym import settings as conf
from neonym.base.streams import Purpose, seed_sequence
from neonym.base.threads import one_blas_thread, processors
from neonym.models.mixture import mix
from neonym.models.ngram import choose_order
from neonym.nn import RecurrentNetwork, TokenSequences
from neonym.training.history import EpochRecord
from neonym.training.learner import Beginning
from neonym.training.loop import (
    Sequences,
    TrainingListener,
    TrainingResult,
    mean_nll,
)
from neonym.training.member_task import MemberTask

if TYPE_CHECKING:
    from neonym.training.member_pool import MemberPool


def train_members(
    train_ids: Sequences,
    val_ids: Sequences,
    vocabulary_size: int,
    configuration: conf.Settings,
    *,
    listener: TrainingListener | None = None,
    checkpoint: Path | None = None,
    beginning: Beginning | None = None,
    processes: int | None = None,
) -> TrainingResult:
    """Train `train.members` networks, and mix them.

    Several are trained at the same time, `processes` at most, each in a process of its own; None
    says as many as there are processors. The listener is told of one after the other, as if they
    were trained so. Where no process can be started they are, to the same bytes.

    The other arguments and the errors are those of `neonym.training.loop.train`, which trains each
    network. Of one in another process `on_weights` is told only with `train.show_names_every`.

    Returns
    -------
    TrainingResult
        Where there is one network and no n-gram, that of `train`. Otherwise `mixture` is what all
        predict together, `best_val_nll` its nll, `network` the first network, and the history that
        of one network after the other.
    """
    options = configuration.train
    tasks = [
        MemberTask(
            TokenSequences.of(train_ids),
            TokenSequences.of(val_ids),
            vocabulary_size,
            configuration.model_copy(update={"seed": member_seed(configuration.seed, number)}),
            _checkpoint_of(number, checkpoint),
            beginning,
        )
        for number in range(options.members)
    ]
    results: list[TrainingResult] = []
    history: list[EpochRecord] = []
    with _pool_for(tasks, processes or processors()) as pool:
        for number, task in enumerate(tasks):
            offset = _OffsetListener(number + 1, history[-1] if history else None, listener)
            result = pool.follow(number, offset) if pool else None
            results.append(result or task.run(offset))
            history += [offset.shifted(record) for record in results[-1].history]
    if options.members == 1 and options.ngram_max_order is None:
        return results[0]
    for task in tasks[1:]:
        if task.checkpoint:
            task.checkpoint.unlink(missing_ok=True)
    return _mixed(results, history, train_ids, val_ids, options.ngram_max_order)


def _pool_for(
    tasks: Sequence[MemberTask], processes: int
) -> AbstractContextManager["MemberPool | None"]:
    """Who trains members at the same time; nobody where that cannot be, or has no use."""
    if min(len(tasks), processes) > 1:
        with suppress(ImportError, OSError):
            from neonym.training.member_pool import MemberPool  # noqa: PLC0415 (not all systems can)

            return MemberPool(tasks, processes)
    return nullcontext()


def member_seed(seed: int, number: int) -> int:
    """The seed of a member's training; that of the first is the experiment's own."""
    if number == 0:
        return seed
    return int(seed_sequence(seed, Purpose.MEMBER, number).generate_state(1)[0])


def _checkpoint_of(number: int, checkpoint: Path | None) -> Path | None:
    if checkpoint is None or number == 0:
        return checkpoint
    return checkpoint.with_suffix(f".{number}{checkpoint.suffix}")


class _OffsetListener:
    """Passes a member's training on, its epochs and steps counted from those of members before."""

    def __init__(
        self, member: int, last: EpochRecord | None, listener: TrainingListener | None
    ) -> None:
        self.member = member
        self.epochs, self.steps = (last.epoch, last.step) if last else (0, 0)
        self.listener = listener

    def shifted(self, record: EpochRecord) -> EpochRecord:
        return record._replace(
            epoch=self.epochs + record.epoch, step=self.steps + record.step, member=self.member
        )

    def on_step(self, step: int, loss: float, lr: float) -> None:
        if self.listener:
            self.listener.on_step(self.steps + step, loss, lr)

    def on_epoch(self, record: EpochRecord) -> None:
        if self.listener:
            self.listener.on_epoch(self.shifted(record))

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        if self.listener:
            self.listener.on_weights(self.shifted(record), network, is_last)


@one_blas_thread()
def _mixed(
    results: Sequence[TrainingResult],
    history: list[EpochRecord],
    train_ids: Sequences,
    val_ids: Sequences,
    ngram_max_order: int | None,
) -> TrainingResult:
    networks = [result.network for result in results]
    ngram = None
    if ngram_max_order is not None:
        ngram = choose_order(train_ids, val_ids, networks[0].vocabulary_size, ngram_max_order)
    mixture = mix(networks, ngram, val_ids)
    return TrainingResult(
        network=networks[0],
        history=history,
        best_epoch=min(history, key=lambda record: record.val_nll).epoch,
        best_val_nll=mean_nll(mixture, val_ids),
        stopped_early=any(result.stopped_early for result in results),
        mixture=mixture,
    )
