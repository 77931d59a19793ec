from threading import Event

import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.training import checkpoints
from neonym.training.loop import TrainingListener
from small_training import NAMES, configuration, run

ADAMW = {"name": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.1}
MOMENTUM = {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True}
PLAIN_SGD = {"name": "sgd", "lr": 0.01, "momentum": 0.0, "nesterov": False}
EPOCHS = {"train__epochs": 6}


class KilledError(Exception):
    pass


class Listener(TrainingListener):
    """Remembers what it hears, and ends the run at a step."""

    def __init__(self, killed_at=None):
        self.killed_at, self.steps, self.epochs = killed_at, [], []

    def on_step(self, *step):
        self.steps.append(step)
        if step[0] == self.killed_at:
            raise KilledError

    def on_epoch(self, record):
        self.epochs.append(record)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": ADAMW, "train__ema_decay": 0.9},
        {"optimizer": MOMENTUM, "schedule": {"name": "one_cycle", "warm_up": 0.4}},
        {"train__carry_state": True, "train__truncate": 4, "train__dtype": "float64"},
        {"train__truncate": 4, "schedule": {"name": "one_cycle", "warm_up": 0.4}},
        {"train__patience": 3, "optimizer__lr": 0.2},
        {"train__shards": 3},
        {"train__max_steps": 17, "schedule": {"name": "one_cycle", "warm_up": 0.4}},
        {"train__reduction": "sum", "train__loss_start": 23.0, "optimizer": PLAIN_SGD},
    ],
)
@pytest.mark.parametrize("killed_at", [2, 5, 14])
def test_a_run_that_was_killed_and_resumed_gives_the_same_bits(tmp_path, options, killed_at):
    changes = EPOCHS | options
    whole = Listener()
    expected = run(configuration(**changes), listener=whole)
    path = tmp_path / "checkpoint.npz"
    before, after = Listener(killed_at), Listener()
    with pytest.raises(KilledError):
        run(configuration(**changes), listener=before, checkpoint=path)
    resumed = configuration(**changes, train__resume=True)
    result = run(resumed, listener=after, checkpoint=path)
    assert result.network.parameters.tobytes() == expected.network.parameters.tobytes()
    assert result.history == expected.history
    assert result[2:] == expected[2:]
    assert after.epochs == whole.epochs
    done = len(whole.steps) - len(after.steps)
    assert after.steps == whole.steps[done:]
    assert before.steps == whole.steps[: len(before.steps)]
    assert 0 <= done < killed_at


def test_a_checkpoint_is_written_while_training_goes_on_and_stays_that_of_its_epoch(
    tmp_path, monkeypatch
):
    path, went_on, write = tmp_path / "c.npz", Event(), checkpoints.save_checkpoint

    def write_late(*checkpoint):
        assert went_on.wait(30)
        write(*checkpoint)

    class Killed(Listener):
        def on_step(self, *step):
            if step[0] > steps_of_epoch + 2:
                went_on.set()
            super().on_step(*step)

    whole = Listener()
    expected = run(configuration(**EPOCHS), listener=whole)
    steps_of_epoch = len(whole.steps) // 6
    monkeypatch.setattr(checkpoints, "save_checkpoint", write_late)
    with pytest.raises(KilledError):
        run(configuration(**EPOCHS), listener=Killed(2 * steps_of_epoch - 1), checkpoint=path)
    after = Listener()
    resumed = run(configuration(**EPOCHS, train__resume=True), listener=after, checkpoint=path)
    assert after.steps == whole.steps[steps_of_epoch:]
    assert resumed.network.parameters.tobytes() == expected.network.parameters.tobytes()


