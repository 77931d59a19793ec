"""What Hydra and OmegaConf refuse, in one line that says what is wrong and how to write it."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.conf import HydraConf
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from neonym.base.mistakes import closest, keys_of, nearest
from neonym.base.nested import flatten
from neonym.lab.composing.conf_files import CONF, NO_YAML, explain_no_yaml, read_conf_file
from neonym.lab.composing.lacking import COPIED, explain_missing_file

# What composing raises where `conf/` or an override is wrong
REFUSED = (HydraException, OmegaConfBaseException, *NO_YAML)
# What Hydra adds for its developers, not for the person who mistyped
NOISE = (
    "Set the env",
    "Config search path",
    "provider=",
    "full_key:",
    "object_type=",
    "reference_type=",
    "See https:",
)
SEVERAL = "with -m each is a job of its own"


def explain(error: Exception, schema: Any = None) -> str:
    """What composing raised in one line, with its cause where it has one.

    Parameters
    ----------
    error
        What was raised.
    schema
        What the configuration must fit, which knows its keys.
    """
    if isinstance(error, NO_YAML):
        return explain_no_yaml(error)
    lines = [*str(error).splitlines(), *str(error.__cause__ or "").splitlines()]
    parts = (" ".join(line.split()).rstrip(".") for line in lines)
    said = dict.fromkeys(part for part in parts if part and not part.startswith(NOISE))
    text = "; ".join(said).replace(":; ", ": ")
    for pattern, rephrase in _REPHRASED:
        if found := re.match(pattern, text):
            return rephrase(found, error, schema)
    return text


def _unknown_key(found: re.Match[str], error: Exception, schema: Any) -> str:
    key = str(getattr(error.__cause__, "full_key", None) or found["key"])
    if not key.startswith(found["key"]):  # Hydra's own part is a tree for itself
        key = found["key"]
    names = _known(key, schema)
    if key.rpartition(".")[0] == found["key"] and found["key"] in names:  # {key: value}
        sections = {name.rpartition(".")[0] for name in names}
        if found["key"] not in sections:  # whose keys anybody may choose
            return _to_be_added(key)
    return explain_unknown(key, schema)


def explain_unknown(key: str, schema: Any) -> str:
    """What is wrong with a key that the composition does not have."""
    *folders, last = key.split(".")
    if not folders and (choices := _choices([last])):
        return (
            f"{key}: conf/config.yaml chooses nothing of conf/{key}/; add `- {key}: null` to its "
            f"`defaults`, behind _self_, or write +{key}={choices[0].stem}"
        )
    having = [path.stem for path in _choices(folders) if last in read_conf_file(path)]
    if having and folders:
        group = "/".join(folders)
        return f"{key}: that is a key of {group}={' or '.join(having)}, which is not chosen"
    known = _known(key, schema)
    if key in known:
        return _to_be_added(key)
    return f"{key}: there is no such key{nearest(key, known)}"


def _to_be_added(key: str) -> str:
    return f"{key}: there is no such key yet; to add it write +{key}=VALUE"


def _known(key: str, schema: Any) -> list[str]:
    return list(_hydras_keys() if key.startswith("hydra.") else keys_of(schema) if schema else ())


def _hydras_keys() -> Iterator[str]:
    """The keys of Hydra's own part, and those of the launchers in `conf/`."""
    own = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.structured(HydraConf)))
    yield from (f"hydra.{key}" for key in [*own, *flatten(own)])
    for path in _choices(["hydra", "launcher"]):
        yield from (
            f"hydra.launcher.{key}" for key in read_conf_file(path) if not key.startswith("_")
        )


def _choices(folders: Sequence[str]) -> list[Path]:
    return sorted(CONF.joinpath(*folders).glob("*.yaml"))


def _no_choice(found: re.Match[str], error: Exception, schema: Any) -> str:
    group, name, choices = found["group"], found["name"], found["choices"].split("; ")
    if f"{group}/{name}" in COPIED:
        return explain_missing_file(f"{group}/{name}")
    match = closest(name, choices, 60)
    meant = f"did you mean {group}={match}?" if match else f"known are {', '.join(choices)}"
    return f"{group}={name}: there is no such choice; {meant}"


def _several(found: re.Match[str], error: Exception, schema: Any) -> str:
    word = found["word"]
    key, _, value = word.partition("=")
    number = re.fullmatch(r"-?(0,\d+|\d{1,3}(,\d{3})+)", value)
    said = f"{word} has several values: {SEVERAL}"
    if number:
        written = value.replace(",", "." if value.lstrip("-").startswith("0") else "")
        return f"{said}; a single number is written {key}={written}"
    return f"{said}; a list is written {key}=[{value}], a text '{key}=\"{value}\"'"


_Rephrase = Callable[[re.Match[str], Exception, Any], str]
_REPHRASED: tuple[tuple[str, _Rephrase], ...] = (
    (r"Could not override '(?P<key>[^'@]+)'(?!; Did)", _unknown_key),
    (
        r"Could not override '(?P<group>[^'@]+)(?P<place>@[^']*)'",
        lambda found, *_: (
            f"{found['group']}{found['place']}: nothing is chosen at that place; write "
            f"{found['group']}=NAME"
        ),
    ),
    (r"Could not delete from config\. '(?P<key>.+)' does not exist", _unknown_key),
    (
        r"In '[^']+': Could not find '(?P<group>.+?)/(?P<name>[^']*)'; "
        r"Available options in '(?P=group)': (?P<choices>.*)",
        _no_choice,
    ),
    (
        r"In '[^']+': Could not (find|load) '(?P<choice>[^']+)'$",
        lambda found, *_: explain_missing_file(found["choice"]),
    ),
    (r"Ambiguous value for argument '(?P<word>.*?)'; 1\. ", _several),
    (
        r"Sweep parameters '(?P<word>.*)' requires --multirun",
        lambda found, *_: f"{found['word']} has several values: {SEVERAL}",
    ),
    (
        r"(?P<group>\S+) appears more than once|Multiple values for (?P<again>\S+)\. |"
        r"force-add of config groups is not supported: '\+*(?P<forced>[^=]+)",
        lambda found, *_: (
            f"{(name := found['group'] or found['again'] or found['forced'])} is chosen already; "
            f"write {name}=NAME, without a +"
        ),
    ),
    (
        r"Could not append to config\. An item is already at '(?P<key>[^']+)'",
        lambda found, *_: f"{found['key']} is set already; write {found['key']}=VALUE, without a +",
    ),
    (
        r"Could not delete '(?P<group>.*)'\. No match",
        lambda found, *_: f"~{found['group']}: nothing of that name is chosen",
    ),
    (
        r"Error merging override (?P<word>.*?); Cannot merge",
        lambda found, *_: (
            f"{found['word']}: {found['word'].partition('=')[0]} holds something else: keys with "
            "values are {key: value}, a list is [a,b]"
        ),
    ),
)
