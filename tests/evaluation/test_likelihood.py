import math

import numpy as np
import pytest

from neonym.evaluation.nll import likelihood, token_counts


def test_nll_is_the_sum_of_nats_by_the_sum_of_tokens_and_no_mean_of_means() -> None:
    figures = likelihood([2.0, 12.0], [1, 6])
    assert figures.nll == pytest.approx(2)
    assert figures.bits_per_char == pytest.approx(2 / math.log(2))
    assert figures.perplexity == pytest.approx(math.exp(2))


def test_the_end_is_a_token() -> None:
    assert token_counts(["abc", ""]).tolist() == [4, 1]
    assert token_counts(["he is male"], "word").tolist() == [4]


def test_a_uniform_model_has_the_perplexity_of_its_vocabulary() -> None:
    tokens = np.array([3, 5, 1])
    assert likelihood(tokens * math.log(27), tokens).perplexity == pytest.approx(27)


def test_an_empty_list_has_no_likelihood() -> None:
    assert all(map(math.isnan, likelihood([], [])))


def test_an_overflowing_perplexity_is_infinite() -> None:
    assert likelihood([5000.0], [1]).perplexity == math.inf
