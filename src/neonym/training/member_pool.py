"""The processes that train the members of a mixture, seen from the one that started them."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from neonym.base.errors import UserError
from neonym.base.threads import processors
from neonym.training import member_process
from neonym.training.history import EpochRecord
from neonym.training.loop import TrainingListener, TrainingResult
from neonym.training.member_task import MemberTask, network_of
from neonym.training.messages import Message

LOOK_SECONDS = 0.02
"""From one look at what a process has told to the next."""

SOURCE = str(Path(__file__).parents[2])
"""Where the other processes find this package."""

PROGRAM = f"import sys; from {member_process.__name__} import main; main(int(sys.argv[1]))"
"""What they run; its argument is that of `main`."""


class MemberPool:
    """Trains the members of a mixture at the same time; use it as a context manager.

    Parameters
    ----------
    tasks : sequence of MemberTask
        The trainings, in the order of the members.
    processes : int
        How many are trained at the same time, at most.

    Raises
    ------
    OSError
        If the system cannot hand an open file to a process.
    """

    def __init__(self, tasks: Sequence[MemberTask], processes: int) -> None:
        if sys.platform == "win32":
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        self._tasks, self._most = tasks, min(len(tasks), processes)
        self._threads = max(1, processors() // self._most)
        self._started: list[_Member] = []

    def start(self) -> None:
        """Start the members that come next, as far as there are processes left."""
        for task in self._tasks[len(self._started) :]:
            if sum(member.is_running() for member in self._started) >= self._most:
                return
            try:
                self._started.append(_Member(task.to_message(), self._threads))
            except OSError:  # the rest is trained in the process that wanted this
                self._most = 0

    def follow(self, number: int, listener: TrainingListener) -> TrainingResult | None:
        """Pass on what a member tells of its training, and wait for its end.

        Parameters
        ----------
        number : int
            Which, from 0; each is followed once, one after the other.
        listener : TrainingListener
            Is told the same as if the training were here.

        Returns
        -------
        TrainingResult or None
            None where no process could be started for it.

        Raises
        ------
        UserError
            As `neonym.training.loop.train`.
        RuntimeError
            If the process failed, or was ended.
        """
        self.start()
        if number >= len(self._started):
            return None
        member = self._started[number]
        for kind, *values, arrays in member.told(self.start):
            if kind == "result":
                return _result_of(values, arrays)
            if kind == "error":
                raise UserError(values[0])
            _pass_on(kind, values, arrays, listener)
        status = member.status
        raise RuntimeError(
            f"the process of member {number + 1} ended with status {status}; its own error is above"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for member in self._started:
            member.close()


class _Member:
    """A process that trains a member, and the file without a name to which it appends.

    With a file no side waits for the other, however far a member is ahead of the one followed.
    """

    def __init__(self, task: Message, threads: int) -> None:
        path = os.pathsep.join(filter(None, (SOURCE, os.environ.get("PYTHONPATH"))))
        blas = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._file = TemporaryFile()  # noqa: SIM115 (closed with the process)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self._file.fileno())],
                pass_fds=(self._file.fileno(),),
                env={**os.environ, **blas, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": path},
                stdin=subprocess.PIPE,
            )
        except OSError:
            self._file.close()
            raise
        # It stays open, and when it is closed, the process ends. One that died at its start is
        # found dead when it is followed
        self._lifeline = cast("BinaryIO", self._process.stdin)
        with suppress(BrokenPipeError):
            self._lifeline.write(task.to_bytes())
            self._lifeline.flush()

    @property
    def status(self) -> int | None:
        """Its exit status."""
        return self._process.poll()

    def is_running(self) -> bool:
        return self.status is None

    def told(self, meanwhile: Callable[[], None]) -> Iterator[tuple[Any, ...]]:
        """What it tells, until it has ended: kind, values, arrays."""
        place, ended = 0, False
        while not ended:
            ended = not self.is_running()  # asked first: after its end nothing is added
            start = place
            for message, place in Message.appended(self._file, start):  # noqa: B007
                yield *message.values, message.arrays
            meanwhile()
            if place == start and not ended:
                time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.terminate()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._lifeline.close()
        self._file.close()


def _pass_on(kind: str, values: list[Any], arrays: Any, listener: TrainingListener) -> None:
    if kind == "step":
        listener.on_step(*values)
        return
    record = EpochRecord(*values[0])
    if kind == "epoch":
        listener.on_epoch(record)
    else:
        _, options, is_last = values
        listener.on_weights(record, network_of(options, arrays[0]), is_last)


def _result_of(values: list[Any], arrays: Any) -> TrainingResult:
    options, history, best_epoch, best_val_nll, stopped_early = values
    return TrainingResult(
        network=network_of(options, arrays[0]),
        history=[EpochRecord(*record) for record in history],
        best_epoch=best_epoch,
        best_val_nll=best_val_nll,
        stopped_early=stopped_early,
    )
