"""What Hydra composes for each job of a sweep: once for each choice of groups.

Hydra takes 70 ms, and most jobs differ in plain values alone. These are put into a copy of what was
composed for the same groups, which takes a tenth of that. Whatever is more than a choice of groups
and plain values, Hydra composes anew.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import starmap
from pathlib import Path
from typing import cast

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

MOST_KEPT = 32  # compositions

_kept: dict[tuple[object, ...], DictConfig] = {}
_groups: dict[tuple[str, str], bool] = {}


def are_plain_values(overrides: Sequence[Override], is_group: Callable[[str], bool]) -> list[bool]:
    """Which overrides put a value in the place of another, and nothing else changes.

    Not those in front of one that goes over them: `model.bias=true model={bias: false}`.
    """

    def is_plain(place: int, override: Override) -> bool:
        key = override.key_or_group
        if override.type != OverrideType.CHANGE or override.package is not None:
            return False
        if isinstance(override.value(), dict) or key[-1].isdigit() or is_group(key):
            return False
        behind = overrides[place + 1 :]
        sections = [each.key_or_group for each in behind if isinstance(each.value(), dict)]
        is_in_one = any(key.startswith(f"{section}.") for section in sections)
        return not (is_in_one or override.is_hydra_override())

    return list(starmap(is_plain, enumerate(overrides)))


def compose_job(
    loader: ConfigLoader, sweep: DictConfig, words: Sequence[str], conf: str
) -> DictConfig:
    """What `loader.load_sweep_config` returns, which may be changed.

    Parameters
    ----------
    loader
        Hydra's.
    sweep
        What was composed for the whole sweep.
    words
        The job's overrides.
    conf
        Tells what the configuration files hold from what they held before.
    """
    overrides = OverridesParser.create(loader).parse_overrides(list(words))

    def is_group(key: str) -> bool:
        known = (conf, key)
        if known not in _groups:
            _groups[known] = bool(loader.get_group_options(key))
        return _groups[known]

    are_values = are_plain_values(overrides, is_group)
    values = [each for each, is_value in zip(overrides, are_values, strict=True) if is_value]
    others = [each for each, is_value in zip(overrides, are_values, strict=True) if not is_value]
    if not all(is_group(each.key_or_group) for each in others):
        return loader.load_sweep_config(sweep, list(words))
    composed = deepcopy(_composed(loader, sweep, [str(each.input_line) for each in others], conf))
    for override in values:
        key = override.key_or_group
        parent = OmegaConf.select(composed, key.rpartition(".")[0]) if "." in key else composed
        if not isinstance(parent, DictConfig) or key.rpartition(".")[2] not in parent:
            return loader.load_sweep_config(sweep, list(words))  # which says what is wrong
        OmegaConf.update(composed, key, override.value(), merge=True)
    job = composed.hydra.job
    own = [each for each in overrides if not each.is_hydra_override()]
    composed.hydra.overrides.task = [each.input_line for each in own]
    job.override_dirname = get_overrides_dirname(own, **job.config.override_dirname)
    OmegaConf.copy_cache(from_config=sweep, to_config=composed)
    return composed


def _composed(loader: ConfigLoader, sweep: DictConfig, words: list[str], conf: str) -> DictConfig:
    """What Hydra composes for these overrides; not to be changed."""
    hydras = cast(list[str], OmegaConf.to_container(sweep.hydra.overrides.hydra))
    key = (conf, Path.cwd(), sweep.hydra.job.config_name, *hydras, None, *words)
    if key not in _kept:
        composed = loader.load_sweep_config(sweep, words)
        while len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = composed
    return _kept[key]
