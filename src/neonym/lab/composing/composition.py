"""Compose `conf/` with Hydra, and say what is wrong with it in one line."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from neonym.base.errors import UserError
from neonym.lab.configuration import Configuration, Schema

VERSION_BASE = "1.3"
NULL_GROUP = "Config group override must be a string or a list"
UNQUOTED = "Hydra reads only plain letters without quotes; write 'key=\"value\"'"

# What Hydra adds for its developers, not for the person who mistyped
NOISE = (
    "Set the env",
    "Config search path",
    "provider=",
    "full_key:",
    "object_type=",
    "See https:",
)
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
    refuse_nameless(overrides)
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base=VERSION_BASE):
            composed = compose(config_name="config", overrides=list(overrides))
        refuse_resolvers(OmegaConf.to_container(composed))
        OmegaConf.resolve(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from None
    validated(composed, schema)
    return OmegaConf.to_yaml(composed)


def refuse_nameless(words: Sequence[str]) -> None:
    """See that every override has a key, for which Hydra has no words of its own.

    Raises
    ------
    UserError
        For the first that has none.
    """
    for word in words:
        if word.lstrip("+~").startswith("="):
            raise UserError(f"{word} has no key before the =; write key=value")


def prefer_own_launchers() -> None:
    """See that `conf/hydra/launcher` counts where Hydra's own joblib plugin is installed too."""
    Plugins.instance()  # finds and registers what is installed
    ConfigStore.instance().repo["hydra"]["launcher"].pop("joblib.yaml", None)


def validated(composed: DictConfig, schema: type[Schema], source: str = "conf") -> Schema:
    """The configuration that Hydra composed, held against the schema.

    Raises
    ------
    UserError
        For the first key that is unknown, of a wrong type or out of range.
    """
    try:
        refuse_resolvers(OmegaConf.to_container(composed))
        values = OmegaConf.to_container(composed, resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(explain(error)) from None
    refuse_resolvers(values)  # which two keys could put together
    if not isinstance(values, dict):
        raise UserError(f"{source} holds no configuration")
    return schema.validated({str(key): value for key, value in values.items()}, source)


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


def refuse_resolvers_in_files(conf: Path) -> None:
    """Refuse them in all of `conf/`, also where DVC has resolved them before it asks us.

    Raises
    ------
    UserError
        As `refuse_resolvers`; not for what Hydra keeps to itself.
    """
    for path in sorted(conf.rglob("*.yaml")):
        if path.relative_to(conf).parts[0] != "hydra":
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            if isinstance(values, dict):
                values.pop("hydra", None)
            refuse_resolvers(values)


def explain(error: Exception) -> str:
    """A Hydra or OmegaConf exception in one line, with its cause where it has one."""
    lines = [*str(error).splitlines(), *str(error.__cause__ or "").splitlines()]
    parts = (" ".join(line.split()).rstrip(".") for line in lines)
    said = dict.fromkeys(part for part in parts if part and not part.startswith(NOISE))
    text = "; ".join(said).replace(":; ", ": ")
    if text.startswith(NULL_GROUP):
        return "no group can be null; leave it out, as in ~experiment"
    unquoted = text.startswith("LexerNoViableAltException: ")
    return f"{text.split('; ')[0].split(': ', 1)[1]}: {UNQUOTED}" if unquoted else text
