"""The epoch chosen by cross-validation, and a network that learns all names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator
from neonym.corpus.processed import read_processed
from neonym.corpus.splits import deal_into_folds
from neonym.generation.generator import NameGenerator
from neonym.nn import TokenSequences
from neonym.settings import training_settings
from neonym.steps.evaluate_step import evaluate
from neonym.steps.outputs import Outputs
from neonym.steps.preprocess_step import preprocess
from neonym.steps.sample_step import sample
from neonym.steps.train_step import train
from neonym.training.folds import _seed_of
from neonym.training.learner import Learner
from neonym.training.loop import TrainingListener, TrainingResult
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

ALL = [*NAMES, *VAL_NAMES]
IDS = TokenSequences.of(VOCABULARY.encode_all(ALL))
SETTINGS = configuration(train__folds=3, train__epochs=12, optimizer__lr=0.03)


@pytest.fixture(scope="module")
def result() -> TrainingResult:
    return run(SETTINGS)


def learned(ids: TokenSequences, seed: int, epochs: int) -> Learner:
    learner = Learner(ids, len(VOCABULARY), SETTINGS, seed, None)
    for number in range(1, epochs + 1):
        learner.run_epoch(number)
    return learner


def test_the_network_has_learned_all_names_for_the_best_number_of_epochs(
    result: TrainingResult,
) -> None:
    assert 1 < result.best_epoch < 12  # or the choice would be none
    whole = learned(IDS, SETTINGS.seed, result.best_epoch)
    assert np.array_equal(whole.network.parameters, result.network.parameters)


def test_every_name_is_judged_by_the_network_that_has_not_learned_it(
    result: TrainingResult,
) -> None:
    fold_of = deal_into_folds(VOCABULARY.as_strings(ALL), 3, generator(0, Purpose.FOLDS))
    assert sorted(np.bincount(fold_of)) == [6, 6, 6]
    assert result.held_out_nats is not None
    for fold in range(3):
        others = IDS.take(np.flatnonzero(fold_of != fold))
        network = learned(others, _seed_of(0, fold), result.best_epoch).network
        for place in np.flatnonzero(fold_of == fold):
            nats = network.negative_log_likelihood([IDS[int(place)]])
            assert result.held_out_nats[place] == pytest.approx(nats[0], rel=1e-5)


def test_the_best_epoch_is_that_of_the_least_nats_a_token_of_all_names(
    result: TrainingResult,
) -> None:
    assert result.held_out_nats is not None
    tokens = sum(len(name) + 1 for name in ALL)
    assert result.best_val_nll == pytest.approx(result.held_out_nats.sum() / tokens)
    assert result.best_val_nll == min(record.val_nll for record in result.history)


def test_a_name_of_both_parts_counts_once(result: TrainingResult) -> None:
    nothing_held_out = run(SETTINGS, names=ALL, val_names=ALL)
    assert np.array_equal(nothing_held_out.network.parameters, result.network.parameters)
    assert nothing_held_out.held_out_nats is not None
    assert result.held_out_nats is not None
    twice = np.concatenate([result.held_out_nats, result.held_out_nats])
    assert np.array_equal(nothing_held_out.held_out_nats, twice)


def test_all_names_may_be_of_one_part(result: TrainingResult) -> None:
    network = run(SETTINGS, names=ALL, val_names=[]).network
    assert np.array_equal(network.parameters, result.network.parameters)


def test_patience_is_of_the_cross_validated_curve() -> None:
    changed = {"train__folds": 3, "train__epochs": 30, "train__patience": 2}
    result = run(configuration(**changed, optimizer__lr=0.03))
    assert result.stopped_early
    assert len(result.history) == result.best_epoch + 2


class Interrupting(TrainingListener):
    def on_step(self, step: int, loss: float, lr: float) -> None:
        pass

    def on_epoch(self, record: Any) -> None:
        if record.epoch == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("changed", [{}, {"train__ema_decay": 0.9, "train__max_steps": 20}])
def test_resumed_training_ends_as_one_that_was_not_interrupted(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    small = {"train__folds": 2, "train__epochs": 5, **changed}
    whole = run(configuration(**small))
    with pytest.raises(KeyboardInterrupt):
        run(configuration(**small), checkpoint=checkpoint, listener=Interrupting())
    assert checkpoint.exists()
    resumed = run(configuration(**small, train__resume=True), checkpoint=checkpoint)
    assert resumed.history == whole.history
    assert np.array_equal(resumed.network.parameters, whole.network.parameters)
    assert np.array_equal(resumed.held_out_nats, whole.held_out_nats)


def test_fewer_names_than_folds_are_refused() -> None:
    with pytest.raises(UserError, match=r"^train\.folds is 20 and there are 18 names; lower it$"):
        run(configuration(train__folds=20))


@pytest.mark.parametrize("key", ["train__members", "train__ngram_max_order"])
def test_what_is_mixed_by_val_needs_names_held_out(key: str) -> None:
    with pytest.raises(UserError, match="folds need members: 1 and ngram_max_order: null"):
        configuration(train__folds=3, **{key: 2})


def test_what_was_recorded_before_the_key_stays_equal() -> None:
    assert "folds" not in training_settings(configuration())["train"]
    assert training_settings(SETTINGS)["train"]["folds"] == 3


class Silent(TrainingListener):
    def on_step(self, step: int, loss: float, lr: float) -> None:
        pass

    def on_epoch(self, record: Any) -> None:
        pass


@pytest.mark.parametrize("hold_out", [True, False])
def test_figures_of_val_are_those_of_networks_that_had_not_learned_it(
    tmp_path: Path, hold_out: bool
) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\n".join(ALL))
    settings = configuration(
        data__path=str(path),
        data__split__hold_out=hold_out,
        data__split__val=0.2,
        train__folds=3,
        train__epochs=8,
        optimizer__lr=0.03,
        sample__count=50,
    )
    files = Outputs.below(tmp_path)
    preprocess(settings.data, files.processed)
    processed = read_processed(files.processed)
    train(settings, processed, files, Silent())
    sample(settings, files)
    figures = evaluate(settings, files, with_pictures=False)
    generator = NameGenerator.load(files.model)
    nats = np.array(generator.metadata["held_out_nats"])
    tokens = sum(len(name) + 1 for name in processed.val)
    assert len(nats) == len(processed.val)
    assert figures["val"]["nll"] == pytest.approx(nats.sum() / tokens)
    learned = -generator.log_prob(processed.val).sum() / tokens
    assert figures["val"]["nll"] > learned + 0.05
    of_test = -generator.log_prob(processed.test).sum()
    of_test /= sum(len(name) + 1 for name in processed.test)
    assert figures["test"]["nll"] == pytest.approx(of_test)
