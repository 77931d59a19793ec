"""What the stage scripts share: where configuration comes from and where results go.

Under DVC a stage reads `params.yaml` and writes the workspace's files. Started by hand, the same
script composes `conf/` with Hydra, takes overrides and `-m`, and writes into Hydra's job folder.
"""

import logging
import os
import sys
from collections.abc import Callable, Collection
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler

from neonym.base.errors import UserError
from neonym.base.terminal import escape, escape_lines
from neonym.settings import Configuration, read_configuration

PROJECT = Path(__file__).resolve().parents[4]


class Stage:
    """One execution of a stage script.

    Parameters
    ----------
    name
        The stage, as `dvc.yaml` calls it.
    results
        The folder that stands for the workspace: `.` under DVC, Hydra's job folder by hand.
    by_hand
        Whether Hydra started it, not DVC.
    configuration
        What Hydra composed; under DVC it is read from `params.yaml`.
    overrides
        The overrides given by hand.
    shared
        Those of them that all jobs of a sweep have.
    """

    def __init__(
        self,
        name: str,
        results: Path,
        *,
        by_hand: bool = False,
        configuration: Configuration | None = None,
        overrides: list[str] | None = None,
        shared: Collection[str] = (),
    ) -> None:
        self.name = name
        self.results = results
        self.by_hand = by_hand
        self.overrides = overrides or []
        self._shared = shared
        self.run_key = ""
        """The key of the run that it tracks, once it does."""
        self._composed = configuration

    @cached_property
    def configuration(self) -> Configuration:
        """The whole configuration, validated."""
        return self._composed or read_configuration(Path("params.yaml"))

    @property
    def title(self) -> str:
        """What was asked for beyond `conf/`, which names the run of a job; "" under DVC.

        What tells a job from the others of its sweep comes first, where narrow columns show it.
        """
        words = [word for word in self.overrides if not word.startswith(("sweep.", "sweep="))]
        return " ".join(sorted(words, key=lambda word: word in self._shared))

    def output(self, path: str) -> Path:
        """Where this execution writes what the workspace calls `path`."""
        return self.results / path

    def say(self, message: str) -> None:
        """Print a line for the person at the keyboard."""
        console().print(escape_lines(message), markup=False, soft_wrap=True)


StageFunction = Callable[[Stage], float | None]


def main(name: str, function: StageFunction) -> None:
    """Run a stage script; a user's mistake ends it with one line and exit status 2."""
    try:
        if os.environ.get("DVC_STAGE") == name:
            log_to_terminal()
            function(Stage(name, results=Path()))
        else:
            _run_by_hand(name, function)
    except (Exception, KeyboardInterrupt) as error:
        if _was_interrupted(error):
            sys.exit(130)
        if not isinstance(error, UserError):
            raise
        console().print(escape(f"{name}: {error}"), markup=False, soft_wrap=True, style="red")
        sys.exit(2)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or came of it: OmegaConf's clean-up may fail where it is cut short."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return error is not None
    return _was_interrupted(error.__cause__) or _was_interrupted(error.__context__)


def _run_by_hand(name: str, function: StageFunction) -> None:
    # Hydra costs half a second, which stages under DVC need not pay
    from neonym.lab.composing.by_hand import run_by_hand  # noqa: PLC0415

    os.chdir(PROJECT)
    run_by_hand(name, function)


def console() -> Console:
    """Where stages talk to the person at the keyboard."""
    return Console(stderr=True, highlight=False)


class Harmless(logging.Formatter):
    """Formats messages so that the terminal obeys nothing in them."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, escaped."""
        return escape_lines(super().format(record))


def log_to_terminal() -> None:
    """Log lines: plain, or rich on a terminal; without the time, which says nothing here."""
    terminal = console()
    handler: logging.Handler = RichHandler(console=terminal, show_time=False, show_path=False)
    handler.setFormatter(Harmless("%(message)s"))
    if not terminal.is_terminal:
        handler = logging.StreamHandler()
        handler.setFormatter(Harmless("%(levelname)s %(message)s"))
    logger = logging.getLogger("neonym")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
