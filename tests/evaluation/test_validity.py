import pytest

from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation.validity import Validity
from neonym.settings import Rules

RULES = Rules(at_least_one_of={"vowel": "aey", "consonant": "bcd"}, max_repeat=2)
CORPUS = ["abcde", "bay", "cede"]
VALIDITY = Validity.of_corpus(CORPUS, Vocabulary.from_names(CORPUS, "character"), RULES)


@pytest.mark.parametrize(
    ("name", "ended", "broken"),
    [
        ("bad", True, []),
        ("abb", True, []),
        ("bad", False, ["unfinished"]),
        ("", True, ["empty"]),
        ("", False, ["unfinished", "empty"]),
        ("bax", True, ["alphabet"]),
        ("ba", True, ["length"]),
        ("badead", True, ["length"]),
        ("bcd", True, ["no_vowel"]),
        ("aya", True, ["no_consonant"]),
        ("yyyb", True, ["repeat"]),
        ("xxx", False, ["unfinished", "alphabet", "no_vowel", "no_consonant", "repeat"]),
    ],
)
def test_every_broken_rule_is_named(name: str, ended: bool, broken: list[str]) -> None:
    assert VALIDITY.broken_rules(name, ended) == broken


def test_names_of_the_corpus_are_valid() -> None:
    assert [VALIDITY.broken_rules(name) for name in CORPUS] == [[], [], []]


def test_without_rules_only_alphabet_length_and_end_count() -> None:
    validity = Validity(VALIDITY.vocabulary, (1, 9), Rules(at_least_one_of={}, max_repeat=None))
    assert validity.rule_names == ["unfinished", "empty", "alphabet", "length"]
    assert validity.broken_rules("bbbb") == []


def test_a_repeat_that_is_allowed_once_only_breaks_at_twice() -> None:
    rules = Rules(at_least_one_of={}, max_repeat=1)
    validity = Validity(VALIDITY.vocabulary, (1, 9), rules)
    assert validity.broken_rules("abab") == []
    assert validity.broken_rules("abba") == ["repeat"]


def test_judging_many_names_flags_each_under_each_rule() -> None:
    broken = VALIDITY.judge(["bad", "ba", "bcd", "bax"], [True, False, True, True])
    assert {rule: flags.tolist() for rule, flags in broken.items() if flags.any()} == {
        "unfinished": [False, True, False, False],
        "length": [False, True, False, False],
        "no_vowel": [False, False, True, False],
        "alphabet": [False, False, False, True],
    }
    assert list(broken) == VALIDITY.rule_names


def test_words_are_the_tokens_of_a_line() -> None:
    lines = ["he is male", "this is house"]
    rules = Rules(at_least_one_of={}, max_repeat=None)
    validity = Validity.of_corpus(lines, Vocabulary.from_names(lines, "word"), rules)
    assert validity.broken_rules("this is male") == []
    assert validity.broken_rules("he she is") == ["alphabet"]
    assert validity.broken_rules("he is") == ["length"]
