import os
import threading

import pytest

from neonym.base.threads import processors, results_in_order


@pytest.mark.parametrize("threads", [1, 2, 5, None])
@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_results_come_in_order_and_each_once(count, threads):
    assert list(results_in_order(lambda place: place**2, range(count), threads)) == [
        place**2 for place in range(count)
    ]


def test_as_many_run_at_the_same_time_as_there_are_threads():
    together = threading.Barrier(2, timeout=60)
    assert list(results_in_order(lambda _: together.wait() in {0, 1}, range(4), 2)) == [True] * 4


def test_a_job_beside_others_takes_one_processor(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert processors() >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert processors() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert processors() == 1


def test_where_no_thread_can_be_started_results_come_all_the_same(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(results_in_order(lambda place: place**2, range(4), 2)) == [0, 1, 4, 9]


def test_a_system_that_does_not_say_what_is_allowed_has_all_processors(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert processors() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


def test_whoever_stops_early_has_only_a_few_computed():
    called = []
    results = results_in_order(lambda place: called.append(place) or place, range(1000), 2)
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert len(called) <= 4


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_reaches_the_caller(threads):
    with pytest.raises(ZeroDivisionError):
        list(results_in_order(lambda place: 1 / (2 - place), range(4), threads))
