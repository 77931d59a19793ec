"""Compose `conf/` with Hydra, and say what is wrong with it in one line."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from neonym.configuration import Configuration, validate
from neonym.errors import UserError

CONF = Path(__file__).resolve().parent.parent / "conf"
VERSION_BASE = "1.3"


def compose_text(overrides: list[str] | None = None) -> str:
    """`conf/config.yaml` composed with overrides and resolved, as YAML text.

    The text is what DVC writes to `params.yaml` for the same overrides, byte for byte.

    Raises
    ------
    UserError
        If `conf/` or an override is wrong.
    """
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base=VERSION_BASE):
            composed = compose(config_name="config", overrides=overrides or [])
        OmegaConf.resolve(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from None
    validated(composed)
    return OmegaConf.to_yaml(composed)


def prefer_own_launchers() -> None:
    """See that `conf/hydra/launcher` counts where Hydra's own joblib plugin is installed too."""
    Plugins.instance()  # finds and registers what is installed
    ConfigStore.instance().repo["hydra"]["launcher"].pop("joblib.yaml", None)


def validated(composed: object, source: str = "conf") -> Configuration:
    """The configuration that Hydra composed, held against the schema.

    Raises
    ------
    UserError
        For the first key that is unknown, of a wrong type or out of range.
    """
    try:
        values = OmegaConf.to_container(OmegaConf.create(composed), resolve=True)  # type: ignore[call-overload]
    except OmegaConfBaseException as error:
        raise UserError(explain(error)) from None
    if not isinstance(values, dict):
        raise UserError(f"{source} holds no configuration")
    return validate({str(key): value for key, value in values.items()}, source)


def explain(error: Exception) -> str:
    """A Hydra or OmegaConf exception in one line, with its cause where it has one."""
    lines = [*str(error).splitlines(), *str(error.__cause__ or "").splitlines()]
    parts = (" ".join(line.split()).rstrip(".") for line in lines)
    said = dict.fromkeys(part for part in parts if part and not part.startswith(NOISE))
    return "; ".join(said).replace(":; ", ": ")


# What Hydra adds for its developers, not for the person who mistyped
NOISE = (
    "Set the env",
    "Config search path",
    "provider=",
    "full_key:",
    "object_type=",
    "See https:",
)
