import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.settings import Constant, Cosine, OneCycle, Step
from neonym.training.schedules import learning_rate


def no_epoch(step):
    raise AssertionError


def test_constant_stays():
    rate = learning_rate(Constant(name="constant"), 0.3, no_epoch, 10)
    assert [rate(step) for step in (0, 5, 9, 99)] == [0.3] * 4


def test_one_cycle_rises_in_a_line_and_falls_as_a_cosine():
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=0.4), 2.0, no_epoch, 10)
    assert [rate(step) for step in range(4)] == pytest.approx([0.5, 1.0, 1.5, 2.0])
    falling = [1 + math.cos(math.pi * part / 7) for part in range(1, 7)]
    assert [rate(step) for step in range(4, 10)] == pytest.approx(falling)


def test_one_cycle_keeps_its_last_rate_after_the_end():
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=0.4), 2.0, no_epoch, 10)
    assert rate(9) == rate(10) == rate(1000) > 0


@given(total=st.integers(1, 500), warm_up=st.floats(0.001, 0.999), peak=st.floats(1e-6, 10))
def test_one_cycle_is_positive_peaks_once_at_the_peak_and_rises_before_it(total, warm_up, peak):
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=warm_up), peak, no_epoch, total)
    rates = [rate(step) for step in range(total)]
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(peak)
    assert min(rates) > 0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_step_drops_by_its_factor_every_so_many_epochs():
    rate = learning_rate(Step(name="step", every=2, factor=0.5), 0.8, lambda step: step // 3, 18)
    assert [rate(step) for step in range(18)] == [0.8] * 6 + [0.4] * 6 + [0.2] * 6


def test_cosine_without_warm_up_falls_from_the_start_towards_its_share():
    rate = learning_rate(Cosine(name="cosine", warm_up=0.0, final=0.5), 2.0, no_epoch, 9)
    expected = [1.5 + 0.5 * math.cos(math.pi * part / 10) for part in range(1, 10)]
    assert [rate(step) for step in range(9)] == pytest.approx(expected)


def test_cosine_with_warm_up_towards_zero_is_one_cycle():
    cosine = learning_rate(Cosine(name="cosine", warm_up=0.3, final=0.0), 2.0, no_epoch, 20)
    one_cycle = learning_rate(OneCycle(name="one_cycle", warm_up=0.3), 2.0, no_epoch, 20)
    assert [cosine(step) for step in range(25)] == [one_cycle(step) for step in range(25)]
