import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neonym.errors import UserError
from neonym.nn import RecurrentNetwork
from neonym.streams import Purpose, seed_sequence
from neonym.training import mean_nll
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

SGD = {"name": "sgd", "lr": 0.5}
PLAIN = {
    "optimizer": SGD,
    "model__input_dropout": 0.0,
    "model__output_dropout": 0.0,
    "train__clip_norm": None,
    "train__dtype": "float64",
    "train__epochs": 1,
    "train__batch_size": len(NAMES),
}
IDS = VOCABULARY.encode_all(NAMES)
VAL_IDS = VOCABULARY.encode_all(VAL_NAMES)


class Recorder:
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
    result = run(configuration(schedule={"name": "one_cycle", "warm_up": 0.5}), recorder)
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


def test_divergence_is_one_line_with_step_learning_rate_and_advice():
    broken = configuration(optimizer={"name": "sgd", "lr": 1e38}, train__clip_norm=None)
    message = (
        "training diverged: the .* is (nan|inf) at step 3 of epoch 1, learning rate 1e[+]38; "
        "lower optimizer.lr, or set train.clip_norm"
    )
    with pytest.raises(UserError, match=message):
        run(broken)


@pytest.mark.parametrize(("split", "names"), [("train", {"names": []}), ("val", {"val_names": []})])
def test_an_empty_split_is_one_clear_error(split, names):
    with pytest.raises(UserError, match=f"the {split} split is empty; add names"):
        run(configuration(), **names)
