"""One thread for linear algebra, since the order of a sum is part of the result; more around it."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

from threadpoolctl import threadpool_limits

Result = TypeVar("Result")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run the body, or the decorated function, with one BLAS thread, whatever is asked for outside.

    More threads split the sums of a product elsewhere, which changes the last bits; and at the
    sizes of this project they are slower.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def processors() -> int:
    """How many processors this process may use: at most those that `OMP_NUM_THREADS` says.

    One less where another process works beside it, see `lent_processor`.
    """
    # not every system says it, nor do all builds of Python ask
    allowed = getattr(os, "sched_getaffinity", None)
    given = len(allowed(0)) if allowed else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, (min(given, int(limit)) if limit.isdecimal() else given) - _lent)


_lent = 0


@contextmanager
def lent_processor() -> Iterator[None]:
    """Leave a processor to another process in the body, and in what is forked there."""
    global _lent  # noqa: PLW0603 (holds for the whole process)
    _lent += 1
    try:
        yield
    finally:
        _lent -= 1


def results_in_order(
    function: Callable[[int], Result], count: int, threads: int | None = None
) -> Iterator[Result]:
    """What a function returns for 0, 1, 2, ..., computed a few ahead on several threads.

    NumPy lets go of the interpreter in products and elementwise operations, so threads help. Where
    no thread can be started, as in a browser, each result is computed when it is asked for.

    Parameters
    ----------
    function
        Is called at most `count` times.
    count
        How many results there are if the iteration is not ended before.
    threads
        How many are computed at the same time; None: as many as there are processors for.
    """
    threads = min(count, threads or processors())
    if threads <= 1 or not can_start_threads():
        yield from map(function, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:

        def submit(place: int) -> Future[Result]:
            # what NumPy warns of is the caller's to say
            return pool.submit(copy_context().run, function, place)

        ahead = deque(map(submit, range(threads)))
        try:
            for place in range(threads, count + threads):
                result = ahead.popleft().result()
                if place < count:
                    ahead.append(submit(place))
                yield result
        finally:
            for future in ahead:
                future.cancel()


def can_start_threads() -> bool:
    """Whether there are threads here; in a browser there are none."""
    thread = Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True
