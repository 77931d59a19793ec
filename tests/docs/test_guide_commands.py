"""Every command of every guide is one that can be typed, and is run or said why not."""

import re
from pathlib import Path

import pytest
from classified import NOT_RUN, is_run, why_not_run
from guides import FENCE, FOLLOWED, GUIDES, PROJECT, blocks, commands, parts, spoken

LANGUAGES = {"bash", "console", "diff", "json", "nginx", "python", "text", "yaml"}
TYPED = re.compile(r"(\$ )?(neonym|make|dvc|python|git|pip|mlflow)( +[\w./=:@-]+)+( +#.*)?")


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def test_every_block_says_what_it_holds_and_none_hides_a_command() -> None:
    for place, language, lines in blocks():
        allowed = LANGUAGES | {"sh"} if place.partition(":")[0] in FOLLOWED else LANGUAGES
        assert language in allowed or language.startswith("{"), f"{place}: {language or 'none'}"
        if language == "text":
            assert [line for line in lines if TYPED.fullmatch(line)] == [], place


def test_fences_are_closed() -> None:
    for path in GUIDES:
        assert "```" not in FENCE.sub("", path.read_text()).replace("`` ` ``", ""), path


def test_every_command_is_run_or_said_why_not() -> None:
    assert len(commands()) > 70
    unknown = [
        found for found in commands() if not is_run(found.text) and not why_not_run(found.text)
    ]
    assert unknown == []


def test_what_is_said_to_run_them_is_there() -> None:
    named = re.findall(
        r"tests/[\w/]+(?:\.py)?|\.ci/run", " ".join([*NOT_RUN.values(), *FOLLOWED.values()])
    )
    assert named
    assert [path for path in named if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize("guide", [name_of(path) for path in GUIDES])
def test_programs_options_keys_and_files_of_every_command_exist(guide: str) -> None:
    from commands_read import read, read_loosely  # imports DVC

    wrong = []
    for reading, found in [(read, commands()), (read_loosely, spoken())]:
        for place, text in found:
            if place.partition(":")[0] == guide:
                for words in parts(text):
                    try:
                        reading(words)
                    except (AssertionError, Exception) as error:
                        wrong.append(f"{place}: {text}: {error}")
    assert wrong == []


@pytest.mark.parametrize(
    "command",
    [
        "neonym sample --colour blue",
        "neonym export model.npz",
        "neonym smaple",
        "neonym runs what",
        "make tests",
        "python pipelines/train.py model.hidden=8",
        "python pipelines/train.py optimizer=sgdd",
        "python pipelines/train.py seed=1,2",
        "python pipelines/tran.py",
        "python pipelines/sweep.py -m seed=1 train.epochs=none",
        "python -m benchmarks.nothing",
        "dvc exp run -S train.epoch=3",
        "dvc exp rerun",
        "pytest tests/nothing.py",
        "launch everything",
    ],
)
def test_a_command_that_is_none_is_found(command: str) -> None:
    from commands_read import read

    with pytest.raises(Exception):  # noqa: B017 (each program raises its own)
        read(command.split())
