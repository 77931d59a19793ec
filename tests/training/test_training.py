import itertools

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator, seed_sequence
from neonym.models.choice import log_softmax
from neonym.nn import Adam, RecurrentNetwork
from neonym.training.loop import TrainingListener, mean_nll
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

SGD = {"name": "sgd", "lr": 0.5, "momentum": 0.0, "nesterov": False}
PLAIN = {
    "optimizer": SGD,
    "model__input_dropout": 0.0,
    "model__output_dropout": 0.0,
    "train__clip_norm": None,
    "train__dtype": "float64",
    "train__epochs": 1,
    "train__batch_size": len(NAMES),
}
ADAMW = {"name": "adamw", "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0}
IDS = VOCABULARY.encode_all(NAMES)
VAL_IDS = VOCABULARY.encode_all(VAL_NAMES)


class Recorder(TrainingListener):
    def __init__(self):
        self.steps, self.epochs = [], []

    def on_step(self, *arguments):
        self.steps.append(arguments)

    def on_epoch(self, record):
        self.epochs.append(record)


def untrained(configuration):
    return RecurrentNetwork(
        len(VOCABULARY),
        dtype=configuration.train.dtype,
        seed=seed_sequence(configuration.seed, Purpose.INITIALISATION),
        **configuration.model.model_dump(),
    )


def first_gradient(configuration):
    network = untrained(configuration)
    network.forward_backward(network.pack(IDS))
    return network.gradients


def step_taken(configuration):
    """How far a run of one step moves the parameters along the negative gradient."""
    moved = run(configuration).network.parameters - untrained(configuration).parameters
    return -moved / configuration.optimizer.lr


def test_equal_arguments_give_equal_bits_whatever_the_number_of_blas_threads():
    results = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            results.append(run(configuration(model__hidden_size=80)))
    assert len({result.network.parameters.tobytes() for result in results}) == 1
    assert results[0].history == results[1].history == results[2].history


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"model__input_dropout": 0.2}, {"train__batch_size": 5}, {"optimizer__lr": 0.02}],
)
def test_seed_dropout_batches_and_learning_rate_each_change_the_result(change):
    one, other = run(configuration()), run(configuration(**change))
    assert not np.array_equal(one.network.parameters, other.network.parameters)


def test_one_step_of_sgd_goes_down_the_gradient_of_the_mean():
    plain = configuration(**PLAIN)
    np.testing.assert_allclose(step_taken(plain), first_gradient(plain), atol=1e-12)


def test_clip_by_value_cuts_each_entry():
    plain = configuration(**PLAIN, train__clip_value=0.01)
    expected = np.clip(first_gradient(plain), -0.01, 0.01)
    np.testing.assert_allclose(step_taken(plain), expected, atol=1e-12)


def test_clip_by_norm_shortens_the_gradient_and_the_history_tells_its_full_length():
    plain = configuration(**PLAIN | {"train__clip_norm": 0.1})
    gradient = first_gradient(plain)
    length = np.linalg.norm(gradient)
    np.testing.assert_allclose(step_taken(plain), gradient * 0.1 / length, atol=1e-12)
    assert run(plain).history[0].grad_norm == pytest.approx(length)


def test_train_loss_is_per_token_and_of_the_weights_before_each_step():
    plain = configuration(**PLAIN)
    record = run(plain).history[0]
    nats = untrained(plain).negative_log_likelihood(IDS).sum()
    tokens = sum(len(name) + 1 for name in NAMES)
    assert record.train_loss == pytest.approx(nats / tokens)


def test_nll_is_exact_over_the_whole_split_with_dropout_off():
    result = run(configuration(train__epochs=1))
    nats = sum(result.network.negative_log_likelihood([ids])[0] for ids in VAL_IDS)
    assert result.history[0].val_nll == pytest.approx(nats / sum(map(len, VAL_IDS), 3), rel=1e-6)
    assert result.history[0].train_nll == pytest.approx(mean_nll(result.network, IDS))


def test_every_name_comes_once_an_epoch_in_another_order_and_the_last_batch_may_be_short():
    batches = []
    original = RecurrentNetwork.pack
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            RecurrentNetwork, "pack", lambda net, ids: batches.append(ids) or original(net, ids)
        )
        run(configuration(train__epochs=2))
    assert [len(batch) for batch in batches] == [4, 4, 4, 3] * 2
    names = [VOCABULARY.decode(ids) for batch in batches for ids in batch]
    epochs = names[: len(NAMES)], names[len(NAMES) :]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(NAMES)
    assert epochs[0] != epochs[1]


def test_the_listener_hears_of_every_step_and_epoch():
    recorder = Recorder()
    result = run(configuration(schedule={"name": "one_cycle", "warm_up": 0.5}), listener=recorder)
    assert recorder.epochs == result.history
    assert [step for step, _, _ in recorder.steps] == list(range(1, 13))
    assert [record.step for record in result.history] == [4, 8, 12]
    rates = [lr for _, _, lr in recorder.steps]
    assert rates[:6] == pytest.approx([0.01 * part / 6 for part in range(1, 7)])
    assert rates[3::4] == [record.lr for record in result.history]


