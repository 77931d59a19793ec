"""Two products at the same time, to the same bits: each is computed as it would be alone."""

from collections.abc import Callable
from contextvars import copy_context
from threading import Thread

WORTH_A_THREAD = 20_000_000
"""Multiplications of the smaller one; below that, starting a thread takes as long."""


def both(
    first: Callable[[], object], second: Callable[[], object], multiplications: int, threads: int
) -> None:
    """Run two functions that write to different places; the second in a thread of its own.

    Parameters
    ----------
    first, second
        What to run. Neither may take memory from a workspace.
    multiplications
        How many the smaller one takes: with few, and with a single thread, they run in turn.
    threads
        How many there may be.

    Raises
    ------
    Exception
        What either raises, the first before the second.
    """
    if threads < 2 or multiplications < WORTH_A_THREAD:
        first()
        second()
        return
    failed: list[BaseException] = []

    def run_second() -> None:
        try:
            second()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=copy_context().run, args=(run_second,))  # with NumPy's error state
    try:
        thread.start()
    except RuntimeError:  # no thread can be started, as in a browser
        first()
        second()
        return
    try:
        first()
    finally:
        thread.join()
    if failed:
        raise failed[0]
