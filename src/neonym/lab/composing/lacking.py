"""What a `conf/` that was begun by hand lacks: which line or file, and where it goes."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from neonym.base.errors import UserError
from neonym.lab.composing.conf_files import CONF, read_conf_file
from neonym.lab.configuration import Schema
from neonym.lab.overrides import key_of

BEGINNING = CONF / "config.yaml"
EXAMPLE = "examples/diabetes of neonym"
HYDRAS = "basic"  # what Hydra takes for launcher and sweeper where nothing is chosen
LINES = {
    "hydra/launcher": "- hydra: default",
    "hydra/sweeper": "- override hydra/sweeper: planned",
}
"""What chooses ours, among the defaults of `config.yaml`."""
COPIED = frozenset(
    {
        "hydra/default",
        "hydra/launcher/in_process",
        "hydra/launcher/joblib",
        "hydra/launcher/slurm",
        "hydra/sweeper/planned",
        "sweep/default",
        "tracking/default",
    }
)
"""The choices that every project has, and takes from another."""


def explain_missing_file(choice: str) -> str:
    """What to do where a choice that is asked for, as `data/points`, has no file."""
    remedy = f"copy it from {EXAMPLE}" if choice in COPIED else "add it, or correct the name"
    return f"{CONF / choice}.yaml is asked for, and not there; {remedy}"


def refuse_hydras_own(composed: DictConfig) -> None:
    """See that a sweep does not get Hydra's sweeper or launcher for want of a line.

    What somebody chose instead of ours is refused elsewhere.

    Raises
    ------
    UserError
        Where a line is missing.
    """
    typed = {key_of(word) for word in composed.hydra.overrides.hydra}
    for group, line in LINES.items():
        chosen = composed.hydra.runtime.choices.get(group)
        if chosen == HYDRAS and typed.isdisjoint({group, f"{group.replace('/', '.')}._target_"}):
            raise UserError(
                f"{CONF / composed.hydra.job.config_name}.yaml lacks `{line}` among its "
                f"`defaults`, by which -m is neonym's; {EXAMPLE} shows where"
            )


def held_against(values: Mapping[str, Any], schema: type[Schema], source: str) -> Schema:
    """A composition's values, held against the schema.

    Raises
    ------
    UserError
        For the first key that is missing, unknown, of a wrong type or out of range.
    """
    for name, field in schema.model_fields.items():
        if field.is_required() and name not in values:
            raise UserError(f"{source}: {name} is missing{_remedy(name)}")
    return schema.validated(values, source)


def _remedy(section: str) -> str:
    """The line that brings a section, as the end of a sentence; "" where it was taken away."""
    begun = read_conf_file(BEGINNING) if BEGINNING.is_file() else {}
    defaults = begun.get("defaults") or ()
    if section in begun or any(isinstance(line, dict) and section in line for line in defaults):
        return ""
    choices = sorted(path.stem for path in (CONF / section).glob("*.yaml"))
    if choices or f"{section}/default" in COPIED:
        chosen = "default" if not choices or "default" in choices else choices[0]
        copied = "" if choices else f"copy conf/{section}/ from {EXAMPLE}, and "
        return f"; {copied}add `- {section}: {chosen}` to the `defaults` of {BEGINNING}"
    return f"; add it to {BEGINNING}, or as a group to its `defaults`"