def test_divergence_names_no_checkpoint_that_could_not_be_written(tmp_path, monkeypatch):
    path, write = tmp_path / "c.npz", checkpoints.save_checkpoint

    def write_the_first(path, identity, checkpoint):
        if len(checkpoint.history) > 1:
            raise UserError("no space left")
        write(path, identity, checkpoint)

    monkeypatch.setattr(checkpoints, "save_checkpoint", write_the_first)
    monkeypatch.setattr(
        "neonym.training.descent.Descent.lr", property(lambda d: 1e38 if d.steps > 8 else 0.01)
    )
    with pytest.raises(UserError, match=r"diverged.*of epoch 3.*; .*c.npz keeps epoch 1$"):
        run(configuration(train__epochs=5), checkpoint=path)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_checkpoint_that_cannot_be_written_ends_the_training(tmp_path, epochs):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UserError, match=r"file/c.npz cannot be written"):
        run(configuration(train__epochs=epochs), checkpoint=tmp_path / "file" / "c.npz")
    assert (tmp_path / "file").read_text() == "kept"


def test_without_threads_checkpoints_are_written_in_between(tmp_path, monkeypatch):
    run(configuration(), checkpoint=tmp_path / "beside")
    monkeypatch.setattr(checkpoints, "can_start_threads", lambda: False)
    run(configuration(), checkpoint=tmp_path / "between")
    assert (tmp_path / "between").read_bytes() == (tmp_path / "beside").read_bytes()


def test_a_finished_run_is_not_run_again(tmp_path):
    path = tmp_path / "c.npz"
    expected = run(configuration(), checkpoint=path)
    listener = Listener()
    result = run(configuration(train__resume=True), listener=listener, checkpoint=path)
    assert not listener.steps
    assert result.history == listener.epochs == expected.history
    np.testing.assert_array_equal(result.network.parameters, expected.network.parameters)


def test_without_resume_a_run_begins_anew(tmp_path):
    path, listener = tmp_path / "c.npz", Listener()
    run(configuration(), checkpoint=path)
    run(configuration(), listener=listener, checkpoint=path)
    assert listener.steps[0][0] == 1


def test_equal_runs_write_equal_checkpoints(tmp_path):
    for name in "ab":
        run(configuration(), checkpoint=tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path):
    path = tmp_path / "folder" / "c.npz"
    assert len(run(configuration(train__resume=True), checkpoint=path).history) == 3
    assert path.exists()


@pytest.mark.parametrize(
    ("change", "data"),
    [
        ({"seed": 1}, {}),
        ({"train__epochs": 9}, {}),
        ({"model__hidden_size": 13}, {}),
        ({"optimizer__lr": 0.02}, {}),
        ({}, {"names": NAMES[1:]}),
        ({}, {"names": [NAMES[0][:5], NAMES[0][5:], *NAMES[1:]]}),
        ({}, {"val_names": ["protoceratops"]}),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, change, data):
    path = tmp_path / "c.npz"
    run(configuration(), checkpoint=path)
    message = r"c.npz is of a run with other data or another configuration; delete it, or set"
    with pytest.raises(UserError, match=message):
        run(configuration(**change, train__resume=True), checkpoint=path, **data)


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_checkpoint_is_one_clear_error(tmp_path, content):
    path = tmp_path / "c.npz"
    run(configuration(), checkpoint=path)
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(UserError, match=r"c.npz is not a neonym checkpoint, or is damaged"):
        run(configuration(train__resume=True), checkpoint=path)


def test_divergence_keeps_the_last_good_checkpoint_and_says_so(tmp_path):
    path = tmp_path / "c.npz"
    # The learning rate explodes in the third epoch.
    schedule = {"name": "step", "every": 2, "factor": 0.5}
    broken = configuration(schedule=schedule, train__epochs=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "neonym.training.descent.Descent.lr", property(lambda d: 1e38 if d.steps > 8 else 0.01)
        )
        with pytest.raises(UserError, match=r"diverged.*of epoch 3.*; .*c.npz keeps epoch 2"):
            run(broken, checkpoint=path)
    listener = Listener()
    run(
        configuration(schedule=schedule, train__epochs=5, train__resume=True),
        listener=listener,
        checkpoint=path,
    )
    assert listener.steps[0][0] == 9
