"""How the processes of `neonym.nn.shards` wait for each other."""

import os
import select
from time import perf_counter

AWAKE = 250e-6
"""Seconds; longer would take from others on a busy machine what it brings on an idle one."""


class Arrival:
    """Waits for a message, for a moment without falling asleep.

    A step of a small network takes half a millisecond, and to be woken some 50 microseconds, at
    each end of a pipe. Whoever else wants the processor meanwhile gets it.

    Parameters
    ----------
    descriptor : int
        Of the end of the pipe that is read.
    """

    def __init__(self, descriptor: int) -> None:
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def wait(self) -> None:
        """Return when there is a message, or the pipe is closed, or at the end of patience."""
        end = perf_counter() + AWAKE
        while not self._poll.poll(0) and perf_counter() < end:
            os.sched_yield()
