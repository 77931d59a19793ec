import numpy as np
import pytest

from neonym.models.mixture import mix
from neonym.models.ngram import choose_order
from neonym.training.loop import TrainingListener, mean_nll
from neonym.training.members import member_seed, train_members
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

IDS = VOCABULARY.encode_all(NAMES)
VAL_IDS = VOCABULARY.encode_all(VAL_NAMES)
THREE = {"train__members": 3, "train__ngram_max_order": 4}


class KilledError(Exception):
    pass


class Listener(TrainingListener):
    def __init__(self, killed_at=None):
        self.killed_at, self.steps, self.epochs = killed_at, [], []

    def on_step(self, step, loss, lr):
        self.steps.append(step)
        if step == self.killed_at:
            raise KilledError

    def on_epoch(self, record):
        self.epochs.append(record)


def members(changes, **options):
    return train_members(IDS, VAL_IDS, len(VOCABULARY), configuration(**changes), **options)


def test_one_member_is_the_network_alone():
    alone, result = run(configuration()), members({})
    assert result.mixture is None
    assert result.history == alone.history
    np.testing.assert_array_equal(result.network.parameters, alone.network.parameters)


def test_members_are_networks_of_seeds_of_their_own_mixed_with_the_ngram():
    result = members(THREE)
    alone = [run(configuration(seed=member_seed(0, number))) for number in range(3)]
    assert len({member_seed(0, number) for number in range(3)}) == 3
    for network, expected in zip(result.mixture.networks, alone, strict=True):
        np.testing.assert_array_equal(network.parameters, expected.network.parameters)
    ngram = choose_order(IDS, VAL_IDS, len(VOCABULARY), 4)
    expected = mix([one.network for one in alone], ngram, VAL_IDS)
    assert result.mixture.ngram_weight == expected.ngram_weight
    assert result.best_val_nll == mean_nll(expected, VAL_IDS)
    assert result.best_val_nll < min(one.best_val_nll for one in alone)


def test_the_history_is_that_of_one_member_behind_the_other():
    listener = Listener()
    result = members(THREE, listener=listener)
    assert listener.epochs == result.history
    assert [record.member for record in result.history] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [record.epoch for record in result.history] == list(range(1, 10))
    assert listener.steps == list(range(1, result.history[-1].step + 1))
    best = min(record.val_nll for record in result.history)
    assert result.history[result.best_epoch - 1].val_nll == best


@pytest.mark.parametrize("killed_at", [2, 14, 18, 35])
def test_members_killed_and_resumed_give_the_same_bits(tmp_path, killed_at):
    expected, path = members(THREE), tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        members(THREE, listener=Listener(killed_at), checkpoint=path)
    listener = Listener()
    result = members(THREE | {"train__resume": True}, listener=listener, checkpoint=path)
    assert len(listener.steps) > 36 - killed_at
    assert len(listener.steps) < 36 or killed_at == 2
    assert result.history == listener.epochs == expected.history
    assert result.best_val_nll == expected.best_val_nll
    for network, other in zip(result.mixture.networks, expected.mixture.networks, strict=True):
        assert network.parameters.tobytes() == other.parameters.tobytes()
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_an_ngram_may_be_mixed_with_a_single_network():
    result = members({"train__ngram_max_order": 3})
    assert len(result.mixture.networks) == 1
    assert result.best_val_nll < min(record.val_nll for record in result.history)
