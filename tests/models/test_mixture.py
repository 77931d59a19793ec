import itertools

import numpy as np
import pytest

from neonym import NameGenerator
from neonym.base.archive import read_archive, write_archive
from neonym.base.errors import UserError
from neonym.generation.beam import most_probable
from neonym.generation.sampling import sample
from neonym.models.choice import log_softmax
from neonym.models.mixture import Mixture, NgramModel, mix, token_probabilities
from neonym.models.model_file import load_model, save_model
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VAL_NAMES, VOCABULARY

IDS = VOCABULARY.encode_all(NAMES)
VAL_IDS = VOCABULARY.encode_all(VAL_NAMES)
SIZE = len(VOCABULARY)
METADATA = {"longest": 20, "lowercase": True}
NGRAM = fit(IDS, SIZE, 3)


def network(seed):
    options = {"initialization": "normal", "initialization_scale": 0.5}
    return RecurrentNetwork(SIZE, "gru", 6, dtype="float64", seed=seed, **options)


NETWORKS = [network(seed) for seed in range(3)]
MIXTURE = Mixture(NETWORKS, NGRAM, 0.4)


def next_probabilities(model, ids):
    logits, state = model.step(np.array([0]), model.initial_state(1))
    for token in ids:
        logits, state = model.step(np.array([token]), state)
    return np.exp(log_softmax(logits[0]))


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 9])
def test_a_stepped_ngram_predicts_what_the_ngram_predicts(order, length):
    ngram, ids = fit(IDS, SIZE, order), IDS[0][:length]
    expected = ngram.distributions(np.array([[0, *ids]]))[0]
    np.testing.assert_allclose(next_probabilities(NgramModel(ngram), ids), expected, rtol=1e-12)


@pytest.mark.parametrize("ids", [IDS[0][:0], IDS[3][:4], VAL_IDS[0]])
def test_a_mixture_predicts_the_weighted_mean_of_probabilities(ids):
    mean = np.mean([next_probabilities(model, ids) for model in NETWORKS], axis=0)
    expected = 0.6 * mean + 0.4 * NGRAM.distributions(np.array([[0, *ids]]))[0]
    np.testing.assert_allclose(next_probabilities(MIXTURE, ids), expected, rtol=1e-10)


def test_the_likelihood_of_names_is_the_product_over_their_tokens():
    expected = []
    for ids in VAL_IDS:
        tokens = [*ids, 0]
        parts = [next_probabilities(MIXTURE, ids[:n])[token] for n, token in enumerate(tokens)]
        expected.append(-np.log(parts).sum())
    np.testing.assert_allclose(MIXTURE.negative_log_likelihood(VAL_IDS), expected, rtol=1e-10)


def test_token_probabilities_are_those_of_the_likelihood_whatever_the_blocks(monkeypatch):
    nats = MIXTURE.negative_log_likelihood(IDS).sum()
    whole = token_probabilities(MIXTURE, IDS)
    assert -np.log(whole).sum() == pytest.approx(nats)
    assert len(whole) == sum(len(ids) + 1 for ids in IDS)
    monkeypatch.setattr("neonym.models.mixture.NAMES_AT_ONCE", 4)
    np.testing.assert_allclose(np.sort(token_probabilities(MIXTURE, IDS)), np.sort(whole))


def test_one_network_alone_is_itself():
    one = Mixture(NETWORKS[:1])
    expected = NETWORKS[0].negative_log_likelihood(IDS)
    np.testing.assert_allclose(one.negative_log_likelihood(IDS), expected, rtol=1e-12)


def test_the_weight_of_the_ngram_is_the_best_on_val():
    val = [ids for ids in sample(MIXTURE, 200, seed=0, max_length=30).sequences if len(ids)]
    chosen = mix(NETWORKS, NGRAM, val)
    best = chosen.negative_log_likelihood(val).sum()
    others = [Mixture(NETWORKS, NGRAM, weight / 20) for weight in range(0, 21, 2)]
    assert best <= min(other.negative_log_likelihood(val).sum() for other in others) + 1e-9
    assert chosen.ngram_weight == pytest.approx(MIXTURE.ngram_weight, abs=0.15)


