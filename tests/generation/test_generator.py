import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neonym import NameGenerator
from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.choice import Choice
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY, configuration, run

METADATA = {"longest": max(map(len, NAMES)), "lowercase": True}


@pytest.fixture(scope="module")
def trained():
    network = run(configuration(train__epochs=30, model__hidden_size=24)).network
    return NameGenerator(network, VOCABULARY, METADATA)


@pytest.fixture(scope="module")
def words():
    vocabulary = Vocabulary.from_names(["i like dogs", "you like cats"], "word")
    network = RecurrentNetwork(len(vocabulary), "rnn", 5)
    return NameGenerator(network, vocabulary, {"longest": 3, "lowercase": False})


def test_a_loaded_model_coins_the_same_names(trained, tmp_path):
    path = tmp_path / "model.npz"
    save_model(path, trained.network, VOCABULARY, METADATA)
    names = trained.sample(20, seed=3, temperature=0.8)
    assert NameGenerator.load(str(path)).sample(20, seed=3, temperature=0.8) == names
    assert len(set(names)) > 10


def test_five_names_are_the_first_of_fifty_whatever_the_number_of_blas_threads(trained):
    with threadpool_limits(1):
        few = trained.sample(5, seed=1)
    with threadpool_limits(2):
        assert trained.sample(50, seed=1)[:5] == few


def test_every_name_begins_with_the_prefix_in_the_corpus_s_form(trained):
    assert all(name.startswith("tyr") for name in trained.sample(30, prefix=" TyR"))
    assert trained.sample(9, prefix="TYR") == trained.sample(9, prefix="tyr")


def test_every_argument_of_sample_arrives(trained):
    plain = trained.sample(40)
    for argument in ({"seed": 1}, {"temperature": 2.0}, {"top_k": 2}, {"top_p": 0.3}):
        assert trained.sample(40, **argument) != plain
    assert max(map(len, trained.sample(40, max_length=6))) == 6


@pytest.fixture(scope="module")
def spaced():
    """Draws empty names and spaces anywhere."""
    vocabulary = Vocabulary.from_names(["a b\u00a0c"], "character")
    return NameGenerator(RecurrentNetwork(len(vocabulary), "rnn", 3), vocabulary, METADATA)


def test_names_are_neither_empty_nor_spaced_at_their_ends_unless_asked_for(spaced):
    raw = spaced.sample(500, raw=True)
    assert "" in raw
    assert any(name[:1].isspace() for name in raw)
    assert any(name[-1:].isspace() for name in raw)
    whole = [name for name in raw if name and name == name.strip()]
    assert spaced.sample(500)[: len(whole)] == whole
    assert all(name == name.strip() != "" for name in spaced.sample(500))
    assert all(name == name.strip() != "" for name in spaced.most_probable(99).names)
    assert any(name != name.strip() for name in spaced.most_probable(99, raw=True).names)


def test_where_no_name_is_empty_whole_names_are_those_that_were_drawn(trained):
    assert trained.sample(50, prefix="a") == trained.sample(50, prefix="a", raw=True)


def test_without_a_cap_names_grow_to_twice_the_longest_of_the_corpus(trained):
    endless = RecurrentNetwork(len(VOCABULARY), "rnn", 4)
    state = endless.state_dict()
    state["head.bias"][0] = -1e6
    endless.load_state_dict(state)
    names = NameGenerator(endless, VOCABULARY, METADATA).draw(3)
    assert set(map(len, names.names)) == {2 * METADATA["longest"]}
    assert not names.ended.any()


def test_next_token_probs_sum_to_one_and_have_the_end_as_the_empty_string(trained):
    for prefix in ("", "tyra", "tyrannosaurus"):
        probabilities = trained.next_token_probs(prefix)
        assert list(probabilities) == list(VOCABULARY.symbols)
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert min(probabilities.values()) > 0
    assert max(probabilities, key=probabilities.get) == ""


def test_log_prob_is_the_sum_over_the_tokens_and_the_end(trained):
    for name in ("tyra", "s", ""):
        steps = [trained.next_token_probs(name[:i])[c] for i, c in enumerate(name)]
        steps.append(trained.next_token_probs(name)[""])
        expected = np.log(steps).sum()
        assert trained.log_prob(["allosaurus", name])[1] == pytest.approx(expected, rel=1e-4)


def test_log_prob_reads_names_as_the_corpus_does(trained):
    one, other = trained.log_prob(["allosaurus", " AlloSaurus\t"])
    assert one == other
    assert trained.log_prob([]).shape == (0,)


def test_log_prob_does_not_take_a_name_for_a_list_of_letters(trained):
    with pytest.raises(UserError, match=r"names is the text 'tyr'; write a list, \['tyr'\]"):
        trained.log_prob("tyr")


def test_log_probs_of_drawn_names_are_those_of_log_prob(trained):
    names = trained.draw(50, seed=2, choice=Choice(temperature=1.3), max_length=999)
    assert names.ended.all()
    np.testing.assert_allclose(names.log_probs, trained.log_prob(names.names), rtol=1e-4)


def test_distinct_and_excluded_names_are_kept_apart(trained):
    plain = trained.draw(60, choice=Choice(temperature=0.3))
    assert len(set(plain.names)) < 60
    chosen = trained.draw(
        20, choice=Choice(temperature=0.3), distinct=True, exclude=["ALLOsaurus", "Ωmega"]
    )
    assert len(set(chosen.names)) == 20
    assert "allosaurus" not in chosen.names
    assert chosen.draws > 20


def test_the_most_probable_names_come_best_first_and_are_more_probable_than_drawn_ones(trained):
    best = trained.most_probable(10, prefix="s")
    assert best.log_probs.tolist() == sorted(best.log_probs, reverse=True)
    assert all(name.startswith("s") for name in best.names)
    np.testing.assert_allclose(best.log_probs, trained.log_prob(best.names), rtol=1e-4)
    drawn = trained.draw(200, prefix="s", choice=Choice(temperature=0.5))
    assert best.log_probs[0] >= drawn.log_probs.max() - 1e-4


def test_words_are_tokens_where_the_model_is_of_words(words):
    assert all(name.startswith("i like") for name in words.sample(5, prefix=" i  like"))
    assert sum(words.next_token_probs("you").values()) == pytest.approx(1)
    assert words.log_prob(["i like cats"])[0] < 0


def test_a_space_at_the_end_of_a_prefix_counts_where_spaces_are_letters():
    vocabulary = Vocabulary.from_names(["san juan"], "character")
    network = RecurrentNetwork(len(vocabulary), "rnn", 4)
    cities = NameGenerator(network, vocabulary, METADATA)
    assert all(name.startswith("san ") for name in cities.sample(9, prefix="san "))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: g.sample(0), "0 names were asked for"),
        (lambda g: g.sample(1, prefix="tyß"), r"prefix 'tyß': 'ß' \(U\+00DF\), letter 3, is not"),
        (lambda g: g.sample(1, prefix="tyr", max_length=2), "the prefix has 3 tokens"),
        (lambda g: g.sample(1, temperature=-1), "temperature is -1"),
        (lambda g: g.log_prob(["b1"]), r"'b1': '1' \(U\+0031\), letter 2"),
        (lambda g: g.next_token_probs("?"), "prefix"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(trained, call, message):
    with pytest.raises(UserError, match=message):
        call(trained)


def test_importing_the_corpus_does_not_import_the_network():
    code = "import sys, neonym.corpus.reading; print('neonym.nn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_unknown_name_in_the_package_is_an_attribute_error():
    with pytest.raises(ImportError):
        from neonym import Generator  # noqa: F401
