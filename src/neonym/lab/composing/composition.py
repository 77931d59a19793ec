"""Compose `conf/` with Hydra, and say what is wrong with it in one line."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from neonym.base.errors import UserError
from neonym.base.nested import flatten, value_at
from neonym.lab.composing.conf_files import read_conf_file
from neonym.lab.composing.lacking import held_against
from neonym.lab.composing.refusals import REFUSED, explain
from neonym.lab.composing.words import read_words
from neonym.lab.configuration import Configuration, Schema
from neonym.lab.overrides import key_of

VERSION_BASE = "1.3"
NAMED = re.compile(r"\$\{([A-Za-z_]\w*(?:\.\w+)*)\}")
REFERENCE = re.compile(r"\$\{[\w.\[\]]+\}")  # to another key
HYDRAS_REFERENCE = re.compile(r"\$\{([\w.\[\]]+|now:[^{}$]*|hydra:[\w.]+)\}")  # or to the time


def compose_text(conf: Path, schema: type[Configuration], overrides: Sequence[str] = ()) -> str:
    """`conf/config.yaml` composed with overrides and resolved, as YAML text.

    The text is what DVC writes to `params.yaml` for the same overrides, byte for byte.

    Parameters
    ----------
    conf
        The folder, absolute.
    schema
        What the composition must fit.
    overrides
        As on Hydra's command line.

    Raises
    ------
    UserError
        If `conf/` or an override is wrong.
    """
    words = read_words(overrides, conf)
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base=VERSION_BASE):
            composed = compose(config_name="config", overrides=words)
        _refuse_references(OmegaConf.to_container(composed))
        OmegaConf.resolve(composed)
    except REFUSED as error:
        raise UserError(explain(error, schema)) from None
    validated(composed, schema)
    return OmegaConf.to_yaml(composed)


def prefer_own_launchers() -> None:
    """See that `conf/hydra/launcher` counts where Hydra's own joblib plugin is installed too."""
    Plugins.instance()  # finds and registers what is installed
    ConfigStore.instance().repo["hydra"]["launcher"].pop("joblib.yaml", None)


def refuse_sweep(composed: DictConfig) -> None:
    """See that a single job is what is asked for, as where each key of a preset has one value.

    Raises
    ------
    UserError
        Where it is a sweep, and -m was forgotten.
    """
    search = OmegaConf.select(composed, "sweep.search")
    asked = f"sweep.search={search}" if search not in ("grid", None) else ""
    if params := composed.hydra.sweeper.get("params"):
        said = {key_of(word) for word in composed.hydra.overrides.task}
        several = not said.issuperset(params)
        asked = f"sweep={composed.hydra.runtime.choices.get('sweep')}" if several else ""
    if asked:
        raise UserError(f"{asked} is for many jobs, and -m is missing: add it")


def validated(composed: DictConfig, schema: type[Schema], source: str = "conf") -> Schema:
    """The configuration that Hydra composed, held against the schema.

    Raises
    ------
    UserError
        For the first key that is unknown, of a wrong type or out of range.
    """
    try:
        _refuse_references(OmegaConf.to_container(composed))
        values = OmegaConf.to_container(composed, resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(explain(error, schema)) from None
    refuse_resolvers(values)  # which two keys could put together
    if not isinstance(values, dict):
        raise UserError(f"{source} holds no configuration")
    return held_against({str(key): value for key, value in values.items()}, schema, source)


def refuse_resolvers(values: object, key: str = "", allowed: re.Pattern[str] = REFERENCE) -> None:
    """Refuse `${oc.env:HOME}` and its like: what is tracked is written down, not looked up.

    Raises
    ------
    UserError
        For a value that refers to anything but other keys.
    """
    if isinstance(values, dict):
        for name, value in values.items():
            refuse_resolvers(value, f"{key}.{name}" if key else str(name), allowed)
    elif isinstance(values, list):
        for value in values:
            refuse_resolvers(value, key, allowed)
    elif isinstance(values, str) and "${" in allowed.sub("", values):
        raise UserError(
            f"{key} = {values}: the configuration may refer to its own keys, as in ${{seed}}, and "
            "reads nothing else, or secrets could be tracked; write the value itself"
        )


def refuse_hydras_resolvers(values: Mapping[str, Any]) -> None:
    """The same for `hydra.*`, which names folders and is printed; the time may be asked for.

    Raises
    ------
    UserError
        As `refuse_resolvers`.
    """
    own = {name: value for name, value in values.items() if name not in ("overrides", "runtime")}
    own["job"] = {**own["job"], "override_dirname": ""}  # the overrides once more
    refuse_resolvers(own, "hydra", HYDRAS_REFERENCE)


def _refuse_references(values: Any) -> None:
    """Refuse resolvers, and references to what is not there.

    Raises
    ------
    UserError
        For the first of them.
    """
    refuse_resolvers(values)
    for key, value in flatten(values if isinstance(values, dict) else {}).items():
        for name in NAMED.findall(value) if isinstance(value, str) else ():
            section, _, last = name.rpartition(".")
            place = value_at(values, section) if section else values
            if name == key or not isinstance(place, dict) or last not in place:
                said = "which is this key itself" if name == key else "and there is no such key"
                raise UserError(
                    f"{key} = {value}: ${{{name}}} refers to a key of the configuration, {said}; "
                    "write the value itself"
                )


def refuse_resolvers_in_files(conf: Path) -> None:
    """Refuse them in all of `conf/`, also where DVC has resolved them before it asks us.

    Raises
    ------
    UserError
        If a file is no YAML, and as `refuse_resolvers`; not for what Hydra keeps to itself.
    """
    for path in sorted(conf.rglob("*.yaml")):
        if path.relative_to(conf).parts[0] != "hydra":
            values = read_conf_file(path)
            refuse_resolvers({key: value for key, value in values.items() if key != "hydra"})
