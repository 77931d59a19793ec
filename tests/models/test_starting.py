"""What a network takes over from a trained one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.starting import Start, transplant
from neonym.nn import CELLS, RecurrentNetwork

LETTERS = Vocabulary.from_names(["abcde"], "character")


def network(vocabulary: Vocabulary, seed: int = 0, **options: object) -> RecurrentNetwork:
    given = {"cell": "lstm", "hidden_size": 5, "embedding_size": 4, "dtype": "float64"} | options
    made = RecurrentNetwork(len(vocabulary), seed=seed, **given)
    made.parameters[...] += np.random.default_rng(seed).normal(size=made.parameters.shape)
    return made


def begun(fresh: Vocabulary, **options: object) -> tuple[RecurrentNetwork, RecurrentNetwork]:
    """A trained network of five letters, and one that began with it."""
    trained, other = network(LETTERS, 0, **options), network(fresh, 1, **options)
    transplant(Start("base", "", trained, LETTERS), other, fresh)
    return trained, other


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding_size", [None, 4])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_with_the_same_letters_it_says_the_same_of_every_name(
    cell: str, embedding_size: int | None, num_layers: int
) -> None:
    trained, other = begun(LETTERS, cell=cell, embedding_size=embedding_size, num_layers=num_layers)
    names = LETTERS.encode_all(["abc", "ed", "a", "bbbb"])
    assert np.array_equal(
        trained.negative_log_likelihood(names), other.negative_log_likelihood(names)
    )


@pytest.mark.parametrize("embedding_size", [None, 4])
def test_without_some_letters_the_others_keep_their_proportions(embedding_size: int | None) -> None:
    fewer = Vocabulary.from_names(["ace"], "character")
    trained, other = begun(fewer, embedding_size=embedding_size)
    expected = following(trained, LETTERS, "ca", list(fewer.symbols))
    assert following(other, fewer, "ca", list(fewer.symbols)) == pytest.approx(expected)


def following(
    network: RecurrentNetwork, vocabulary: Vocabulary, beginning: str, symbols: list[str]
) -> list[float]:
    """The probabilities of these symbols behind a beginning, among themselves."""
    logits, state = network.step(np.array([0]), network.initial_state(1))
    for token in vocabulary.encode(beginning):
        logits, state = network.step(np.array([token]), state)
    weights = np.exp([logits[0, vocabulary.symbols.index(symbol)] for symbol in symbols])
    return list(weights / weights.sum())


@given(st.sets(st.sampled_from("abcdeéжz"), min_size=1))
def test_letters_that_are_new_keep_what_the_network_drew_for_them(letters: set[str]) -> None:
    fresh = Vocabulary.from_names(["".join(letters)], "character")
    before = network(fresh, 1).state_dict()
    trained, other = begun(fresh)
    after = other.state_dict()
    for row, symbol in enumerate(fresh.symbols):
        for name in ("embedding.weight", "head.weight"):
            if symbol in LETTERS.symbols:
                known = trained.state_dict()[name][LETTERS.symbols.index(symbol)]
                assert np.array_equal(after[name][row], known)
            else:
                assert np.array_equal(after[name][row], before[name][row])


def test_a_new_letter_is_at_first_as_improbable_as_the_rarest() -> None:
    fresh = Vocabulary.from_names(["aż"], "character")
    trained, other = begun(fresh)
    biases = other.state_dict()["head.bias"]
    assert biases[fresh.symbols.index("ż")] == trained.state_dict()["head.bias"].min()


def test_another_architecture_is_refused_with_the_key_to_set() -> None:
    start = Start("base", "", network(LETTERS), LETTERS)
    with pytest.raises(UserError) as caught:
        transplant(start, network(LETTERS, hidden_size=7), LETTERS)
    assert str(caught.value) == (
        "model.hidden_size is 7, but train.start_from=base has 5; set model.hidden_size=5"
    )


def test_dropout_and_precision_need_not_be_the_same() -> None:
    start = Start("base", "", network(LETTERS), LETTERS)
    other = network(LETTERS, 1, input_dropout=0.5, dtype="float32")
    transplant(start, other, LETTERS)
    assert other.parameters == pytest.approx(start.network.parameters, rel=1e-6)


def test_letters_do_not_become_words() -> None:
    words = Vocabulary.from_names(["a b"], "word")
    start = Start("base", "", network(LETTERS), LETTERS)
    with pytest.raises(UserError, match=r"^data\.unit is word, but train\.start_from=base knows"):
        transplant(start, network(words), words)
