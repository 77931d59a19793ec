"""Regular expressions that names are held against: Python's, in bounded time and memory."""

import math
import re
import time
import warnings
from typing import TYPE_CHECKING

from neonym.base.errors import UserError
from neonym.base.text import escape

if TYPE_CHECKING:
    import regex

LONGEST = 1_000  # letters of a pattern
MOST_REPEATS = 10_000  # the counts in braces multiplied: `regex` writes some of them out
FIRST_SECONDS, SECONDS_A_NAME = 1.0, 0.001  # a name takes microseconds


class Pattern:
    """A regular expression that is looked for anywhere in names.

    Some expressions take longer than anybody lives on a name of fifty letters, so all names
    together have a bound: a second, and a millisecond for each.

    Parameters
    ----------
    text
        As `re` has it; case counts.

    Raises
    ------
    UserError
        If it is not one, or too large.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._regex = _compiled(text)
        self._seconds = FIRST_SECONDS

    def is_in(self, name: str) -> bool:
        """Whether it is found in a name.

        Raises
        ------
        UserError
            If it takes too long.
        """
        self._seconds += SECONDS_A_NAME
        begin = time.thread_time()
        try:
            found = self._regex.search(name, timeout=max(self._seconds, SECONDS_A_NAME))
        except TimeoutError:
            self._seconds = 0.0
        else:
            self._seconds -= time.thread_time() - begin
        if self._seconds <= 0:
            raise UserError(
                f"matches {self.text!r} takes too long on {name!r}; "
                "write it without a repetition of repetitions, such as (a|aa)+"
            )
        return found is not None


def _compiled(text: str) -> "regex.Pattern[str]":
    # late, since it is for patterns alone
    import regex  # noqa: PLC0415 (for patterns alone)

    shown = repr(text if len(text) <= 50 else text[:49] + "…")
    if len(text) > LONGEST:
        raise UserError(f"matches {shown} has {len(text)} letters; it may have {LONGEST}")
    counts = re.findall(r"\d+", " ".join(re.findall(r"\{([\d,]*)\}", text)))
    if math.prod(max(1, int(count[:9])) for count in counts) > MOST_REPEATS:
        raise UserError(
            f"matches {shown} repeats too often; the numbers in its braces may multiply to "
            f"{MOST_REPEATS}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what another version may read otherwise
            re.compile(text)  # which knows less than regex, and nothing that could be dangerous
            return regex.compile(text)
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        why = escape(str(error))  # which quotes the pattern as it is
        raise UserError(f"matches {shown} is no regular expression: {why}") from None
