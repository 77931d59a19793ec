import gc
from collections.abc import Iterator

import pytest

from neonym.base.garbage import collect_late


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Collection as the tests' process has it."""
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)


def collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())


def test_nothing_is_looked_for_until_there_is_much_and_then_as_before() -> None:
    gc.set_threshold(500, 10, 10)
    gc.collect()
    collect_late(50_000)
    before = collections()
    kept = [[] for _ in range(40_000)]
    assert collections() == before
    kept += [[] for _ in range(20_000)]
    assert collections() > before
    assert gc.get_threshold() == (500, 10, 10)


def test_who_asks_twice_has_python_s_way_in_the_end() -> None:
    gc.set_threshold(500, 10, 10)
    collect_late(1000)
    collect_late(2000)
    kept = [[] for _ in range(10_000)]
    assert len(kept) == 10_000
    assert gc.get_threshold() == (500, 10, 10)