def test_the_weights_of_the_best_epoch_are_kept():
    # A learning rate this high makes val worse in the end.
    result = run(configuration(train__epochs=40, optimizer__lr=0.05))
    values = [record.val_nll for record in result.history]
    assert result.best_val_nll == min(values)
    assert result.best_epoch == 1 + values.index(min(values)) < len(values)
    assert mean_nll(result.network, VAL_IDS) == result.best_val_nll
    assert not result.stopped_early


def test_training_stops_when_patience_runs_out():
    result = run(configuration(train__epochs=40, optimizer__lr=0.05, train__patience=3))
    assert result.stopped_early
    assert len(result.history) == result.best_epoch + 3


def test_a_few_names_are_learned_by_heart():
    options = PLAIN | {"optimizer": {"name": "adam", "lr": 0.03, "beta1": 0.9, "beta2": 0.999}}
    options |= {"train__epochs": 150, "model__hidden_size": 32, "train__dtype": "float32"}
    options["optimizer"]["eps"] = 1e-8
    result = run(configuration(**options), val_names=NAMES)
    # What is left is which name it will be, about log(15) / 12 nats a letter.
    assert result.best_val_nll < 0.3


@pytest.mark.parametrize(("clip_norm", "advice"), [(None, "set"), (1e38, "lower")])
def test_divergence_is_one_line_with_step_learning_rate_and_advice(clip_norm, advice):
    broken = configuration(optimizer=SGD | {"lr": 1e38}, train__clip_norm=clip_norm)
    message = (
        "training diverged: the .* is (nan|inf) at step 3 of epoch 1, learning rate 1e[+]38; "
        f"lower optimizer.lr, or {advice} train.clip_norm"
    )
    with pytest.raises(UserError, match=message):
        run(broken)


def test_the_loss_that_is_told_is_smoothed_from_that_of_a_network_that_knows_nothing():
    raw, smoothed = Recorder(), Recorder()
    run(configuration(train__loss_smoothing=0.0), listener=raw)
    run(configuration(train__loss_smoothing=0.9), listener=smoothed)
    expected = np.log(len(VOCABULARY))
    for (_, loss, _), (_, told, _) in zip(raw.steps, smoothed.steps, strict=True):
        expected = 0.9 * expected + 0.1 * loss
        assert told == pytest.approx(expected)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD | {"momentum": 0.9, "nesterov": True, "lr": 0.1},
        {"name": "adagrad", "lr": 0.05, "eps": 1e-10},
        {"name": "rmsprop", "lr": 0.01, "decay": 0.9, "eps": 1e-8},
        {"name": "adam", "lr": 0.01, "beta1": 0.8, "beta2": 0.99, "eps": 1e-8},
        {
            "name": "adamw",
            "lr": 0.01,
            "beta1": 0.9,
            "beta2": 0.99,
            "eps": 1e-8,
            "weight_decay": 0.1,
        },
    ],
    ids=lambda optimizer: optimizer["name"],
)
def test_every_optimizer_takes_its_options_and_learns(optimizer):
    result = run(configuration(optimizer=optimizer, train__epochs=10))
    assert result.best_val_nll < result.history[0].val_nll < np.log(len(VOCABULARY))


def test_weight_decay_leaves_biases_alone():
    options = configuration(**PLAIN | {"optimizer": ADAMW | {"weight_decay": 0.5}})
    decayed, plain = run(options), run(configuration(**PLAIN | {"optimizer": ADAMW}))
    old = untrained(options).state_dict()
    differences = {
        name: array - plain.network.state_dict()[name]
        for name, array in decayed.network.state_dict().items()
    }
    shrink = 0.5 * ADAMW["lr"]
    np.testing.assert_allclose(differences["head.weight"], -shrink * old["head.weight"], atol=1e-12)
    assert not differences["head.bias"].any()


def test_the_mean_of_the_weights_is_what_is_judged_and_kept():
    recorder = Averages()
    options = {"train__ema_decay": 0.8, "train__dtype": "float64", "train__epochs": 1}
    with pytest.MonkeyPatch.context() as patch:
        recorder.watch(patch)
        result = run(configuration(**options))
    mean, *weights = recorder.weights
    for step, parameters in enumerate(weights, start=1):
        decay = min(0.8, step / (step + 10))
        mean = decay * mean + (1 - decay) * parameters
    np.testing.assert_allclose(result.network.parameters, mean, atol=1e-12)
    assert result.history[0].val_nll == mean_nll(result.network, VAL_IDS)


def test_training_goes_on_from_the_weights_and_not_from_their_mean():
    plain, averaged = Recorder(), Recorder()
    run(configuration(), listener=plain)
    run(configuration(train__ema_decay=0.9), listener=averaged)
    assert averaged.steps == plain.steps


