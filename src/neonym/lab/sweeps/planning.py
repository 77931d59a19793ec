"""What a sweep will run: read from the command line and its preset, and checked before it starts.

Hydra composes once for each choice of groups (`model=gru`, 70 ms); plain values are put into what
it composed, so every job of a large grid can be held against the schema.
"""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from neonym.base.errors import UserError
from neonym.base.nested import sha256_of, value_at
from neonym.lab.composing.by_hand import CONF, Script
from neonym.lab.composing.composition import validated
from neonym.lab.composing.lacking import held_against
from neonym.lab.composing.refusals import REFUSED, explain, explain_unknown
from neonym.lab.composing.words import parse_word, read_words
from neonym.lab.configuration import Configuration
from neonym.lab.sweeps.axes import Axis, axis_of, distribution_of
from neonym.lab.sweeps.composing_jobs import are_plain_values
from neonym.lab.sweeps.launcher_options import read_options

SUBDIR = "${hydra.job.num}"
OF_THE_WHOLE = ("hydra", "sweep", "tracking")


class Composer:
    """Makes the configurations of many jobs.

    Parameters
    ----------
    loader
        Hydra's, with all folders that it composes from.
    config_name
        The file to begin with.
    schema
        What they must fit.
    told_by
        The sections by which `kinds` are told apart.

    Attributes
    ----------
    kinds
        Of all that were made, the first of each kind.
    """

    def __init__(
        self,
        loader: ConfigLoader,
        config_name: str,
        schema: type[Configuration],
        told_by: Collection[str] = (),
    ) -> None:
        self._loader, self._config_name, self._schema = loader, config_name, schema
        self._told_by = set(told_by)
        self.kinds: dict[str, Configuration] = {}
        self._composed: dict[tuple[str, ...], dict[str, Any]] = {}
        self._parsed: dict[str, Override] = {}

    def parse(self, word: str) -> Override:
        """An override as Hydra reads it.

        Raises
        ------
        UserError
            If it is not written as Hydra wants it.
        """
        if word not in self._parsed:
            self._parsed[word] = parse_word(word, self._loader)
        return self._parsed[word]

    def configuration(self, words: Sequence[str]) -> Configuration:
        """The configuration of a job.

        Raises
        ------
        UserError
            If an override is unknown, or a value does not pass the schema.
        """
        are_values = are_plain_values([self.parse(word) for word in words], self._is_group)
        values = list(itertools.compress(words, are_values))
        others = tuple(word for word in words if word not in values)
        if others not in self._composed:
            self._composed[others] = self._compose(others)
        composed = deepcopy(self._composed[others])
        for word in values:
            override = self.parse(word)
            *path, last = override.key_or_group.split(".")
            place = value_at(composed, ".".join(path)) if path else composed
            if not isinstance(place, dict) or last not in place:
                raise UserError(explain_unknown(override.key_or_group, self._schema))
            place[last] = override.value()
        if "${" in str(composed):  # references to other keys, which OmegaConf follows
            made = validated(OmegaConf.create(composed), self._schema)
        else:
            made = held_against(composed, self._schema, "conf")
        self.kinds.setdefault(made.model_dump_json(include=self._told_by), made)
        return made

    def _compose(self, words: Sequence[str]) -> dict[str, Any]:
        """What Hydra composes for these overrides, as plain values that are not resolved."""
        try:
            composed = self._loader.load_configuration(self._config_name, list(words), RunMode.RUN)
        except (*REFUSED, ValueError) as error:
            raise UserError(explain(error, self._schema)) from None
        with open_dict(composed):
            del composed["hydra"]
        return cast(dict[str, Any], OmegaConf.to_container(composed))

    @cache  # noqa: B019 (lives as long as the sweep is planned)
    def _is_group(self, key: str) -> bool:
        return self._loader.get_group_options(key) != []


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
        """The overrides of each job of a grid; what goes together stands together."""
        paired = [axis for axis in self.axes if axis.name in (self.first.sweep.together or ())]
        bundles = [
            paired if axis in paired else [axis] for axis in self.axes if axis not in paired[1:]
        ]
        values = (list(zip(*(axis.words for axis in each), strict=True)) for each in bundles)
        return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*values)]