def test_what_the_ngram_does_not_help_it_is_not_mixed_into():
    knows_only_one = fit([np.full(500, 1)], SIZE, 1)
    assert mix(NETWORKS, knows_only_one, [np.array([2, 3, 4, 5])]).ngram_weight == 0
    assert mix(NETWORKS, None, VAL_IDS).ngram is None


def test_names_are_drawn_and_searched_as_from_a_network():
    samples = sample(MIXTURE, 40, seed=0, max_length=9, prefix=IDS[0][:2])
    longer = sample(MIXTURE, 60, seed=0, max_length=9, prefix=IDS[0][:2])
    for ids, other in itertools.zip_longest(samples.sequences, longer.sequences[:40]):
        np.testing.assert_array_equal(ids, other)
    ended = [ids for ids, end in zip(samples.sequences, samples.ended, strict=True) if end]
    nats = MIXTURE.negative_log_likelihood(ended)
    np.testing.assert_allclose(samples.log_probs[samples.ended], -nats, rtol=1e-9)
    best = most_probable(MIXTURE, 1, max_length=9, prefix=IDS[0][:2])
    assert best.log_probs[0] >= samples.log_probs[samples.ended].max()


@pytest.mark.parametrize("mixture", [MIXTURE, Mixture(NETWORKS), Mixture(NETWORKS, NGRAM, 0.0)])
def test_a_mixture_comes_back_from_its_file_as_it_was(tmp_path, mixture):
    path = tmp_path / "m.npz"
    save_model(path, mixture, VOCABULARY, METADATA)
    loaded = load_model(path)
    assert loaded.mixture.ngram_weight == mixture.ngram_weight
    nats = mixture.negative_log_likelihood(VAL_IDS)
    assert loaded.mixture.negative_log_likelihood(VAL_IDS).tobytes() == nats.tobytes()
    generator = NameGenerator.load(path)
    np.testing.assert_allclose(generator.log_prob(VAL_NAMES), -nats, rtol=1e-12)
    probabilities = generator.next_token_probs("tyr")
    assert sum(probabilities.values()) == pytest.approx(1)
    expected = next_probabilities(mixture, VOCABULARY.encode("tyr"))
    np.testing.assert_allclose(list(probabilities.values()), expected)
    again = tmp_path / "again.npz"
    save_model(again, loaded.mixture, VOCABULARY, METADATA)
    assert again.read_bytes() == path.read_bytes()


def setting(**values):
    return lambda arrays, document: document["mixture"].update(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, document: document.pop("mixture"), "does not say what is mixed"),
        (setting(networks=0), "it mixes 0 networks"),
        (setting(networks=10**9), "it mixes 1000000000 networks"),
        (setting(networks=True), "it mixes True networks"),
        (setting(networks=4), "its arrays are not those|layers of 0 arrays"),
        (setting(networks=2), "an array '2.rnn"),
        (setting(ngram_weight=1.5), "the weight 1.5"),
        (setting(ngram_weight=None), "the weight None"),
        (setting(order=9), "the order 9"),
        (setting(order=None), "the order None"),
        (lambda arrays, document: arrays.pop("ngram.counted"), "the order 3"),
        (lambda arrays, document: arrays["ngram.counted"].fill(99), "sequences of known tokens"),
        (lambda arrays, document: arrays["ngram.counted"].fill(1), "sequences of known tokens"),
    ],
)
def test_a_mixture_that_makes_no_sense_is_one_clear_error(tmp_path, change, message):
    path = tmp_path / "m.npz"
    save_model(path, MIXTURE, VOCABULARY, METADATA)
    arrays, document = read_archive(path, "", "")
    change(arrays, document)
    write_archive(path, arrays, document)
    with pytest.raises(UserError, match=rf"m.npz is not a neonym model \(.*({message})"):
        load_model(path)
