"""Plans sweeps as Hydra has them planned, without running them."""

from collections.abc import Sequence
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from neonym import experiment
from neonym.base.errors import UserError
from neonym.lab.composing.by_hand import CONFIG, Script
from neonym.lab.composing.composition import VERSION_BASE, prefer_own_launchers
from neonym.lab.composing.refusals import explain
from neonym.lab.composing.words import read_words
from neonym.lab.sweeps.planning import Composer, Plan, plan_sweep

PROJECT = Path(__file__).resolve().parents[2]


def loader() -> ConfigLoader:
    """What Hydra composes `conf/` with."""
    prefer_own_launchers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(PROJECT / "conf"), version_base=VERSION_BASE):
        return GlobalHydra.instance().config_loader()


def composer() -> Composer:
    """What makes the configurations of jobs."""
    return Composer(loader(), CONFIG, experiment.Configuration)


def plan(script: str, arguments: Sequence[str]) -> Plan:
    """The plan of a sweep that is asked for on the command line."""
    own, words = loader(), read_words(arguments, PROJECT / "conf")
    try:
        config = own.load_configuration(CONFIG, words, RunMode.MULTIRUN)
    except HydraException as error:
        raise UserError(explain(error, experiment.Configuration)) from None
    asked = OmegaConf.to_container(config.hydra.overrides.task)
    assert isinstance(asked, list)
    return plan_sweep(
        Script(experiment.PROJECT, script, lambda _: None, PROJECT),
        own,
        config,
        list(map(str, asked)),
    )