def plan_sweep(
    script: Script[Any], loader: ConfigLoader, config: DictConfig, arguments: Sequence[str]
) -> Plan:
    """Find out what a sweep is to run, and every mistake in it that can be found by now.

    Parameters
    ----------
    script
        The script whose jobs are swept.
    loader
        Hydra's.
    config
        What it composed for the whole sweep, its own part included.
    arguments
        Overrides of the command line, none of Hydra's own keys.

    Raises
    ------
    UserError
        For the first mistake.
    """
    project = script.project
    composer = Composer(loader, config.hydra.job.config_name, project.schema, project.checked)
    params = config.hydra.sweeper.get("params") or {}
    if not isinstance(params, Mapping):
        raise UserError("hydra.sweeper.params holds keys and their values: {seed: 'range(3)'}")
    asked = [*(f"{key}={value}" for key, value in params.items()), *arguments]
    words = read_words(asked, Path(CONF).resolve())
    # a key on the command line takes the place of the preset's
    named = {axis.name: axis for axis in (axis_of(composer.parse(word)) for word in words)}
    axes = list(named.values())
    _check_hydra(config, axes)
    first = composer.configuration([axis.first for axis in axes])
    plan = Plan(axes, first, read_options(config.hydra.launcher).at_once, composer)
    _check_settings(script, first)
    if first.sweep.search == "grid":
        _check_grid(plan)
    else:
        _check_space(plan)
    return plan


def _check_hydra(config: DictConfig, axes: Sequence[Axis]) -> None:
    for axis in axes:
        if axis.swept and re.split(r"[./]", axis.name)[0] in OF_THE_WHOLE:
            raise UserError(f"{axis.key} holds for the whole sweep and cannot be swept")
    if cast(dict[str, Any], OmegaConf.to_container(config.hydra.sweep))["subdir"] != SUBDIR:
        raise UserError("hydra.sweep.subdir cannot be set: a job's folder is called by its number")
    target = str(config.hydra.launcher.get("_target_"))
    explain_missing = getattr(
        Plugins.instance().class_name_to_class.get(target), "explain_missing", None
    )
    if explain_missing is None:
        chosen = config.hydra.runtime.choices.get("hydra/launcher", target)
        raise UserError(f"hydra/launcher: {chosen} is not ours: take in_process, joblib or slurm")
    if reason := explain_missing():
        raise UserError(f"hydra/launcher: {reason}")


def _check_settings(script: Script[Any], first: Configuration) -> None:
    if first.sweep.id is not None or first.sweep.job is not None:
        raise UserError("sweep.id and sweep.job are set by the sweep itself; leave them out")
    script.project.check_metric(script.name, first.sweep)


def _check_space(plan: Plan) -> None:
    """Hold the values of each key against the schema, beside the first of the others."""
    swept = [axis for axis in plan.axes if axis.swept]
    if not swept:
        raise UserError("there is nothing to search: no key has several values")
    for axis in swept:
        distribution_of(axis, plan.first.seeds)
        others = [each.first for each in plan.axes if each is not axis]
        for word in axis.words or axis.probes:
            plan.composer.configuration([*others, word])


def _check_together(plan: Plan) -> None:
    counts = {axis.name: len(axis.words) for axis in plan.axes if axis.swept}
    together = plan.first.sweep.together or []
    for name in together:
        if name not in counts:
            raise UserError(f"sweep.together: {name} has not several values; give it some")
        if counts[name] != counts[together[0]]:
            raise UserError(
                f"sweep.together: {together[0]} has {counts[together[0]]} values and {name} "
                f"{counts[name]}; they need as many each"
            )


def _check_grid(plan: Plan) -> None:
    for axis in plan.axes:
        if not axis.words:
            raise UserError(f"{axis.key}: a grid needs values one by one; take sweep.search=tpe")
    _check_together(plan)
    known: dict[str, str] = {}
    for words in plan.jobs:
        configuration = plan.composer.configuration(words)
        run = sha256_of(configuration.model_dump(mode="json", exclude=set(OF_THE_WHOLE)))
        if run in known:
            raise UserError(f"{known[run]} and {' '.join(words)} are the same job; ask for it once")
        known[run] = " ".join(words)
