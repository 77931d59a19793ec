"""What the stage scripts share: where configuration comes from and where results go.

Under DVC a stage reads `params.yaml` and writes the workspace's files. Started by hand, the same
script composes `conf/` with Hydra, takes overrides and `-m`, and writes into Hydra's job folder.
"""

import logging
import math
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler

from neonym.configuration import Configuration, read_configuration
from neonym.errors import UserError

PROJECT = Path(__file__).resolve().parent.parent


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
    """

    def __init__(
        self,
        name: str,
        results: Path,
        by_hand: bool = False,
        configuration: Configuration | None = None,
        overrides: list[str] | None = None,
    ) -> None:
        self.name = name
        self.results = results
        self.by_hand = by_hand
        self.overrides = overrides or []
        self._composed = configuration

    @cached_property
    def configuration(self) -> Configuration:
        """The whole configuration, validated."""
        return self._composed or read_configuration(Path("params.yaml"))

    def output(self, path: str) -> Path:
        """Where this execution writes what the workspace calls `path`."""
        return self.results / path

    def say(self, message: str) -> None:
        """Print a line for the person at the keyboard."""
        _console().print(message, markup=False, soft_wrap=True)


StageFunction = Callable[[Stage], float | None]


def main(name: str, function: StageFunction) -> None:
    """Run a stage script; a user's mistake ends it with one line and exit status 2."""
    try:
        if os.environ.get("DVC_STAGE") == name:
            _log_to_terminal()
            function(Stage(name, results=Path()))
        else:
            _run_by_hand(name, function)
    except UserError as error:
        _console().print(f"{name}: {error}", markup=False, soft_wrap=True, style="red")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _run_by_hand(name: str, function: StageFunction) -> None:
    # Hydra costs half a second, which stages under DVC need not pay
    import hydra  # noqa: PLC0415
    from hydra.core.hydra_config import HydraConfig  # noqa: PLC0415
    from hydra.errors import HydraException  # noqa: PLC0415
    from omegaconf import DictConfig  # noqa: PLC0415
    from omegaconf.errors import OmegaConfBaseException  # noqa: PLC0415

    from composition import CONF, VERSION_BASE, explain, validated  # noqa: PLC0415

    failures: list[tuple[str, UserError]] = []

    def job(composed: DictConfig) -> float | None:
        settings = HydraConfig.get()
        overrides = list(settings.overrides.task)
        _log_to_terminal()
        try:
            configuration = validated(composed)
            results = Path(settings.runtime.output_dir)
            stage = Stage(name, results, True, configuration, overrides)
            value = function(stage)
        except UserError as error:  # one job's mistake does not take the other jobs with it
            failures.append((" ".join(overrides), error))
            return math.nan
        stage.say(f"{name}: results are in {os.path.relpath(results)}")
        return value

    os.chdir(PROJECT)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come through to us
    sys.argv[1:] = _with_job_name(sys.argv[1:], name)
    try:
        hydra.main(config_path=str(CONF), config_name="config", version_base=VERSION_BASE)(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from None
    if len(failures) == 1:
        raise failures[0][1]
    for overrides, failure in failures:
        line = f"{name} {overrides}: {failure}"
        _console().print(line, markup=False, soft_wrap=True, style="red")
    if failures:
        raise UserError(f"{len(failures)} jobs failed")


def _with_job_name(arguments: list[str], name: str) -> list[str]:
    """The arguments with Hydra's job name among the overrides, which must stand together."""
    at = next((i for i, word in enumerate(arguments) if word[:1] != "-" and "=" in word), None)
    at = len(arguments) if at is None else at
    return [*arguments[:at], f"hydra.job.name={name}", *arguments[at:]]


def _console() -> Console:
    return Console(stderr=True, highlight=False)


def _log_to_terminal() -> None:
    """Log lines: plain, or rich on a terminal; without the time, which says nothing here."""
    console = _console()
    handler: logging.Handler = RichHandler(console=console, show_time=False, show_path=False)
    if not console.is_terminal:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("neonym")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
