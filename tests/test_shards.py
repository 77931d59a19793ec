import numpy as np
import pytest

from neonym.errors import UserError
from neonym.nn import RecurrentNetwork
from neonym.shards import ShardedGradient
from small_training import NAMES, VOCABULARY, configuration, run

IDS = VOCABULARY.encode_all(NAMES)


def generators(count):
    return [np.random.default_rng(number) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_the_parts_add_up_to_the_loss_and_gradient_of_the_batch(count):
    whole, parted = (
        RecurrentNetwork(len(VOCABULARY), "gru", 6, dtype="float64", seed=3) for _ in range(2)
    )
    loss = whole.forward_backward(whole.pack(IDS))
    gradient = ShardedGradient(parted, count)
    for _ in range(2):  # the second time with copies that were used before
        sharded_loss, tokens = gradient.forward_backward(IDS, generators(count))
    gradient.close()
    assert sharded_loss == pytest.approx(loss, rel=1e-12)
    assert tokens == sum(map(len, NAMES)) + len(NAMES)
    np.testing.assert_allclose(parted.gradients, whole.gradients, atol=1e-14)


def test_copies_follow_the_network():
    network = RecurrentNetwork(len(VOCABULARY), "rnn", 6, dtype="float64")
    gradient = ShardedGradient(network, 2)
    before, _ = gradient.forward_backward(IDS, generators(2))
    network.parameters *= 2
    after, _ = gradient.forward_backward(IDS, generators(2))
    gradient.close()
    assert after == pytest.approx(network.loss(network.pack(IDS)))
    assert after != pytest.approx(before)


def test_each_part_draws_its_own_dropout():
    options = {"train__dtype": "float64", "model__input_dropout": 0.0}
    losses = [
        run(configuration(train__shards=shards, model__output_dropout=rate, **options)).history
        for shards in (1, 2)
        for rate in (0.0, 0.5)
    ]
    assert losses[0][-1].val_nll == pytest.approx(losses[2][-1].val_nll)
    assert losses[1][-1].val_nll != pytest.approx(losses[3][-1].val_nll)


def test_sharded_training_gives_equal_bits_each_time():
    results = [run(configuration(train__shards=2)) for _ in range(3)]
    assert len({result.network.parameters.tobytes() for result in results}) == 1


def test_what_cannot_be_sharded_is_one_clear_error():
    for change in ({"train__carry_state": True}, {"train__truncate": 3}):
        with pytest.raises(UserError, match="shards above 1 need carry_state: false and truncate"):
            configuration(train__shards=2, **change)


@pytest.mark.filterwarnings("error")
def test_overflow_in_a_part_is_divergence_and_no_warning():
    sgd = {"name": "sgd", "lr": 1e38, "momentum": 0.0, "nesterov": False}
    with pytest.raises(UserError, match="training diverged"):
        run(configuration(train__shards=2, optimizer=sgd, train__clip_norm=None))
