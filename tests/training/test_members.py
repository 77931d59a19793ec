import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.models.mixture import mix
from neonym.models.ngram import choose_order
from neonym.models.starting import Start
from neonym.training.learner import Beginning
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
        self.killed_at, self.steps, self.epochs, self.weights = killed_at, [], [], []

    def on_step(self, step, loss, lr):
        self.steps.append(step)
        if step == self.killed_at:
            raise KilledError

    def on_epoch(self, record):
        self.epochs.append(record)

    def on_weights(self, record, network, is_last):
        self.weights.append((record, network.parameters.tobytes(), is_last))


def members(changes, processes=1, **options):
    settings = configuration(**changes)
    return train_members(IDS, VAL_IDS, len(VOCABULARY), settings, processes=processes, **options)


def everything(changes, processes, **options):
    """All that there is to tell of a training."""
    listener = Listener()
    result = members(changes, processes, listener=listener, **options)
    networks = [network.parameters.tobytes() for network in result.mixture.networks]
    events = listener.steps, listener.epochs, listener.weights
    return events, networks, result.mixture.ngram_weight, result[1:5]


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


@pytest.mark.parametrize(
    ("killed_at", "before", "after"), [(2, 1, 1), (14, 1, 2), (18, 2, 1), (35, 1, 1)]
)
def test_members_killed_and_resumed_give_the_same_bits(tmp_path, killed_at, before, after):
    expected, path = members(THREE), tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        members(THREE, before, listener=Listener(killed_at), checkpoint=path)
    listener = Listener()
    result = members(THREE | {"train__resume": True}, after, listener=listener, checkpoint=path)
    assert len(listener.steps) > 36 - killed_at or before > 1
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


def test_any_number_of_processes_tells_the_same_and_gives_the_same_bytes():
    changes = THREE | {
        "train__show_names_every": 1,
        "train__epochs": 9,
        "train__patience": 1,
        "optimizer__lr": 0.1,
    }
    start = Start("trained.npz", "0" * 64, run(configuration()).network, VOCABULARY)
    beginning = Beginning(start, VOCABULARY)
    one, two = (everything(changes, count, beginning=beginning) for count in (1, 2))
    assert one == two
    assert len(one[0][2]) < 27  # patience ran out


def test_where_no_process_can_be_started_members_are_trained_here(monkeypatch):
    expected = everything(THREE, 1)

    def refuse(*_, **__):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert everything(THREE, 3) == expected


def test_a_member_that_diverges_in_a_process_is_the_mistake_that_it_is_here(tmp_path):
    changes = THREE | {"optimizer__lr": 1e38}
    said = []
    for processes in (1, 2):
        with pytest.raises(UserError) as error:
            members(changes, processes, checkpoint=tmp_path / "checkpoint.npz")
        said.append(str(error.value))
    assert said[0].startswith("training diverged: ")
    assert said[0] == said[1]


def test_a_process_that_dies_is_one_error(monkeypatch, capfd):
    monkeypatch.setattr("neonym.training.member_pool.PROGRAM", "raise SystemExit(3)")
    with pytest.raises(RuntimeError, match="the process of member 1 ended with status 3; its own"):
        members(THREE, 2)
    assert capfd.readouterr().err == ""


TRAIN = """
import os, signal
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration
from neonym.training.members import train_members

class Listener:
    def on_step(self, *step):
        os.kill(os.getpid(), signal.SIGKILL)

ids = VOCABULARY.encode_all(NAMES), VOCABULARY.encode_all(VAL_NAMES), len(VOCABULARY)
changed = configuration(train__members=2, train__epochs=100_000)
train_members(*ids, changed, listener=Listener(), processes=2)
"""


def test_processes_end_with_the_one_that_started_them():
    command = [sys.executable, "-c", TRAIN]
    # The output ends when nobody has it open any more, the processes of the dead one included
    tests = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=tests, stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
