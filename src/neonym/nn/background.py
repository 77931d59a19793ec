"""Work that a second thread does in the meantime, to the same bits as without it.

A batch has large products that nobody waits for at once. They are begun here, and done by a second
thread or by the one that waits for them, whichever comes to it first: so neither is idle while the
other has work left, and where there is no second thread the one that waits does it all.
"""

from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from weakref import finalize

WORTH_A_THREAD = 20_000_000
"""Multiplications of a product; below that, to wake a thread takes as long."""


class Task:
    """A piece of work that is done once, by whoever comes to it first."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work, self._context = work, copy_context()  # with NumPy's error state
        self._running = Lock()
        self._running.acquire()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do it; what it raises is kept for whoever waits."""
        try:
            self._context.run(self._work)
        except BaseException as error:
            self.error = error
        finally:
            self._running.release()

    @property
    def has_ended(self) -> bool:
        """Whether it is done, or has failed."""
        return not self._running.locked()

    def join(self) -> None:
        """Wait until it has ended."""
        with self._running:
            pass


class Background:
    """Tasks of one batch, which a second thread may do; use it as a context manager.

    At the end everything that was begun is done. One thread alone begins tasks and waits for them.

    Attributes
    ----------
    threads : int
        How many threads there may be. They decide nothing but the time.
    """

    def __init__(self) -> None:
        self.threads = 1
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        self._begun: list[Task] = []
        self._has_thread = False

    @staticmethod
    def is_large(multiplications: int) -> bool:
        """Whether work with so many multiplications is worth a thread, if there is one."""
        return multiplications >= WORTH_A_THREAD

    def is_worth(self, multiplications: int) -> bool:
        """Whether work with so many multiplications should be begun here, or simply done."""
        return self.threads > 1 and self.is_large(multiplications)

    def do(self, work: Callable[[], object], multiplications: int) -> None:
        """Begin work if that is worth it, or do it at once."""
        if self.is_worth(multiplications):
            self.begin(work)
        else:
            work()

    def begin(self, work: Callable[[], object]) -> Task:
        """Leave work to the second thread, if there is one.

        It may not take memory from a workspace, nor read what is changed before it is waited for.
        """
        task = Task(work)
        self._begun.append(task)
        self._queue.put(task)
        if self.threads > 1 and not self._has_thread:
            self._start_thread()
        return task

    def _start_thread(self) -> None:
        try:
            Thread(target=_serve, args=(self._queue,), daemon=True).start()
        except RuntimeError:  # no thread can be started, as in a browser
            self.threads = 1
            return
        self._has_thread = True
        finalize(self, self._queue.put, None)

    def wait(self, task: Task) -> None:
        """Return when a task has ended; until then do those that wait here as well.

        Raises
        ------
        BaseException
            What the task raised.
        """
        while not task.has_ended:
            try:
                other = self._queue.get_nowait()
            except Empty:
                task.join()
            else:
                if other is not None:
                    other.run()
        if task.error:
            raise task.error

    def finish(self) -> None:
        """Return when everything that was begun has ended, also where some of it failed.

        Raises
        ------
        BaseException
            What the first one raised that failed.
        """
        if not self._begun:
            return
        begun, self._begun = self._begun, []
        errors = []
        for task in begun:
            try:
                self.wait(task)
            except BaseException as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.finish()
        except BaseException:
            if error is None:
                raise


def _serve(queue: SimpleQueue[Task | None]) -> None:
    """Do task after task, until there is None."""
    while task := queue.get():
        task.run()
        del task  # or what it refers to would live until the next one
