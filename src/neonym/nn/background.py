"""Work that a second thread does in the meantime, to the same bits as without it.

A batch has large products that nobody waits for at once. They are begun here, and done by a second
thread or by the one that waits for them, whichever comes to it first: so neither is idle while the
other has work left, and where there is no second thread the one that waits does it all.
"""

from collections.abc import Callable
from contextlib import suppress
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

    At the end everything that was begun is done; after an error, or Ctrl-C, nothing of it is being
    done any more. One thread alone begins tasks and waits for them.

    Attributes
    ----------
    threads : int
        With more than one there is a second thread, never a third. They decide nothing but the
        time.
    """

    def __init__(self) -> None:
        self.threads = 1
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._begun: list[Task] = []  # empty only if none is being done

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
        if self.threads > 1 and self._thread is None:
            self._start_thread()
        return task

    def _start_thread(self) -> None:
        self._thread = Thread(target=_serve, args=(self._queue,), daemon=True)
        finalize(self, self._queue.put, None)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started, as in a browser
            self.threads, self._thread = 1, None

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
        """Return when everything that was begun has ended.

        Raises
        ------
        BaseException
            What the first one raised that failed.
        """
        for task in self._begun:
            self.wait(task)
        self._begun.clear()

    def _give_up(self) -> None:
        """Return when nothing is being done; what nobody has come to never is.

        A task cannot be waited for here: Ctrl-C may have come after it was taken from the queue and
        before it ran. So the thread is asked to end, and another one begins anew.
        """
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put(None)
        if self._thread and self._thread.is_alive():
            self._thread.join()
        self._queue, self._thread = SimpleQueue(), None
        self._begun.clear()

    def __enter__(self) -> Self:
        if self._begun:  # Ctrl-C may also have come at the very end
            self._give_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            if self._begun:
                self._give_up()


def _serve(queue: SimpleQueue[Task | None]) -> None:
    """Do task after task, until there is None."""
    while task := queue.get():
        task.run()
        del task  # or what it refers to would live until the next one
