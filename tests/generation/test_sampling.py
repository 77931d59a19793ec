import itertools
from collections import Counter
from threading import get_ident

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neonym.base.errors import UserError
from neonym.generation.keeping import BLOCK, Wanted
from neonym.generation.sampling import sample
from neonym.models.choice import Choice, log_probabilities, log_softmax
from neonym.nn import RecurrentNetwork
from small_training import configuration
from table_model import TableModel

PLAIN = Choice()
MODEL = RecurrentNetwork(9, "gru", 12, dtype="float64", seed=2)


def draw(count, model=None, **options):
    options = {"seed": 0, "max_length": 8} | options
    return sample(model or TableModel(), count, **options)


def as_tuples(samples):
    return [tuple(ids.tolist()) for ids in samples.sequences]


@pytest.mark.parametrize(
    ("choice", "prefix"),
    [
        (PLAIN, ()),
        (Choice(temperature=0.5), ()),
        (Choice(temperature=2.0), ()),
        (Choice(top_k=2), ()),
        (Choice(top_p=0.7), ()),
        (Choice(temperature=1.5, top_k=2, top_p=0.9), ()),
        (PLAIN, (2,)),
        (PLAIN, (1, 2)),
    ],
)
def test_every_name_of_a_tiny_alphabet_comes_as_often_as_its_exact_probability(choice, prefix):
    model, count = TableModel(), 20_000
    exact = model.names(3, choice, prefix)
    assert sum(exact.values()) == pytest.approx(1)
    samples = draw(count, model, max_length=3, choice=choice, prefix=prefix)
    seen = Counter(zip(as_tuples(samples), samples.ended.tolist(), strict=True))
    assert not [name for name in seen if exact[name] == 0]
    possible = [name for name, probability in exact.items() if probability > 0]
    observed = [seen[name] for name in possible]
    expected = [exact[name] * count for name in possible]
    assert stats.chisquare(observed, expected).pvalue > 0.01


@pytest.mark.parametrize("few", [1, 5, BLOCK - 1, BLOCK, BLOCK + 1])
def test_the_first_names_do_not_depend_on_how_many_are_asked_for(few):
    many = draw(3 * BLOCK)
    some = draw(few)
    assert as_tuples(some) == as_tuples(many)[:few]
    np.testing.assert_array_equal(some.ended, many.ended[:few])
    np.testing.assert_array_equal(some.log_probs, many.log_probs[:few])


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(distinct=True)])
def test_names_do_not_depend_on_the_number_of_threads(wanted, monkeypatch):
    monkeypatch.setattr("neonym.generation.sampling.WORTH_THREADS", 0)
    one, *others = (
        draw(2 * BLOCK + 9, MODEL, wanted=wanted, max_length=30, threads=threads)
        for threads in (1, 2, 3, None)
    )
    for other in others:
        assert as_tuples(other) == as_tuples(one)
        assert other.log_probs.tobytes() == one.log_probs.tobytes()
        assert other.draws == one.draws


@pytest.mark.parametrize(("worth", "only_here"), [(0, False), (10**9, True)])
def test_a_small_network_draws_without_threads(worth, only_here, monkeypatch):
    step, used = MODEL.step_apart, set()

    def noted(*arguments):
        used.add(get_ident())
        return step(*arguments)

    monkeypatch.setattr(MODEL, "step_apart", noted)
    monkeypatch.setattr("neonym.generation.sampling.WORTH_THREADS", worth)
    draw(2 * BLOCK, MODEL, max_length=4, threads=2)
    assert (used == {get_ident()}) is only_here


def test_a_network_s_names_have_their_exact_likelihood():
    samples = draw(300, MODEL, max_length=60)
    ended = [ids for ids, end in zip(samples.sequences, samples.ended, strict=True) if end]
    ended = [ids for ids in ended if len(ids)]
    exact = -MODEL.negative_log_likelihood(ended)
    filled = [
        len(ids) > 0 and end for ids, end in zip(samples.sequences, samples.ended, strict=True)
    ]
    assert len(ended) > 200
    np.testing.assert_allclose(samples.log_probs[filled], exact, rtol=1e-9)


def test_the_first_distinct_names_do_not_depend_on_how_many_are_asked_for():
    many = draw(40, wanted=Wanted(distinct=True))
    assert as_tuples(draw(5, wanted=Wanted(distinct=True))) == as_tuples(many)[:5]


def test_blocks_and_seeds_give_different_names():
    names = as_tuples(draw(2 * BLOCK))
    assert names[:BLOCK] != names[BLOCK:]
    assert as_tuples(draw(BLOCK, seed=1)) != names[:BLOCK]


def test_temperature_zero_always_takes_the_most_probable_token():
    model = TableModel(seed=3)
    model.table[:, 0] = [-9, -9, 9]
    model.table[0, 1:] = [1, 0]
    model.table[1, 1:] = [0, 1]
    assert set(as_tuples(draw(10, model, choice=Choice(temperature=0)))) == {(1, 2)}


