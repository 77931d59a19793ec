"""Where stages talk to the person at the keyboard; nothing in what they say is obeyed by it."""

import logging
import sys
from typing import TYPE_CHECKING

from neonym.base.text import escape, escape_lines
from neonym.lab.tracking.addresses import hide_addresses

if TYPE_CHECKING:
    from rich.console import Console


def console() -> "Console":
    """Standard error."""
    from rich.console import Console  # noqa: PLC0415 (a tenth of a second, for who prints)

    return Console(stderr=True, highlight=False)


def say(line: str, style: str | None = None) -> None:
    """Print one line."""
    console().print(escape(hide_addresses(line)), markup=False, soft_wrap=True, style=style)


def say_lines(text: str) -> None:
    """Print several lines."""
    console().print(escape_lines(hide_addresses(text)), markup=False, soft_wrap=True)


class Harmless(logging.Formatter):
    """Formats messages so that the terminal obeys nothing in them."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, escaped, its addresses without credentials."""
        return escape_lines(hide_addresses(super().format(record)))


def log_to_terminal() -> None:
    """Log lines: plain, or rich on a terminal; without the time, which says nothing here."""
    handler: logging.Handler = logging.StreamHandler()
    handler.setFormatter(Harmless("%(levelname)s %(message)s"))
    if sys.stderr.isatty():
        from rich.logging import RichHandler  # noqa: PLC0415 (as above)

        handler = RichHandler(console=console(), show_time=False, show_path=False)
        handler.setFormatter(Harmless("%(message)s"))
    logger = logging.getLogger("neonym")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
