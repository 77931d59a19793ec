"""One thread for linear algebra, since the order of a sum is part of the result; more around it."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from itertools import chain, islice
from threading import Thread
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
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
    function: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None
) -> Iterator[Result]:
    """What a function returns for each item, computed a few ahead on several threads.

    NumPy lets go of the interpreter in products and elementwise operations, so threads help. Where
    no thread can be started, as in a browser, each result is computed when it is asked for.

    Parameters
    ----------
    function
        Is called with each item, unless the iteration is ended before.
    items
        Are asked for when it is their turn to be computed.
    threads
        How many are computed at the same time; None: as many as there are processors for.
    """
    left = iter(items)
    first = list(islice(left, threads or processors()))
    if len(first) <= 1 or not can_start_threads():
        yield from map(function, chain(first, left))
        return
    with ThreadPoolExecutor(len(first)) as pool:

        def submit(item: Item) -> Future[Result]:
            # what NumPy warns of is the caller's to say
            return pool.submit(copy_context().run, function, item)

        ahead = deque(map(submit, first))
        try:
            while ahead:
                result = ahead.popleft().result()
                ahead.extend(map(submit, islice(left, 1)))
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