@pytest.mark.parametrize("temperature", [1e-320, 1e-9])
def test_a_tiny_temperature_is_as_greedy_as_zero(temperature):
    tiny, zero = (draw(9, choice=Choice(temperature=t)) for t in (temperature, 0))
    assert as_tuples(tiny) == as_tuples(zero)


def test_log_probability_is_that_of_the_whole_name_at_temperature_one():
    model = TableModel()
    choice = Choice(temperature=0.7, top_k=2)
    samples = draw(500, model, max_length=3, prefix=(2,), choice=choice)
    p = model.probabilities(PLAIN)
    # A name that was cut off has no end token, and its last token is still counted.
    for ids, ended, log_prob in zip(
        as_tuples(samples), samples.ended, samples.log_probs, strict=True
    ):
        path = (0, *ids, 0) if ended else (0, *ids)
        exact = np.prod([p[i, j] for i, j in itertools.pairwise(path)])
        assert log_prob == pytest.approx(np.log(exact))
    assert not samples.ended.all()
    assert samples.ended.any()


def test_a_name_as_long_as_the_cap_may_end():
    model = TableModel()
    model.table[:] = [[-50, 50, -50], [-50, -50, 50], [50, -50, -50]]
    samples = draw(3, model, max_length=2)
    assert as_tuples(samples) == [(1, 2)] * 3
    assert samples.ended.all()


def test_a_prefix_as_long_as_the_cap_is_returned_as_it_is():
    samples = draw(50, prefix=(1, 2, 1), max_length=3)
    assert set(as_tuples(samples)) == {(1, 2, 1)}
    assert 0 < samples.ended.sum() < 50


def test_distinct_names_are_the_first_occurrences_of_the_plain_stream():
    plain = as_tuples(draw(2000))
    distinct = draw(30, wanted=Wanted(distinct=True))
    assert as_tuples(distinct) == list(dict.fromkeys(plain))[:30]
    assert plain[distinct.draws - 1] == as_tuples(distinct)[-1]
    assert plain[: distinct.draws].count(as_tuples(distinct)[-1]) == 1


def test_excluded_names_do_not_come():
    plain = as_tuples(draw(100))
    excluded = [list(plain[0]), np.array(plain[3])]
    samples = draw(60, wanted=Wanted(exclude=excluded))
    left = [name for name in plain if name not in (plain[0], plain[3])]
    assert as_tuples(samples) == left[:60]
    assert samples.draws > 60


def test_redrawing_stops_at_its_bound_and_says_how_many_were_drawn():
    greedy = Choice(temperature=0)
    samples = draw(5, choice=greedy, wanted=Wanted(distinct=True, max_draws=17))
    assert (len(samples.sequences), samples.draws) == (1, 17)
    assert draw(5, choice=greedy, wanted=Wanted(distinct=True)).draws == 500


def test_without_wishes_nothing_is_drawn_twice():
    assert draw(BLOCK + 3).draws == BLOCK + 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "0 names were asked for; ask for at least 1"),
        ({"count": -3}, "-3 names were asked for"),
        ({"count": 10_000_001}, "ask for at most 10,000,000 at once"),
        ({"seed": -1}, "seed is -1; it must be at least 0"),
        ({"max_length": 0}, "the length cap is 0; it must be at least 1"),
        ({"prefix": (1, 2, 1), "max_length": 2}, "the prefix has 3 tokens, .* cap of 2; shorten"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=message):
        draw(**{"count": 1} | options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -0.5}, "temperature is -0.5; it must be a number from 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"top_k": 0}, "top-k is 0; it must be at least 1"),
        ({"top_p": 0.0}, "top-p is 0; it must be above 0 and at most 1"),
        ({"top_p": 1.5}, "top-p is 1.5"),
        ({"top_p": float("nan")}, "top-p is nan"),
    ],
)
def test_a_choice_out_of_range_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=message):
        Choice(**options)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("top_p", 0.0, "greater than 0"),
        ("top_p", 1.01, "less than or equal to 1"),
        ("top_k", 0, "greater than or equal to 1"),
        ("top_k", 1.5, "a valid integer"),
        ("novel", "yes", "a valid boolean"),
    ],
)
def test_the_configuration_allows_only_choices_in_range(key, value, allowed):
    with pytest.raises(UserError, match=rf"sample.{key} = .*: input should be {allowed}"):
        configuration(**{f"sample__{key}": value})


