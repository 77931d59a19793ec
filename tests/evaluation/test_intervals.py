import math

import numpy as np
import pytest
from scipy import stats

from neonym.evaluation import intervals


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution() -> None:
    flags = np.arange(1000) < 300
    low, high = intervals.of_mean(flags, generator())
    expected = stats.binom(1000, 0.3).ppf([0.025, 0.975]) / 1000
    assert [low, high] == pytest.approx(expected.tolist(), abs=0.004)


@pytest.mark.parametrize(
    ("estimate", "statistic"),
    [(intervals.of_mean, np.mean), (intervals.of_median, np.median)],
)
def test_counting_distinct_values_gives_the_bootstrap_of_drawing_them(estimate, statistic) -> None:
    values = np.round(generator().exponential(3, 400), 1)
    expected = stats.bootstrap(
        (values,), statistic, method="percentile", rng=generator(), n_resamples=4000
    ).confidence_interval
    assert list(estimate(values, generator())) == pytest.approx(list(expected), abs=0.15)


def test_the_median_of_an_even_number_is_the_middle_of_two() -> None:
    low, high = intervals.of_median([1.0, 1.0, 2.0, 2.0], generator())
    assert (low, high) == (1.0, 2.0)


def test_the_interval_of_a_wasserstein_distance_is_its_bootstrap() -> None:
    ours, theirs = generator().poisson(9, 500), generator().poisson(12, 60)
    expected = stats.bootstrap(
        (ours,),
        lambda sample: stats.wasserstein_distance(sample, theirs),
        vectorized=False,
        method="percentile",
        rng=generator(),
        n_resamples=500,
    ).confidence_interval
    found = intervals.of_wasserstein(ours, theirs, generator())
    assert list(found) == pytest.approx(list(expected), abs=0.06)


def test_the_interval_over_blocks_comes_from_their_spread() -> None:
    low, high = intervals.of_blocks([0.5, 0.6, 0.7])
    margin = 4.3027 * 0.1 / math.sqrt(3)  # Student's t with two degrees of freedom
    assert (low, high) == (pytest.approx(0.6 - margin, abs=1e-4), pytest.approx(0.6 + margin, 1e-4))


def test_the_interval_over_blocks_ends_where_the_figure_does() -> None:
    assert intervals.of_blocks([0.0, 0.0, 0.01]).low == 0
    assert intervals.of_blocks([1.0, 1.0, 0.99]).high == 1


def test_a_ratio_is_of_sums_and_stays_where_all_names_agree() -> None:
    tokens = np.arange(1, 50)
    low, high = intervals.of_ratio(1.5 * tokens, tokens, (0,))
    assert (low, high) == (pytest.approx(1.5), pytest.approx(1.5))


def test_the_interval_of_a_ratio_covers_it_in_nineteen_of_twenty_samples() -> None:
    random = generator()
    covered = 0
    for sample in range(60):
        tokens = random.integers(3, 20, 150)
        nats = random.gamma(2.0 * tokens, 0.9)
        low, high = intervals.of_ratio(nats, tokens, (sample,))
        covered += low <= 1.8 <= high
    assert 51 <= covered <= 60


def test_the_interval_of_a_ratio_is_the_same_where_names_are_too_many_to_count_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = generator()
    tokens = random.integers(3, 20, 400)
    nats = random.gamma(2.0 * tokens, 0.9)
    counted = intervals.of_ratio(nats, tokens, (0,))
    monkeypatch.setattr(intervals, "TOGETHER", 0)
    drawn = intervals.of_ratio(nats, tokens, (1,))
    assert drawn == pytest.approx(counted, abs=0.25 * (counted.high - counted.low))
    assert drawn.high - drawn.low == pytest.approx(counted.high - counted.low, rel=0.15)


def test_what_is_kept_of_a_seed_changes_no_interval_of_other_values() -> None:
    random = generator()
    nats, tokens = random.gamma(9.0, size=500), random.integers(3, 20, 500)
    intervals._resampled.cache_clear()
    expected = intervals.of_ratio(nats, tokens, (3, 1))
    intervals._resampled.cache_clear()
    before = intervals.of_ratio(2 * nats, tokens, (3, 1))
    assert intervals.of_ratio(nats, tokens, (3, 1)) == expected
    assert intervals._resampled.cache_info().hits == 1
    assert before == (pytest.approx(2 * expected.low), pytest.approx(2 * expected.high))
    assert intervals.of_ratio(nats, tokens, (3, 2)) != expected
    kept = intervals._resampled(500, (3, 1))
    drawn = np.random.default_rng((3, 1)).multinomial(500, np.full(500, 1 / 500), size=1000)
    assert kept.dtype == np.uint8
    assert (kept == drawn).all()


def test_a_paired_difference_is_tighter_than_the_two_likelihoods() -> None:
    random = generator()
    tokens = random.integers(3, 20, 300)
    hardness = random.gamma(2.0 * tokens, 0.9)
    low, high = intervals.of_ratio(0.1 * tokens + 0.01 * hardness, tokens, (0,))
    wide = intervals.of_ratio(hardness, tokens, (0,))
    assert low < 0.1 + 0.018 < high
    assert high - low < (wide.high - wide.low) / 50


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_little_has_no_interval(values: list[float]) -> None:
    for interval in (
        intervals.of_mean(values, generator()),
        intervals.of_median(values, generator()),
        intervals.of_wasserstein(values, [1.0], generator()),
        intervals.of_blocks(values),
        intervals.of_ratio(values, values, (0,)),
    ):
        assert all(map(math.isnan, interval))


def test_the_seed_gives_the_interval() -> None:
    values = generator().normal(size=100)
    assert intervals.of_mean(values, generator()) == intervals.of_mean(values, generator())
