"""What is minimised, how its running mean begins, and after how many steps training stops."""

import numpy as np
import pytest

from neonym.training.loop import TrainingListener, mean_nll
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

SGD = {"name": "sgd", "lr": 0.01, "momentum": 0.0, "nesterov": False}
ONE_CYCLE = {"name": "one_cycle", "warm_up": 0.5}
ONE_STEP = {
    "optimizer": SGD,
    "model__input_dropout": 0.0,
    "model__output_dropout": 0.0,
    "train__clip_norm": None,
    "train__dtype": "float64",
    "train__batch_size": len(NAMES),
    "train__epochs": 1,
}
TOKENS = sum(len(name) + 1 for name in NAMES)


class Recorder(TrainingListener):
    def __init__(self):
        self.losses, self.rates = [], []

    def on_step(self, step, loss, lr):
        self.losses.append(loss)
        self.rates.append(lr)

    def on_epoch(self, record):
        pass


def told(**options):
    recorder = Recorder()
    result = run(configuration(**options), listener=recorder)
    return recorder, result


def test_the_gradient_of_the_sum_is_that_of_the_mean_times_the_tokens():
    mean = run(configuration(**ONE_STEP | {"optimizer": SGD | {"lr": 0.01 * TOKENS}}))
    total = run(configuration(**ONE_STEP, train__reduction="sum"))
    np.testing.assert_allclose(total.network.parameters, mean.network.parameters, atol=1e-12)
    assert total.history[0].grad_norm == pytest.approx(TOKENS * mean.history[0].grad_norm)


def test_the_gradient_of_the_sum_is_cut_after_it_was_summed():
    options = ONE_STEP | {"train__clip_value": 0.5, "train__reduction": "sum"}
    start = run(configuration(**options | {"optimizer": SGD | {"lr": 1e-300}}))
    moved = run(configuration(**options)).network.parameters - start.network.parameters
    assert np.abs(moved).max() == pytest.approx(0.01 * 0.5)


def test_a_sharded_sum_is_the_same_sum():
    one, two = (
        run(configuration(**ONE_STEP, train__reduction="sum", train__shards=shards))
        for shards in (1, 2)
    )
    np.testing.assert_allclose(two.network.parameters, one.network.parameters, atol=1e-12)


def test_figures_stay_per_token_whatever_is_minimised():
    mean, total = (
        run(configuration(**ONE_STEP, train__reduction=kind)) for kind in ("mean", "sum")
    )
    assert total.history[0].train_loss == mean.history[0].train_loss
    assert total.history[0].val_nll == mean_nll(total.network, VOCABULARY.encode_all(VAL_NAMES))


def test_the_running_loss_is_of_what_is_minimised():
    recorder, result = told(**ONE_STEP, train__reduction="sum", train__loss_smoothing=0.0)
    assert recorder.losses == pytest.approx([result.history[0].train_loss * TOKENS])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_running_loss_begins_where_it_is_told_to(reduction):
    options = {"optimizer": SGD, "train__reduction": reduction}
    raw, _ = told(**options, train__loss_smoothing=0.0)
    smoothed, _ = told(
        **options, train__loss_smoothing=0.999, train__loss_start=-np.log(1 / 27) * 7
    )
    expected = -np.log(1 / 27) * 7
    for loss, running in zip(raw.losses, smoothed.losses, strict=True):
        expected = 0.999 * expected + 0.001 * loss
        assert running == pytest.approx(expected)


@pytest.mark.parametrize("most", [1, 3, 4, 5, 12])
def test_training_stops_after_so_many_steps_also_amid_an_epoch(most):
    whole, _ = told()
    cut, result = told(train__max_steps=most)
    assert cut.losses == whole.losses[:most]
    assert result.history[-1].step == most
    assert len(result.history) == -(-most // 4)  # four batches an epoch
    assert not result.stopped_early


def test_more_steps_than_the_epochs_have_change_nothing():
    one, other = (
        run(configuration(schedule=ONE_CYCLE)),
        told(schedule=ONE_CYCLE, train__max_steps=999)[1],
    )
    assert one.history == other.history


def test_a_schedule_ends_with_the_last_step():
    cut, _ = told(schedule=ONE_CYCLE, train__epochs=99, train__max_steps=6)
    assert cut.rates[:3] == pytest.approx([0.01 / 3, 0.02 / 3, 0.01])
    assert cut.rates[3:] == sorted(cut.rates[3:], reverse=True)
    assert 0 < cut.rates[-1] < 0.0016


def test_patience_may_end_what_has_steps_left():
    options = {"train__epochs": 40, "train__max_steps": 150, "train__patience": 2}
    _, result = told(**options, optimizer__lr=0.05)
    assert result.stopped_early
    assert result.history[-1].step < 150