LOGITS = np.log([[0.1, 0.4, 0.3, 0.2]])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), [0.1, 0.4, 0.3, 0.2]),
        (Choice(temperature=0.5), np.array([0.01, 0.16, 0.09, 0.04]) / 0.3),
        (Choice(top_k=2), [0, 4 / 7, 3 / 7, 0]),
        (Choice(top_k=99), [0.1, 0.4, 0.3, 0.2]),
        (Choice(top_p=0.3), [0, 1, 0, 0]),
        (Choice(top_p=0.41), [0, 4 / 7, 3 / 7, 0]),
        (Choice(top_p=0.95), [0.1, 0.4, 0.3, 0.2]),
        (Choice(top_k=3, top_p=0.5), [0, 4 / 7, 3 / 7, 0]),
        (Choice(top_k=2, top_p=0.5), [0, 1, 0, 0]),
        (Choice(temperature=0), [0, 1, 0, 0]),
    ],
)
def test_probabilities_by_value(choice, expected):
    np.testing.assert_allclose(choice.probabilities(LOGITS)[0], expected, atol=1e-12)


def test_top_k_keeps_exactly_k_where_tokens_tie():
    assert np.count_nonzero(Choice(top_k=2).probabilities(np.zeros((1, 5)))) == 2


@given(
    logits=st.lists(st.floats(-80, 80), min_size=2, max_size=9),
    uniform=st.floats(0, 1, exclude_max=True),
    temperature=st.floats(0, 3),
    top_k=st.none() | st.integers(1, 9),
    top_p=st.none() | st.floats(0.01, 1),
)
def test_a_token_of_probability_zero_is_never_picked(logits, uniform, temperature, top_k, top_p):
    choice = Choice(temperature, top_k, top_p)
    rows = np.array([logits])
    probabilities = choice.probabilities(rows)
    assert probabilities.sum() == pytest.approx(1)
    assert np.count_nonzero(probabilities) <= (top_k or 9)
    for u in (uniform, 0.0, np.nextafter(1.0, 0)):
        assert probabilities[0, choice.pick(rows, np.array([u]))[0]] > 0


SPACE = 2


@pytest.mark.parametrize("choice", [Choice(), Choice(temperature=0.7), Choice(top_k=3)])
@pytest.mark.parametrize("vocabulary", [2, 27, 300])
@pytest.mark.parametrize("count", [1, 2, 19, 400])
def test_what_is_drawn_is_what_is_picked_with_its_log_probability_to_the_last_bit(
    choice, vocabulary, count
):
    stream = np.random.default_rng(count)
    logits = 3 * stream.standard_normal((vocabulary, count), dtype=np.float32).T
    for rows in (None, stream.integers(count, size=1024)):
        uniforms = stream.random(count if rows is None else len(rows))
        uniforms[0] = 1 - 2**-53
        tokens, nats = choice.draw(logits, uniforms, rows)
        picked = choice.pick(logits, uniforms, rows)
        np.testing.assert_array_equal(tokens, picked)
        assert nats.tobytes() == log_probabilities(logits, picked, rows).tobytes()
        places = np.arange(count) if rows is None else rows
        cumulative = np.cumsum(choice.probabilities(logits), axis=1)[places]
        before = cumulative <= np.minimum(uniforms, 1 - 1e-12)[:, None]
        np.testing.assert_array_equal(tokens, np.count_nonzero(before, axis=1))
        exact = log_softmax(logits.astype(np.float64))[places, tokens]
        np.testing.assert_allclose(nats, exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("choice", [Choice(), Choice(temperature=0.7), Choice(top_p=0.7)])
def test_a_row_that_stands_alone_is_drawn_from_as_if_no_other_were_there(choice):
    stream = np.random.default_rng(5)
    logits = 4 * stream.standard_normal((27, 500), dtype=np.float32).T
    uniforms, rows = stream.random(500), np.arange(500)
    tokens, nats = choice.draw(logits, uniforms, rows, rows.tolist())
    by_itself = [choice.draw(logits[row : row + 1], uniforms[row : row + 1]) for row in rows]
    assert tokens.tolist() == [token for (token,), _ in by_itself]
    assert nats.tolist() == [each for _, (each,) in by_itself]
    assert nats.tolist() != choice.draw(logits, uniforms)[1].tolist()  # or nothing was tested


def test_no_name_is_empty_or_has_a_space_at_an_end_where_that_is_asked():
    raw, whole = draw(3000), draw(1000, wanted=Wanted(spaces=(SPACE,)))
    kept = [name for name in as_tuples(raw) if name and SPACE not in (name[0], name[-1])]
    assert len(kept) < 1000
    assert as_tuples(whole)[: len(kept)] == kept
    assert whole.draws > len(whole.sequences) == 1000
    assert as_tuples(draw(7, wanted=Wanted(spaces=(SPACE,)))) == kept[:7]


def test_a_space_that_the_prefix_begins_with_was_asked_for():
    names = as_tuples(draw(50, prefix=(SPACE,), wanted=Wanted(spaces=(SPACE,))))
    assert {name[0] for name in names} == {SPACE}
    assert SPACE not in {name[-1] for name in names}


def test_a_model_that_only_ends_is_given_up_after_a_block():
    model = TableModel()
    model.table[:, 0] = 1e3
    samples = draw(10_000, model, wanted=Wanted(spaces=()))
    assert (samples.sequences, samples.draws) == ([], BLOCK)
