import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.configuration import Constant, OneCycle
from neonym.schedules import learning_rate


def test_constant_stays():
    rate = learning_rate(Constant(name="constant"), 0.3, 10)
    assert [rate(step) for step in (0, 5, 9, 99)] == [0.3] * 4


def test_one_cycle_rises_in_a_line_and_falls_as_a_cosine():
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=0.4), 2.0, 10)
    assert [rate(step) for step in range(4)] == pytest.approx([0.5, 1.0, 1.5, 2.0])
    falling = [1 + math.cos(math.pi * part / 7) for part in range(1, 7)]
    assert [rate(step) for step in range(4, 10)] == pytest.approx(falling)


def test_one_cycle_keeps_its_last_rate_after_the_end():
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=0.4), 2.0, 10)
    assert rate(9) == rate(10) == rate(1000) > 0


@given(total=st.integers(1, 500), warm_up=st.floats(0.001, 0.999), peak=st.floats(1e-6, 10))
def test_one_cycle_is_positive_peaks_once_at_the_peak_and_rises_before_it(total, warm_up, peak):
    rate = learning_rate(OneCycle(name="one_cycle", warm_up=warm_up), peak, total)
    rates = [rate(step) for step in range(total)]
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(peak)
    assert min(rates) > 0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
