import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neonym.models.ngram import WittenBell, choose_order, fit

A, B = 1, 2
CORPUS = [[A, B], [A, A]]  # the worked example: two names over end, a, b

# Worked by hand from the equations in the module's docstring.
P_A_START = (2 + 4 / 9) / 3
P_B_START = (0 + 2 / 9) / 3
P_B_A = (1 + 3 * 2 / 9) / 6
P_END_A = (1 + 3 * 3 / 9) / 6
P_END_B = (1 + 3 / 9) / 2
P_A_B = (0 + 4 / 9) / 2

SEQUENCES = st.lists(st.lists(st.integers(1, 4), max_size=5), min_size=1, max_size=8)


def distribution_after(model, context):
    """The distribution of the token after these, which follow a start; index 0 is the end."""
    return model.distributions(np.concatenate([[0], np.asarray(context, np.int64)])[None])[0]


def probability(model: WittenBell, name: list[int]) -> float:
    return float(np.exp(-model.negative_log_likelihood([name])[0]))


def test_order_one_mixes_counts_with_the_uniform_distribution() -> None:
    model = fit(CORPUS, 3, order=1)
    assert distribution_after(model, [B]) == pytest.approx([3 / 9, 4 / 9, 2 / 9])


def test_order_two_mixes_in_order_one_with_the_weight_of_distinct_continuations() -> None:
    model = fit(CORPUS, 3, order=2)
    assert probability(model, [A, B]) == pytest.approx(P_A_START * P_B_A * P_END_B)


def test_order_three_backs_up_where_a_context_was_never_seen() -> None:
    model = fit(CORPUS, 3, order=3)
    seen = P_A_START * (1 + 2 * P_B_A) / 4 * (1 + P_END_B) / 2
    assert probability(model, [A, B]) == pytest.approx(seen)
    assert probability(model, [B, A]) == pytest.approx(P_B_START * P_A_B * P_END_A)


def test_contexts_do_not_reach_over_the_beginning_of_a_name() -> None:
    model = fit([[B]], 3, order=3)
    # Were the start counted again as a context of its own, this would be larger.
    assert distribution_after(model, [])[B] == pytest.approx((1 + (1 + 2 / 3) / 4) / 2)


def test_nats_are_those_of_each_sequence_in_order() -> None:
    model = fit(CORPUS, 3, order=4)
    names = [[B, A, A], [], [A]]
    together = model.negative_log_likelihood(names)
    alone = [model.negative_log_likelihood([name])[0] for name in names]
    assert together == pytest.approx(alone)
    assert together[1] == pytest.approx(-math.log(distribution_after(model, [])[0]))
    assert model.negative_log_likelihood([]).shape == (0,)


@given(SEQUENCES, st.integers(1, 8), st.lists(st.integers(1, 5), max_size=6))
def test_probabilities_sum_to_one_and_none_is_zero(
    sequences: list[list[int]], order: int, context: list[int]
) -> None:
    probabilities = distribution_after(fit(sequences, 6, order), context)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert probabilities.min() > 0


@given(SEQUENCES, SEQUENCES, st.integers(1, 8))
def test_likelihood_is_the_product_of_next_token_probabilities(
    train: list[list[int]], names: list[list[int]], order: int
) -> None:
    model = fit(train, 5, order)
    expected = [
        -sum(math.log(distribution_after(model, name[:i])[t]) for i, t in enumerate([*name, 0]))
        for name in names
    ]
    assert model.negative_log_likelihood(names) == pytest.approx(expected)


@given(SEQUENCES, SEQUENCES)
def test_the_chosen_order_is_the_most_likely_on_val(
    train: list[list[int]], val: list[list[int]]
) -> None:
    def nats(order: int) -> float:
        return fit(train, 5, order).negative_log_likelihood(val).sum()

    chosen = choose_order(train, val, 5, max_order=5)
    assert nats(chosen.order) == pytest.approx(min(map(nats, range(1, 6))))
    assert chosen.negative_log_likelihood(val).sum() == pytest.approx(nats(chosen.order))


def test_names_are_drawn_with_their_probabilities() -> None:
    model = fit([[A, B], [A], [B, B, A]], 3, order=3)
    names = [list(n) for k in range(4) for n in itertools.product((A, B), repeat=k)]
    probabilities = [probability(model, name) for name in names]
    drawn, _ = model.sample(20_000, seed=0, max_length=30)
    counts = [sum(row.tolist() == name for row in drawn) for name in names]
    counts.append(20_000 - sum(counts))
    probabilities.append(1 - sum(probabilities))
    assert stats.chisquare(counts, np.multiply(probabilities, 20_000)).pvalue > 0.001


def test_the_seed_gives_the_names() -> None:
    model = fit(CORPUS, 3, order=2)

    def draw(seed: int) -> list[list[int]]:
        return [row.tolist() for row in model.sample(50, seed, max_length=9)[0]]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_a_name_may_end_at_the_cap_and_is_cut_off_behind_it() -> None:
    model = fit([[A, A, A]] * 50, 2, order=4)
    names, ended = model.sample(300, seed=0, max_length=3)
    assert max(map(len, names)) == 3
    assert sum(len(name) == 3 for name in names) > sum(~ended)
    assert ended[[len(name) < 3 for name in names]].all()
    assert sum(~ended) > 0


def test_every_name_begins_with_the_prefix() -> None:
    names, ended = fit(CORPUS, 3, order=2).sample(20, seed=0, max_length=4, prefix=[B, A])
    assert {tuple(name[:2]) for name in names} == {(B, A)}
    assert ended.any()
    full, _ = fit(CORPUS, 3, order=2).sample(5, seed=0, max_length=2, prefix=[B, A])
    assert {tuple(name) for name in full} == {(B, A)}


def test_an_order_below_one_and_an_empty_corpus_are_refused() -> None:
    with pytest.raises(ValueError, match="order must be at least 1, got 0"):
        fit(CORPUS, 3, order=0)
    with pytest.raises(ValueError, match="sequences must not be empty"):
        fit([], 3, order=1)
