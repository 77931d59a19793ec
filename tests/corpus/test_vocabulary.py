import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.corpus.vocabulary import UnknownSymbolError, Vocabulary

ANY_NAME = st.text(min_size=1, max_size=20)
WORDS = st.lists(st.text("abcé猫", min_size=1, max_size=4), min_size=1, max_size=6)


def test_ids_follow_code_points_and_zero_is_start_and_end() -> None:
    vocabulary = Vocabulary.from_names(["éa", "b猫"], "character")
    assert vocabulary.symbols == ("", "a", "b", "é", "猫")
    assert vocabulary.encode("baé猫").tolist() == [2, 1, 3, 4]
    assert vocabulary.encode("baé").dtype == np.int32
    assert len(vocabulary) == 5


@given(st.lists(ANY_NAME, min_size=1, max_size=8))
def test_decoding_an_encoded_name_gives_it_back(names: list[str]) -> None:
    vocabulary = Vocabulary.from_names(names, "character")
    assert [vocabulary.decode(ids) for ids in vocabulary.encode_all(names)] == names
    assert all(ids.min() >= 1 for ids in vocabulary.encode_all(names))


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_decoding_an_encoded_line_of_words_gives_it_back(lines: list[list[str]]) -> None:
    names = [" ".join(words) for words in lines]
    vocabulary = Vocabulary.from_names(names, "word")
    assert [len(ids) for ids in vocabulary.encode_all(names)] == [len(words) for words in lines]
    assert [vocabulary.decode(ids) for ids in vocabulary.encode_all(names)] == names


def test_words_are_tokens_where_the_unit_is_the_word() -> None:
    vocabulary = Vocabulary.from_names(["this is house", "he is male"], "word")
    assert vocabulary.symbols == ("", "he", "house", "is", "male", "this")
    assert vocabulary.encode("he is house").tolist() == [1, 3, 2]


def test_an_empty_name_has_no_ids() -> None:
    vocabulary = Vocabulary.from_names(["ab"], "character")
    assert [ids.tolist() for ids in vocabulary.encode_all(["", "ba", ""])] == [[], [2, 1], []]
    assert vocabulary.encode_all([]) == []


@pytest.mark.parametrize("stranger", ["b", "猫", "\U0010ffff", "\udc80"])
def test_an_unknown_letter_is_named_with_its_position(stranger: str) -> None:
    vocabulary = Vocabulary.from_names(["acd"], "character")
    with pytest.raises(UnknownSymbolError) as caught:
        vocabulary.encode_all(["a", "", "ac" + stranger + "d", stranger])
    assert (caught.value.symbol, caught.value.position) == (stranger, 3)
    assert f"U+{ord(stranger):04X}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_word_is_named_with_its_position() -> None:
    vocabulary = Vocabulary.from_names(["he is male"], "word")
    with pytest.raises(UnknownSymbolError, match="'she', word 2, is not in the vocabulary"):
        vocabulary.encode("he she")


@pytest.mark.parametrize("ids", [[0], [3], [1, -1]])
def test_ids_that_are_no_letter_are_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match=r"ids must lie in 1\.\.2"):
        Vocabulary.from_names(["ab"], "character").decode(ids)


def test_a_saved_vocabulary_loads_as_it_was(tmp_path) -> None:
    vocabulary = Vocabulary.from_names(["né 猫\u2028"], "character")
    vocabulary.save(tmp_path / "vocabulary.json")
    assert Vocabulary.load(tmp_path / "vocabulary.json") == vocabulary


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([], "needs `unit` and `symbols`"),
        ({"unit": "character"}, "needs `unit` and `symbols`"),
        ({"unit": "letter", "symbols": [""]}, "unit is 'letter'"),
        ({"unit": "character", "symbols": []}, "the first of them empty"),
        ({"unit": "character", "symbols": ["a"]}, "the first of them empty"),
        ({"unit": "character", "symbols": ["", 1]}, "must be strings"),
        ({"unit": "character", "symbols": ["", "b", "a"]}, "order of their code points"),
        ({"unit": "character", "symbols": ["", "a", "a"]}, "distinct"),
        ({"unit": "character", "symbols": ["", "ab"]}, "'ab' is not a single character"),
        ({"unit": "word", "symbols": ["", "a b"]}, "'a b' is not a single word"),
    ],
)
def test_what_is_no_vocabulary_is_refused_on_loading(tmp_path, values, problem) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(UserError, match=problem):
        Vocabulary.load(path)


def test_a_missing_or_broken_vocabulary_file_is_a_user_error(tmp_path) -> None:
    path = tmp_path / "vocabulary.json"
    with pytest.raises(UserError, match="cannot be read"):
        Vocabulary.load(path)
    path.write_bytes(b"\xff{")
    with pytest.raises(UserError, match="not JSON"):
        Vocabulary.load(path)


def test_words_become_single_characters_equal_where_the_words_are() -> None:
    names = ["he is male", "he was male"]
    one, other = Vocabulary.from_names(names, "word").as_strings(names)
    assert len(one) == len(other) == 3
    assert (one[0], one[2]) == (other[0], other[2])
    assert one[1] != other[1]


def test_letters_stay_the_characters_they_are() -> None:
    assert Vocabulary.from_names(["né"], "character").as_strings(["né", "x"]) == ["né", "x"]


def test_no_word_becomes_a_surrogate() -> None:
    words = [f"w{number}" for number in range(0xE000)]
    strings = Vocabulary.from_names(words, "word").as_strings(words)
    assert len(set(strings)) == len(words)
    "".join(strings).encode("utf-8")
