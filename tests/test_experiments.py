"""The experiments of `conf/experiment/` show what they are there to show."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from neonym import NameGenerator
from neonym.corpus.reading import read_corpus
from neonym.corpus.splits import split_names
from neonym.experiment import Configuration
from neonym.training.history import EpochRecord
from neonym.training.loop import TrainingListener, train

PROJECT = Path(__file__).resolve().parent.parent
EXPERIMENTS = sorted(path.stem for path in (PROJECT / "conf/experiment").glob("*.yaml"))
KNOWING_NOTHING = np.log(27)


class Trained(NamedTuple):
    configuration: Configuration
    generator: NameGenerator
    history: list[EpochRecord]
    running_losses: list[float]
    names: list[str]


class Losses(TrainingListener):
    def __init__(self):
        self.values = []

    def on_step(self, step, loss, lr):
        self.values.append(loss)

    def on_epoch(self, record):
        pass


def composed(*overrides):
    with initialize_config_dir(str(PROJECT / "conf"), version_base="1.3"):
        values = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    return Configuration.validated(values, "conf")


def trained(*overrides):
    """What `pipelines/train.py` would train with these overrides."""
    configuration = composed(*overrides)
    data, losses = configuration.data, Losses()
    corpus = read_corpus(PROJECT / data.path, data)
    splits, vocabulary = split_names(corpus.names, data.split), corpus.vocabulary
    ids, val_ids = vocabulary.encode_all(splits.train), vocabulary.encode_all(splits.val)
    result = train(ids, val_ids, len(vocabulary), configuration, listener=losses)
    metadata = {"longest": max(map(len, ids)), "lowercase": data.lowercase}
    generator = NameGenerator(result.network, vocabulary, metadata)
    return Trained(configuration, generator, result.history, losses.values, corpus.names)


def drawn(run, count=200):
    return run.generator.sample(count, prefix=run.configuration.sample.prefix)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_says_how_it_is_run(name):
    assert composed(f"experiment={name}")
    text = (PROJECT / "conf/experiment" / f"{name}.yaml").read_text()
    assert f"# python pipelines/train.py experiment={name}\n" in text
    assert f"# dvc exp run -S experiment={name}" in text


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_last_word_of_all_six_sentences_follows_from_the_first_two(cell, layers):
    run = trained(f"experiment=next_word_{cell}", f"model.num_layers={layers}")
    assert len(run.names) == 6
    for sentence in run.names:
        *first_two, last = sentence.split()
        probabilities = run.generator.next_token_probs(" ".join(first_two))
        assert max(probabilities, key=probabilities.get) == last


@pytest.mark.slow
def test_a_plain_network_learns_to_spell_dinosaurs_and_goes_on_from_a_beginning():
    run = trained("experiment=dinosaur_names", "train.max_steps=500")
    assert run.generator.network.vocabulary_size == 27
    losses = [record.train_nll for record in run.history]
    assert KNOWING_NOTHING > losses[0] > losses[4] > losses[9] > losses[14]
    assert min(record.val_nll for record in run.history) < 1.85
    names = drawn(run)
    assert all(name.startswith("dino") for name in names)
    assert len(set(names)) > 100


@pytest.mark.slow
def test_mini_batches_learn_the_initial_state_and_the_smoothed_loss_falls():
    run = trained("experiment=mini_batches", "train.epochs=20")
    assert np.abs(run.generator.network.state_dict()["rnn.h0_l0"]).max() > 0.05
    start, *later = run.running_losses[::100]
    assert start > later[0] > later[1] > later[2]
    assert min(record.val_nll for record in run.history) < 1.85


@pytest.mark.slow
def test_the_classic_recipe_begins_at_seven_letters_and_learns_to_spell():
    run = trained("experiment=classic", "train.max_steps=7000")
    steps = run.running_losses
    # Nats a name: at first those of a longer name than seven letters creep in, then it learns.
    assert steps[0] == pytest.approx(-np.log(1 / 27) * 7, abs=0.1)
    assert max(steps) > steps[0] + 2
    assert steps[-1] < 24
    assert len(steps) == run.history[-1].step == 7000
    assert run.history[-1].val_nll < 1.95
    assert sum(name.endswith("saurus") for name in drawn(run)) > 20
