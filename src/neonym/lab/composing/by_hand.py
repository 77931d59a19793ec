"""A script started by hand: an application of Hydra's, with its command line as it is.

`-m` hands the script to Hydra's sweeper, which is ours: `hydra_plugins.neonym_lab`.
"""

import functools
import inspect
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Generic, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from neonym.base.errors import UserError
from neonym.lab.composing.composition import (
    VERSION_BASE,
    prefer_own_launchers,
    validated,
)
from neonym.lab.composing.conf_files import NO_YAML
from neonym.lab.composing.refusals import explain
from neonym.lab.composing.result_folders import watched
from neonym.lab.composing.words import read_words
from neonym.lab.configuration import Schema
from neonym.lab.project import Project
from neonym.lab.stage.console import log_to_terminal
from neonym.lab.stage.execution import Stage, StageFunction
from neonym.lab.stage.profile import run_function

CONF = "conf"
CONFIG = "config"
OTHER_SWEEPER = "hydra/sweeper cannot be chosen: sweep.search says how, as grid, random or tpe"


class Script(Generic[Schema]):
    """What Hydra calls with what it composed: a script's function, for one job without a sweep.

    Parameters
    ----------
    project
        What the lab is told of the project.
    name
        The script.
    function
        What it does.
    root
        The project's folder, in which every job works.

    Attributes
    ----------
    status
        The exit status that the script is to end with.
    has_begun
        Whether Hydra has composed, and called the function or the sweeper.
    """

    def __init__(
        self, project: Project[Schema], name: str, function: StageFunction[Schema], root: Path
    ) -> None:
        self.project, self.name, self.function, self.root = project, name, function, root
        self.status = 0
        self.has_begun = False
        self.mistake: UserError | None = None
        # Hydra names the job by the file of the function that it finds behind this
        functools.update_wrapper(self, function)

    def __call__(self, composed: DictConfig) -> None:
        """Run the function; Hydra would add lines of its own to a mistake that is raised."""
        self.has_begun = True
        log_to_terminal()
        try:
            if HydraConfig.get().mode is RunMode.MULTIRUN:
                raise UserError(OTHER_SWEEPER)
            stage = self.stage(composed)
            run_function(stage, self.function)
            stage.say(f"{self.name}: results are in {os.path.relpath(stage.results)}")
        except UserError as error:
            self.mistake = error

    def stage(self, composed: DictConfig, shared: Collection[str] = ()) -> Stage[Schema]:
        """The execution that Hydra asks for.

        Raises
        ------
        UserError
            If what it composed does not fit the schema.
        """
        os.chdir(self.root)  # whatever hydra.job.chdir says: paths are relative to the project
        settings = HydraConfig.get()
        return Stage(
            self.project,
            self.name,
            Path(settings.runtime.output_dir),
            by_hand=True,
            configuration=validated(composed, self.project.schema),
            overrides=list(settings.overrides.task),
            shared=shared,
        )


def run_by_hand(
    project: Project[Schema], name: str, function: StageFunction[Schema], root: Path | None = None
) -> None:
    """Run a script as the command line says: one job, a sweep, or one of Hydra's flags.

    Parameters
    ----------
    project, name, function
        As for `Script`.
    root
        The project's folder; None: the one above the folder of the file that defines the function.

    Raises
    ------
    UserError
        If the configuration is wrong, or a single job is stopped by a mistake.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come through to us
    if root is None:
        root = Path(inspect.getfile(function)).resolve().parent.parent
    _read_command_line(root / CONF)
    os.chdir(root)
    prefer_own_launchers()
    script = Script(project, name, function, root)
    application = hydra.main(
        config_path=str(root / CONF), config_name=CONFIG, version_base=VERSION_BASE
    )(script)
    try:
        with watched():
            application()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error, project.schema)) from None
    except (ValueError, RuntimeError, *NO_YAML) as error:  # so Hydra refuses some of what is asked
        if script.has_begun:
            raise
        raise UserError(explain(error, project.schema)) from None
    except OSError as error:
        if script.has_begun or isinstance(error, BrokenPipeError):
            raise
        folder = error.filename or "the folder of results"
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
    if script.mistake:
        raise script.mistake
    if script.status:
        sys.exit(script.status)


def _read_command_line(conf: Path) -> None:
    """See that Hydra can read what was typed; where it takes another spelling, begin with that.

    Raises
    ------
    UserError
        For a flag or an override that cannot be read.
    """
    if "--version" in sys.argv:  # ends the process where it is read
        return
    parser = get_args_parser()
    parser.error = _refuse_flag  # type: ignore[method-assign]
    given = parser.parse_args().overrides
    written = read_words(given, conf)
    if written != given:
        spelt = dict(zip(given, written, strict=True))
        words = [spelt.get(word, word) for word in sys.orig_argv[1:]]
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 (no shell)


def _refuse_flag(message: str) -> NoReturn:
    _, between, rest = message.partition("unrecognized arguments: ")
    if between and not rest.startswith("-"):
        raise UserError(f"{rest}: flags such as -m go before all overrides, not between them")
    raise UserError(f"{message}; a value is set by key=value, and --hydra-help lists the flags")
