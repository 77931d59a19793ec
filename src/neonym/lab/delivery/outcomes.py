"""What an error says: a segment is damaged, or refused, or its run is gone; or the store is away.

Whatever is unclear is taken for the store, so that everything waits, in order.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from neonym.base.errors import UserError
from neonym.lab.tracking.events import UnreadableError
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.spool import Segment

RETRY_SECONDS = 10.0
GONE = "RESOURCE_DOES_NOT_EXIST"
# Answers of those that stand before a store, or to whoever asks: they say nothing of what is asked
OF_THE_STORE = (401, 408, 429)
NO_STORE_THERE = "ENDPOINT_NOT_FOUND"
OF_THE_CONTENT = (UserError, UnreadableError, ValueError, TypeError, LookupError, ArithmeticError)


class RunDeletedError(Exception):
    """The run of a segment was deleted in MLflow while its writer goes on."""

    def __str__(self) -> str:
        return "its run was deleted in MLflow, and gets the rest there once it has ended"


@dataclass(frozen=True)
class Refusal:
    """Why a segment waits although the store answers."""

    segment: Segment
    reason: str
    is_written: bool
    """Whether its writer was alive."""
    since: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether to try again: it is time, or its writer has ended."""
        ended = self.is_written and self.segment.is_abandoned
        return ended or time.monotonic() - self.since > RETRY_SECONDS


def is_gone(error: Exception) -> bool:
    """Whether the run, or the whole store, that something was delivered to was deleted since."""
    return getattr(error, "error_code", "") == GONE


def is_of_the_segment(error: Exception, segment: Segment) -> bool:
    """Whether an error is about one segment, so that those behind it may be delivered."""
    if isinstance(error, RunDeletedError):
        return True
    if status := _http_status(error):
        refused = 400 <= status < 500 and status not in OF_THE_STORE
        return refused and getattr(error, "error_code", "") != NO_STORE_THERE
    if isinstance(error, OSError):  # also what requests raises
        return str(error.filename or "").startswith(f"{segment.folder}/")
    return isinstance(error, OF_THE_CONTENT)


def first_line(error: Exception) -> str:
    """What an error says, in one line and without secrets."""
    return redact_text(next(iter(str(error).splitlines()), type(error).__name__))


def _http_status(error: Exception) -> int:
    """The status that MLflow gives an error of its own; 0 for others."""
    status: Any = getattr(error, "get_http_status_code", None)
    return int(status()) if status else 0
