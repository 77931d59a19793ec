"""Something done in a process of its own beside what the caller does meanwhile."""

import json
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import parse_json
from neonym.base.threads import lent_processor, processors


@contextmanager
def beside(function: Callable[[], None]) -> Iterator[None]:
    """Call a function in a forked process while the body runs, and wait for its end after the body.

    It sees what this process held when the block began, and is to leave files. It ends with this
    process, also when that is killed, and when the body fails. Where there is one processor, or
    a fork is no safe copy, it is called here, after the body.

    Raises
    ------
    UserError
        That of the function.
    RuntimeError
        If the function raised something else, which has been printed, or its process was ended.
    """
    if processors() < 2 or not _can_fork():
        yield
        function()
        return
    with lent_processor():
        yield from _forked(function)


class Handed:
    """Plain values that the body has for the function, once; at most 60,000 characters as JSON.

    More than a pipe holds would wait for a function that may have failed.
    """

    def __init__(self) -> None:
        self._reader, self._writer = multiprocessing.Pipe(duplex=False)

    def put(self, value: Any) -> None:
        """Hand a value over: in the body."""
        self._writer.send_bytes(json.dumps(value).encode())

    def get(self) -> Any:
        """Wait for the value: in the function."""
        return parse_json(self._reader.recv_bytes())


def _forked(function: Callable[[], None]) -> Iterator[None]:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_call, args=(function, ours, theirs))
    with warnings.catch_warnings():
        # of threads that are none of Python's: OpenBLAS ends its own before a fork
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        yield
        mistake = _said(ours)
        process.join()
    finally:
        process.terminate()
        process.join()
        ours.close()
    if mistake is not None:
        raise UserError(mistake)
    if process.exitcode:
        raise RuntimeError(f"a process ended with status {process.exitcode}; see above")


def _can_fork() -> bool:
    """Whether a fork has all that a process needs: threads of Python are not copied."""
    return sys.platform == "linux" and threading.active_count() == 1


def _said(ours: Connection) -> str | None:
    """The mistake that the process tells of at its end; None where there is none, or it died."""
    try:
        mistake: str | None = parse_json(ours.recv_bytes())
    except (EOFError, OSError):
        return None
    return mistake


def _call(function: Callable[[], None], ours: Connection, theirs: Connection) -> None:
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no file is left half written
    ours.close()
    threading.Thread(target=_end_with, args=(theirs,), daemon=True).start()
    try:
        function()
    except UserError as error:
        theirs.send_bytes(json.dumps(str(error)).encode())
    else:
        theirs.send_bytes(b"null")


def _end_with(theirs: Connection) -> None:
    """Wait for the other side to go, which it does by dying too, and end this process."""
    with suppress(EOFError, OSError):
        theirs.recv_bytes()
    os.kill(os.getpid(), signal.SIGTERM)
