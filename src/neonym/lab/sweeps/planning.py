"""What a sweep will run: read from the command line and its preset, and checked before it starts.

Hydra composes once for each choice of groups (`model=gru`, 70 ms); plain values are put into what
it composed, so every job of a large grid can be held against the schema.
"""

import itertools
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from neonym.base.errors import UserError
from neonym.evaluation.catalogue import FIGURES
from neonym.lab.composing.composition import CONF, VERSION_BASE, explain, validated
from neonym.lab.sweeps.axes import Axis, axis_of, distribution_of
from neonym.lab.sweeps.launcher_options import read_options
from neonym.settings import READS_TEST, Configuration, sha256_of

SWEEPER = "hydra_plugins.planned_sweeper.PlannedSweeper"
OF_THE_WHOLE = ("hydra", "sweep", "tracking")


class Composer:
    """Makes the configurations of many jobs."""

    def __init__(self) -> None:
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(CONF), version_base=VERSION_BASE):
            self._loader = GlobalHydra.instance().config_loader()
        self._composed: dict[tuple[str, ...], DictConfig] = {}
        self._parsed: dict[str, Override] = {}

    def parse(self, word: str) -> Override:
        """An override as Hydra reads it.

        Raises
        ------
        UserError
            If it is not written as Hydra wants it.
        """
        if word not in self._parsed:
            try:
                parser = OverridesParser.create(self._loader)
                [self._parsed[word]] = parser.parse_overrides([word])
            except HydraException as error:
                raise UserError(explain(error)) from None
        return self._parsed[word]

    def compose(self, words: Sequence[str]) -> DictConfig:
        """What Hydra composes for these overrides, unresolved and with its own part.

        Raises
        ------
        UserError
            If `conf/` or an override is wrong.
        """
        try:
            return self._loader.load_configuration("config", list(words), RunMode.RUN)
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(explain(error)) from None

    def configuration(self, words: Sequence[str]) -> Configuration:
        """The configuration of a job.

        Raises
        ------
        UserError
            If an override is unknown, or a value does not pass the schema.
        """
        values = [word for word in words if self._is_plain_value(word)]
        groups = tuple(word for word in words if word not in values)
        if groups not in self._composed:
            composed = self.compose(groups)
            with open_dict(composed):
                del composed["hydra"]
            self._composed[groups] = composed
        composed = self._composed[groups]
        changes = {word: self.parse(word).value() for word in values}
        if any(isinstance(value, dict) for value in changes.values()):
            composed = deepcopy(composed)  # what is merged would stay; all else is set for each job
        for word, value in changes.items():
            try:
                OmegaConf.update(composed, self.parse(word).key_or_group, value, merge=True)
            except OmegaConfBaseException:
                raise UserError(f"{word}: there is no such key") from None
        return validated(composed)

    def _is_plain_value(self, word: str) -> bool:
        override = self.parse(word)
        is_group = (CONF / override.key_or_group).is_dir()
        changes = override.type == OverrideType.CHANGE and override.package is None
        return changes and not is_group and not override.is_hydra_override()


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    axes: list[Axis]
    """Every override, those with one value too, in the order of the command line."""
    first: Configuration
    """The configuration of the first job."""
    workers: int
    """How many jobs the launcher runs at a time."""
    composer: Composer

    @property
    def shared(self) -> frozenset[str]:
        """The overrides that all jobs have."""
        return frozenset(axis.first for axis in self.axes if not axis.swept)

    @cached_property
    def jobs(self) -> list[tuple[str, ...]]:
        """The overrides of each job of a grid."""
        return list(itertools.product(*(axis.words for axis in self.axes)))


def plan_sweep(script: str, arguments: Sequence[str]) -> Plan:
    """Find out what a sweep is to run, and every mistake in it that can be found by now.

    Parameters
    ----------
    script
        The name of the script whose jobs are swept.
    arguments
        Overrides of the command line, none of Hydra's flags.

    Raises
    ------
    UserError
        For the first mistake.
    """
    composer = Composer()
    given = [axis_of(composer.parse(word)) for word in arguments]
    main = composer.compose([axis.first for axis in given])
    params = (main.hydra.sweeper.get("params") or {}).items()
    preset = [axis_of(composer.parse(f"{key}={value}")) for key, value in params]
    # a key on the command line takes the place of the preset's
    named = {axis.key: axis for axis in [*preset, *given]}
    _check_hydra(main, list(named.values()))
    axes = [axis for axis in named.values() if not axis.of_hydra]
    first = composer.configuration([axis.first for axis in axes])
    plan = Plan(axes, first, read_options(main.hydra.launcher).at_once, composer)
    _check_settings(script, first)
    if first.sweep.search == "grid":
        _check_grid(plan)
    else:
        _check_space(plan)
    return plan


def _check_hydra(main: DictConfig, axes: Sequence[Axis]) -> None:
    for axis in axes:
        if axis.swept and re.split(r"[./]", axis.key)[0] in OF_THE_WHOLE:
            raise UserError(f"{axis.key} holds for the whole sweep and cannot be swept")
        if axis.key == "hydra.sweep.subdir":
            raise UserError(f"{axis.key} cannot be set: a job's folder is called by its number")
    if main.hydra.sweeper.get("_target_") != SWEEPER:
        raise UserError(
            "hydra/sweeper cannot be chosen: sweep.search says how, as grid, random or tpe"
        )
    target = str(main.hydra.launcher.get("_target_"))
    explain_missing = getattr(
        Plugins.instance().class_name_to_class.get(target), "explain_missing", None
    )
    if explain_missing is None:
        raise UserError(f"hydra/launcher: {target} is not ours: take in_process, joblib or slurm")
    if reason := explain_missing():
        raise UserError(f"hydra/launcher: {reason}")


def _check_settings(script: str, first: Configuration) -> None:
    settings = first.sweep
    if settings.id is not None or settings.job is not None:
        raise UserError("sweep.id and sweep.job are set by the sweep itself; leave them out")
    metric = settings.optimized_metric
    if metric not in FIGURES:
        known = ", ".join(name for name in FIGURES if not READS_TEST.search(name))
        raise UserError(
            f"sweep.optimized_metric = {metric}: there is no such figure; known: {known}"
        )
    if script == "train" and metric != "val.nll":
        raise UserError(
            f"sweep.optimized_metric = {metric}: train knows val.nll alone; take pipelines/sweep.py"
        )


def _check_space(plan: Plan) -> None:
    """Hold the values of each key against the schema, beside the first of the others."""
    swept = [axis for axis in plan.axes if axis.swept]
    if not swept:
        raise UserError("there is nothing to search: no key has several values")
    for axis in swept:
        distribution_of(axis)
        others = [each.first for each in plan.axes if each is not axis]
        for word in axis.words or axis.probes:
            plan.composer.configuration([*others, word])


def _check_grid(plan: Plan) -> None:
    for axis in plan.axes:
        if not axis.words:
            raise UserError(f"{axis.key}: a grid needs values one by one; take sweep.search=tpe")
    known: dict[str, str] = {}
    for words in plan.jobs:
        configuration = plan.composer.configuration(words)
        run = sha256_of(configuration.model_dump(mode="json", exclude=set(OF_THE_WHOLE)))
        if run in known:
            raise UserError(f"{known[run]} and {' '.join(words)} are the same job; ask for it once")
        known[run] = " ".join(words)
