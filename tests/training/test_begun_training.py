"""Training that begins from a trained model instead of random weights."""

from pathlib import Path

import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.defaults import DEFAULTS, SHORT_LIST
from neonym.models.known_names import contains
from neonym.models.model_file import load_model, save_model
from neonym.models.starting import Start, base_model, load_start
from neonym.settings import training_settings
from neonym.training.learner import Beginning
from neonym.training.loop import TrainingListener
from neonym.training.members import train_members
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration, run

SMALL = {"optimizer__lr": 1e-9, "train__epochs": 1}


def begin(start: Start) -> Beginning:
    return Beginning(start, VOCABULARY)


@pytest.fixture(scope="module")
def start() -> Start:
    result = run(configuration(train__epochs=4))
    return Start("trained.npz", "0" * 64, result.network, VOCABULARY)


def test_training_begins_with_the_weights_of_the_trained_model(start: Start) -> None:
    result = run(configuration(**SMALL), beginning=begin(start))
    assert result.network.parameters == pytest.approx(start.network.parameters, abs=1e-6)


def test_the_mean_of_the_weights_begins_there_too(start: Start) -> None:
    result = run(configuration(train__ema_decay=0.999, **SMALL), beginning=begin(start))
    assert result.network.parameters == pytest.approx(start.network.parameters, abs=1e-6)


def test_several_networks_all_begin_there_and_differ_afterwards(start: Start) -> None:
    ids, val_ids = (VOCABULARY.encode_all(part) for part in (NAMES, VAL_NAMES))
    settings = configuration(train__members=2, train__epochs=1)
    result = train_members(ids, val_ids, len(VOCABULARY), settings, beginning=begin(start))
    assert result.mixture
    one, other = (network.parameters for network in result.mixture.networks)
    fresh = run(configuration(train__epochs=1)).network.parameters
    assert not np.array_equal(one, other)
    for trained in (one, other):
        near = np.abs(trained - start.network.parameters).max()
        assert near < np.abs(fresh - start.network.parameters).max()


def test_a_checkpoint_of_another_beginning_is_refused(tmp_path: Path, start: Start) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    run(configuration(), checkpoint=checkpoint, beginning=begin(start))
    resumed = configuration(train__resume=True)
    run(resumed, checkpoint=checkpoint, beginning=begin(start))
    for other in (None, begin(start._replace(sha256="1" * 64))):
        with pytest.raises(UserError, match="of a run with other data or another configuration"):
            run(resumed, checkpoint=checkpoint, beginning=other)


def test_resumed_training_ends_as_one_that_was_not_interrupted(
    tmp_path: Path, start: Start
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    whole = run(configuration(train__epochs=3), beginning=begin(start))
    with pytest.raises(KeyboardInterrupt):
        run(
            configuration(train__epochs=3),
            checkpoint=checkpoint,
            beginning=begin(start),
            listener=Interrupting(),
        )
    resumed = run(
        configuration(train__epochs=3, train__resume=True),
        checkpoint=checkpoint,
        beginning=begin(start),
    )
    assert np.array_equal(resumed.network.parameters, whole.network.parameters)


class Interrupting(TrainingListener):
    def on_step(self, step: int, loss: float, lr: float) -> None:
        pass

    def on_epoch(self, record: object) -> None:
        if record.epoch == 3:
            raise KeyboardInterrupt


def test_what_was_recorded_before_the_key_stays_equal() -> None:
    assert "start_from" not in training_settings(configuration())["train"]
    begun = training_settings(configuration(train__start_from="base"))
    assert begun["train"]["start_from"] == "base"


def test_the_start_is_known_by_the_digest_of_its_file(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "trained.npz"
    save_model(path, start.network, VOCABULARY, {"longest": 9, "lowercase": True})
    loaded = load_start(str(path))
    assert (loaded.name, loaded.sha256) == (str(path), sha256_of_file(path))


def test_the_base_model_knows_latin_letters_with_accents_and_is_small() -> None:
    model = load_model(base_model())
    assert set("abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïñòóôõöøùúûüýßłńśźżčřšžşğıåø '-") <= set(
        model.vocabulary.symbols
    )
    assert base_model().stat().st_size <= 3_000_000


def test_the_base_model_is_made_as_a_short_list_needs_it() -> None:
    options = load_model(base_model()).network.options
    assert options["hidden_size"] == SHORT_LIST["model.hidden_size"]
    assert options["embedding_size"] == SHORT_LIST.get(
        "model.embedding_size", DEFAULTS["model.embedding_size"]
    )


def test_the_base_model_knows_its_names_by_folded_hashes() -> None:
    known = load_model(base_model()).known
    assert known is not None
    assert known.dtype == np.uint32
    assert len(known) > 180_000
    assert contains(known, ["stanthorpe", "qxzqxzqxz"]).tolist() == [True, False]