class Averages:
    """The weights before the first step and after each."""

    def __init__(self):
        self.weights = []

    def watch(self, patch):
        original = Adam.step

        def step(optimizer, parameters, gradients, lr):
            if not self.weights:
                self.weights.append(parameters.copy())
            original(optimizer, parameters, gradients, lr)
            self.weights.append(parameters.copy())

        patch.setattr(Adam, "step", step)


def test_truncated_backpropagation_takes_a_step_for_each_stretch_of_tokens():
    recorder = Recorder()
    result = run(configuration(train__truncate=5, train__epochs=1), listener=recorder)
    order = generator(0, Purpose.SHUFFLING, 1).permutation(len(NAMES))
    batches = [order[start : start + 4] for start in range(0, len(NAMES), 4)]
    longest = [max(len(NAMES[place]) + 1 for place in batch) for batch in batches]
    assert len(recorder.steps) == sum(-(-tokens // 5) for tokens in longest)
    assert result.history[0].step == len(recorder.steps)


@pytest.mark.parametrize("most", [None, 40, 100_000])
def test_a_schedule_spans_all_steps_of_truncated_backpropagation(most):
    recorder, schedule = Recorder(), {"name": "one_cycle", "warm_up": 0.5}
    run(
        configuration(train__truncate=3, train__max_steps=most, schedule=schedule),
        listener=recorder,
    )
    rates = [lr for _, _, lr in recorder.steps]
    rising = round(len(rates) / 2)
    assert rates[:rising] == pytest.approx([0.01 * n / rising for n in range(1, rising + 1)])
    assert rates[rising:] == sorted(set(rates[rising:]), reverse=True)
    assert rates[-1] < 0.0001


def test_a_step_schedule_counts_whole_epochs_of_truncated_backpropagation():
    recorder, schedule = Recorder(), {"name": "step", "every": 1, "factor": 0.5}
    result = run(configuration(train__truncate=3, schedule=schedule), listener=recorder)
    starts = [0, *(record.step for record in result.history)]
    for number, (start, end) in enumerate(itertools.pairwise(starts)):
        assert {lr for _, _, lr in recorder.steps[start:end]} == {0.01 * 0.5**number}


def test_truncating_behind_the_longest_name_changes_nothing():
    schedule = {"name": "one_cycle", "warm_up": 0.5}
    whole = run(configuration(schedule=schedule))
    truncated = run(configuration(schedule=schedule, train__truncate=99))
    np.testing.assert_array_equal(whole.network.parameters, truncated.network.parameters)


def test_a_carried_state_is_that_in_which_the_name_before_ended():
    options = {"train__carry_state": True, "train__batch_size": 1, "train__epochs": 1}
    recorder = Recorder()
    frozen = {"optimizer": SGD | {"lr": 1e-300}, "train__loss_smoothing": 0.0}
    run(configuration(**PLAIN | options | frozen), listener=recorder)
    network = untrained(configuration(**PLAIN))
    order = generator(0, Purpose.SHUFFLING, 1).permutation(len(NAMES))
    state = network.initial_state(1)
    for (_, loss, _), place in zip(recorder.steps, order, strict=True):
        nats = []
        for token, target in zip([0, *IDS[place]], [*IDS[place], 0], strict=True):
            logits, state = network.step([token], state)
            nats.append(-log_softmax(logits)[0, target])
        assert loss == pytest.approx(np.mean(nats))


def test_a_carried_state_survives_a_smaller_last_batch():
    result = run(configuration(train__carry_state=True, train__truncate=4))
    assert len(result.history) == 3


@pytest.mark.parametrize(("split", "names"), [("train", {"names": []}), ("val", {"val_names": []})])
def test_an_empty_split_is_one_clear_error(split, names):
    with pytest.raises(UserError, match=f"the {split} split is empty; add names"):
        run(configuration(), **names)


def test_shards_change_the_order_of_the_sums_and_nothing_else():
    plain = PLAIN | {"train__epochs": 3, "train__batch_size": 4}
    one, three = (run(configuration(**plain, train__shards=shards)) for shards in (1, 3))
    np.testing.assert_allclose(three.network.parameters, one.network.parameters, atol=1e-10)
    assert three.network.parameters.tobytes() != one.network.parameters.tobytes()


def test_sharded_training_gives_equal_bits_each_time():
    results = [run(configuration(train__shards=2)) for _ in range(3)]
    assert len({result.network.parameters.tobytes() for result in results}) == 1


@pytest.mark.parametrize("change", [{"train__carry_state": True}, {"train__truncate": 3}])
def test_what_cannot_be_sharded_is_one_clear_error(change):
    with pytest.raises(UserError, match="shards above 1 need carry_state: false and truncate"):
        configuration(train__shards=2, **change)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_overflow_in_a_shard_is_divergence():
    with pytest.raises(UserError, match="training diverged"):
        run(configuration(train__shards=2, optimizer=SGD | {"lr": 1e38}, train__clip_norm=None))
