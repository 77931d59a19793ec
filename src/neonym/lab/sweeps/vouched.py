"""What the file of a sweep may ask for on its own word: nothing that could run something else.

A sweep's folder may come from others. Keys of the schema, choices among `conf/` and the launchers'
plain options only choose what our own code does. All else that Hydra takes from a command line,
such as callbacks, loggers, further folders of configuration or shell commands for nodes, can run
anything: whoever resumes such a sweep has to vouch for it.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from neonym.base.section import Section
from neonym.lab.sweeps.launcher_options import SCHEMAS

RUN_BY_NODES = frozenset({"setup", "additional_parameters"})  # a shell's, and sbatch's own
OF_HYDRA = frozenset({"hydra.job.name", "hydra.job.chdir", "hydra.verbose"})
SWEEPER = "hydra.sweeper.params."

_KEY = re.compile(r"(?:\+\+|\+|~)?([A-Za-z_][\w./]*)")
# Of names in a folder of conf/, and of what sweeps over them: nothing that leads elsewhere
_CHOICES = re.compile(r"[\w\-, \[\]()*'\"]*")
_PLAIN = re.compile(r"[\w\-+.:, ]*")


def unvouched(words: Iterable[str], schema: type[Section], conf: Path) -> str:
    """The first word of a command line that could run what is not ours; "" if none could.

    Parameters
    ----------
    words
        Flags and overrides, from a file.
    schema
        Whose keys may be set.
    conf
        The project's folder of configuration, whose files may be chosen.
    """
    return next((word for word in words if not _is_harmless(word, schema, conf)), "")


def link_in(folder: Path) -> Path | None:
    """The first symbolic link out of a sweep's folder, by which results could go elsewhere.

    Slurm's launcher leaves links from file to file within it.
    """
    within = folder.resolve()
    for place, *names in os.walk(folder):
        for path in (Path(place, name) for kind in names for name in kind):
            if path.is_symlink() and not path.resolve().is_relative_to(within):
                return path
    return None


def _is_harmless(word: str, schema: type[Section], conf: Path) -> bool:
    key, _, value = word.partition("=")
    match = _KEY.fullmatch(key)
    if not match:
        return False
    name = match[1]
    if name.startswith(SWEEPER):
        return _is_harmless(f"{name.removeprefix(SWEEPER)}={value}", schema, conf)
    if name == "hydra/launcher":
        return bool(_CHOICES.fullmatch(value))
    if re.match(r"hydra\b", name):
        return (name in OF_HYDRA or name in _launcher_options()) and bool(_PLAIN.fullmatch(value))
    if "/" not in name and (conf / name).is_dir():
        return bool(_CHOICES.fullmatch(value))
    return name.partition(".")[0] in schema.model_fields


def _launcher_options() -> set[str]:
    fields = {field for options in SCHEMAS.values() for field in options.model_fields}
    return {f"hydra.launcher.{field}" for field in fields - RUN_BY_NODES}
