"""Whether a command of a guide is one: its program, options, keys and files exist."""

import re
from collections.abc import Sequence
from importlib.util import find_spec

import click
from dvc.cli.parser import get_main_parser
from guides import PROJECT
from planned import composer

from neonym.cli import cli
from neonym.lab.composing.words import read_words
from neonym.lab.sweeps.axes import axis_of

OTHERS = {
    *("cat", "cp", "createdb", "createuser", "curl", "echo", "export", "git", "jupyter"),
    *("mlflow", "pip", "pre-commit", "source"),
}
"""Programs that are not ours: what they are told is theirs."""
CONFIGURATIONS = composer()
MADE = re.compile(r"[A-Z]{3,}|…")
"""What a reader puts something else in the place of."""


def read(words: list[str]) -> None:
    """Raise an AssertionError, or what the program raises, if a command cannot be meant."""
    program, *told = words
    program = program.removeprefix(".venv/bin/")
    match program:
        case "neonym":
            _read_neonym(told)
        case "python" if told[0] == "-m":
            assert find_spec(told[1]), f"there is no module {told[1]}"
        case "python" if told[0].startswith("pipelines/"):
            _read_script(told[0], told[1:])
        case "python":
            assert MADE.search(told[0]) or (PROJECT / told[0]).is_file(), f"no {told[0]}"
        case "dvc":
            _read_dvc(told)
        case "make":
            targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
            assert {word for word in told if "=" not in word} <= {*targets}, told
        case "pytest":
            named = [word for word in told if "/" in word]
            assert all((PROJECT / word).exists() for word in named), named
        case _:
            assert program in OTHERS, f"{program} is no program that the tests know"


def read_loosely(words: list[str]) -> None:
    """The same for what is mentioned, where arguments may be left out."""
    if words[0] == "neonym" and words[1:] and not MADE.fullmatch(words[1]):
        _read_neonym(words[1:], complete=False)
    elif words[0] == "make":
        read(words)


def _read_neonym(told: list[str], *, complete: bool = True) -> None:
    context = click.Context(cli, info_name="neonym")
    if told[0].startswith("-"):
        cli.make_parser(context).parse_args(list(told))
        return
    command = cli.get_command(context, told[0])
    assert command is not None
    context = click.Context(command, info_name=told[0], parent=context)
    values, left, _ = command.make_parser(context).parse_args(told[1:])
    assert left == [], f"neonym {told[0]} takes no {left}"
    for parameter in command.params if complete else ():
        assert parameter.name is not None
        given = values.get(parameter.name) not in (None, ())
        assert given or not parameter.required, f"neonym {told[0]} needs {parameter.name}"


def _read_script(script: str, told: list[str]) -> None:
    assert (PROJECT / script).is_file(), f"there is no {script}"
    _compose([word for word in told if word != "-m"], swept="-m" in told)


def _read_dvc(told: list[str]) -> None:
    options = get_main_parser().parse_args(told)
    _compose(getattr(options, "set_param", None) or (), swept=getattr(options, "queue", False))


def _compose(words: Sequence[str], *, swept: bool) -> None:
    """Hold the first job against the schema: that each value is one the sweep itself sees to."""
    axes = [axis_of(CONFIGURATIONS.parse(word)) for word in read_words(words, PROJECT / "conf")]
    several = [axis.name for axis in axes if axis.swept]
    assert swept or not several, f"{several} have several values"
    CONFIGURATIONS.configuration([axis.first for axis in axes])
