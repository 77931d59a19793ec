import re
import time
from collections import Counter

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein
from scipy import stats

from neonym import NameGenerator
from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Vocabulary
from neonym.generation.generator import Names
from neonym.generation.keeping import BLOCK
from neonym.generation.patterns import Pattern
from neonym.generation.wishes import Wishes
from neonym.models.choice import Choice
from neonym.models.known_names import hashes
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY, configuration, run
from table_model import TableModel

LETTERS = Vocabulary.from_names(["ab"], "character")
CAP = 6  # twice the longest that this generator says it learned from


def of_a_table(model):
    """A generator whose names and their probabilities can all be listed."""
    known = hashes(["ab", "b", "bba"])
    metadata = {"longest": CAP // 2, "lowercase": True}
    generator = NameGenerator(RecurrentNetwork(3, "rnn", 2), LETTERS, metadata, known=known)
    generator.predictor = model
    return generator


@pytest.fixture(scope="module")
def trained():
    network = run(configuration(train__epochs=30, model__hidden_size=24)).network
    metadata = {"longest": max(map(len, NAMES)), "lowercase": True}
    return NameGenerator(network, VOCABULARY, metadata, known=hashes(NAMES))


@pytest.fixture(scope="module")
def words():
    vocabulary = Vocabulary.from_names(["i like dogs", "you like cats"], "word")
    network = RecurrentNetwork(len(vocabulary), "rnn", 5)
    return NameGenerator(network, vocabulary, {"longest": 3, "lowercase": False})


CONDITIONS = [
    ({"min_length": 3}, lambda name: len(name) >= 3),
    ({"max_length": 3}, lambda name: len(name) <= 3),
    ({"max_length": 1}, lambda name: len(name) == 1),
    ({"starts_with": "ba"}, lambda name: name.startswith("ba")),
    ({"ends_with": "ab"}, lambda name: name.endswith("ab")),
    ({"contains": "aa"}, lambda name: "aa" in name),
    ({"matches": r"(.)\1$"}, lambda name: name[-1:] == name[-2:-1]),
    ({"new": True}, lambda name: name not in ("ab", "b", "bba")),
    ({"like": "bab"}, bool),
    ({"starts_with": "b", "ends_with": "ba"}, lambda n: n[0] == "b" and n.endswith("ba")),
    ({"min_length": 2, "max_length": 4}, lambda name: 2 <= len(name) <= 4),
    ({"contains": "ab", "new": True}, lambda name: "ab" in name and name != "ab"),
    ({"prefix": "a", "max_length": 4, "matches": "b.*b"}, re.compile("a.*b.*b").match),
    ({"ends_with": "a", "temperature": 0.6}, lambda name: name.endswith("a")),
]


@pytest.mark.parametrize(
    ("wished", "fits"), CONDITIONS, ids=[str(wished) for wished, _ in CONDITIONS]
)
def test_names_come_as_often_as_the_model_gives_them_under_the_condition(wished, fits):
    model, count = TableModel(), 1_500
    cap, choice = wished.get("max_length", CAP), Choice(wished.get("temperature", 1.0))
    cut_too = wished.keys() <= {"starts_with", "like"}  # as before anything could be wished
    exact = Counter()
    for (tokens, whole), probability in model.names(cap, choice).items():
        name = "".join("_ab"[token] for token in tokens)
        if name and fits(name) and (whole or cut_too):
            exact[name] += probability
    seen = Counter(of_a_table(model).sample(count, seed=1, **wished))
    assert seen.keys() <= exact.keys()
    expected = np.array(list(exact.values())) / exact.total() * count
    observed = np.array([seen[name] for name in exact])
    rare = expected < 5  # too rare for a chi-square each
    expected = np.append(expected[~rare], expected[rare].sum() + 1e-9)
    observed = np.append(observed[~rare], observed[rare].sum())
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert stats.chi2.sf(statistic, len(expected) - 1) > 0.01


WISHED = Wishes(ends_with="us", min_length=8)


@pytest.mark.parametrize("few", [1, 5, 300])
def test_the_first_names_are_the_same_however_many_are_asked_for(trained, few):
    many, some = trained.draw(600, wishes=WISHED), trained.draw(few, wishes=WISHED)
    assert some.names == many.names[:few]
    assert some.draws < many.draws


def test_wished_names_are_those_of_all_that_are_as_wished(trained):
    drawn = trained.draw(2 * BLOCK)
    whole = [name for name, ended in zip(drawn.names, drawn.ended, strict=True) if ended]
    wished = [name for name in whole if name.endswith("us") and len(name) >= 8]
    assert trained.draw(len(wished), wishes=WISHED).names == wished


def test_how_many_meet_each_wish_and_all_of_them_is_counted(trained):
    drawn = trained.draw(BLOCK + 10, max_length=20, wishes=WISHED)
    every = trained.draw(drawn.draws, raw=True, max_length=20)
    names = [name for name, ended in zip(every.names, every.ended, strict=True) if name and ended]
    assert drawn.met == [
        ("max-length 20", len(names), sum(map(bool, every.names))),
        ("min-length 8", sum(len(name) >= 8 for name in names), len(names)),
        ("ends-with 'us'", sum(name.endswith("us") for name in names), len(names)),
    ]
    assert drawn.fitting == BLOCK + 10 < len(names) < drawn.draws


def test_a_name_that_is_given_up_at_the_cap_meets_no_wish_but_comes_where_nothing_is_wished():
    generator = of_a_table(TableModel())
    assert not generator.draw(300).ended.all()
    assert generator.draw(300, wishes=Wishes(min_length=CAP)).ended.all()
    assert generator.draw(300, max_length=2).ended.all()
    assert not generator.draw(300, max_length=2, raw=True).ended.all()
    assert not generator.draw(300, raw=True, wishes=Wishes(min_length=CAP)).ended.all()


def test_like_sorts_the_names_that_are_drawn_by_their_distance(trained):
    names = trained.draw(40, seed=3)
    near = trained.draw(40, seed=3, wishes=Wishes(like="Tyrannus"))
    order = sorted(range(40), key=lambda n: Levenshtein.distance(names.names[n], "tyrannus"))
    assert near.names == [names.names[place] for place in order]
    np.testing.assert_array_equal(near.log_probs, names.log_probs[order])
    np.testing.assert_array_equal(near.ended, names.ended[order])
    assert near.draws == names.draws


def test_new_names_are_none_that_the_model_learned_from(trained):
    assert trained.is_known(trained.sample(60, temperature=0.3)).any()
    assert not trained.is_known(trained.sample(60, temperature=0.3, new=True)).any()
    trained_before = NameGenerator(trained.network, VOCABULARY, trained.metadata)
    with pytest.raises(UserError, match="does not say which names it learned from"):
        trained_before.sample(1, new=True)


def test_a_part_of_a_name_is_read_as_the_list_would_have_it(trained):
    assert trained.sample(9, ends_with=" US ") == trained.sample(9, ends_with="us")
    assert trained.sample(9, contains=" SAU") == trained.sample(9, contains="sau")
    assert trained.sample(9, starts_with="TYR") == trained.sample(9, prefix="tyr")


def test_words_are_counted_and_what_they_contain_may_be_part_of_one(words):
    names = words.sample(30, min_length=2, max_length=4, contains="ike c")
    assert all(2 <= len(name.split()) <= 4 and "like cats" in name for name in names)
    assert words.sample(5, like="you like mice", seed=1)[0].split()
    with pytest.raises(UserError, match="ends-with 'birds': 'b'"):
        words.sample(1, ends_with="birds")


def test_the_most_probable_names_are_as_wished(trained):
    best = trained.most_probable(5, wishes=Wishes(ends_with="us", new=True))
    assert all(name.endswith("us") for name in best.names)
    assert not trained.is_known(best.names).any()
    assert best.log_probs.tolist() == sorted(best.log_probs, reverse=True)
    every = trained.most_probable(200).names
    assert best.names[0] == next(
        n for n in every if n.endswith("us") and not trained.is_known([n])[0]
    )


def test_where_next_to_none_fits_drawing_ends_and_says_which_wish_is_hard():
    hopeless = Wishes(contains="ab", matches="^x")
    drawn = of_a_table(TableModel()).draw(3, wishes=hopeless)
    assert isinstance(drawn, Names)
    assert (drawn.names, drawn.draws, drawn.fitting) == ([], 32 * BLOCK, 0)
    assert min(drawn.met, key=lambda met: met.met / met.of).wish == "matches '^x'"
    few = of_a_table(TableModel()).draw(3, wishes=hopeless, max_draws=7)
    assert (few.names, few.draws) == ([], 7)


IMPOSSIBLE = [
    ({"min_length": 5, "max_length": 4}, "min-length is 5 and max-length 4; no name has both"),
    ({"min_length": 99}, r"min-length is 99, but names are given up at \d+ letters"),
    ({"min_length": 0}, "min-length is 0; it must be at least 1"),
    ({"max_length": 0}, "the length cap is 0"),
    ({"ends_with": "usß"}, r"ends-with 'usß': 'ß' \(U\+00DF\), letter 3, is not in the vocab"),
    ({"contains": "9"}, r"contains '9': '9' \(U\+0039\), letter 1"),
    ({"starts_with": "ß"}, "prefix 'ß'"),
    ({"ends_with": "saurus", "max_length": 5}, "ends-with has 6 letters, more than the length cap"),
    ({"contains": "s" * 99}, "contains has 99 letters, more than the length cap"),
    ({"starts_with": "saurus", "max_length": 5}, "the prefix has 6 tokens, more than the length"),
    (
        {"starts_with": "tyra", "ends_with": "rasau", "max_length": 6},
        "starts-with 'tyra' and ends-with 'rasau' take 7 letters, more than the length cap of 6",
    ),
    ({"ends_with": " "}, "ends-with is a space, with which no name ends"),
    ({"contains": " "}, "contains is a space, which no name has"),
    ({"prefix": "a", "starts_with": "b"}, "prefix is 'a' and starts-with 'b'; both say"),
    ({"matches": "("}, r"matches '\(' is no regular expression: missing \)"),
    ({"matches": "(?\n)"}, r"matches '\(\?\\n\)' is no regular expression: unknown extension"),
    ({"matches": "(?<=a+)b"}, "no regular expression: look-behind requires fixed-width"),
    ({"matches": "((a{1000}){1000}){1000}"}, "repeats too often; the numbers in its braces"),
    ({"matches": "a{99999999999}"}, "repeats too often"),
    ({"matches": "a" * 1001}, "has 1001 letters; it may have 1000"),
]


@pytest.mark.parametrize(("wished", "message"), IMPOSSIBLE, ids=str)
def test_what_no_name_can_be_is_refused_before_anything_is_drawn(trained, wished, message):
    drawing = trained.predictor
    trained.predictor = None  # whoever draws fails
    try:
        with pytest.raises(UserError, match=message) as refused:
            trained.sample(5, **wished)
    finally:
        trained.predictor = drawing
    assert "\n" not in str(refused.value)


def test_beginning_and_ending_may_share_letters(trained):
    names = trained.sample(1, starts_with="sau", ends_with="saurus", temperature=2.0, max_length=6)
    assert set(names) <= {"saurus"}


def test_a_pattern_that_would_run_for_ever_is_refused_in_time(monkeypatch):
    monkeypatch.setattr("neonym.generation.patterns.FIRST_SECONDS", 0.1)
    pattern = Pattern("(a|aa)+$")
    assert pattern.is_in("b" + "a" * 9)
    begin = time.process_time()
    with pytest.raises(UserError, match=r"matches '\(a\|aa\)\+\$' takes too long on 'a+b'"):
        pattern.is_in("a" * 60 + "b")
    assert time.process_time() - begin < 5


def test_the_time_of_a_pattern_is_counted_over_all_names(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("neonym.generation.patterns.time.thread_time", lambda: next(clock) * 0.05)
    pattern = Pattern("s$")
    with pytest.raises(UserError, match="takes too long on 'us'"):
        for _ in range(30):  # each takes 50 ms, and brings one
            pattern.is_in("us")
