"""What no model of a list could do is told before one is trained."""

from pathlib import Path

import pytest

from neonym.base.errors import UserError
from neonym.corpus.asked import check_asked
from neonym.corpus.processed import Processed, read_processed
from neonym.experiment import PROJECT
from neonym.steps.preprocess_step import preprocess
from small_training import NAMES, configuration


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Processed:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "names.txt").write_text("\n".join(NAMES))
    preprocess(configuration(data__path=str(folder / "names.txt")).data, folder / "processed")
    return read_processed(folder / "processed")


def rules(**kinds: str) -> dict[str, object]:
    return {"data__rules": {"at_least_one_of": kinds, "max_repeat": None}}


@pytest.mark.parametrize(
    "asked",
    [
        {"sample__prefix": "TYR"},
        {"sample__prefix": "tyr", "sample__max_length": 3},
        {"evaluate__examples": ["Velociraptor"]},
        rules(vowel="aeiouyéü"),
    ],
)
def test_what_the_list_has_the_letters_of_may_be_asked(
    processed: Processed, asked: dict[str, object]
) -> None:
    check_asked(configuration(**asked), processed)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"sample__prefix": "Tyr4"}, "sample.prefix: 'tyr4': '4' (U+0034), letter 4, is not in t"),
        ({"sample__prefix": "TYR", "sample__max_length": 2}, "sample.max_length = 2: sample.pref"),
        ({"sample__prefix": "a" * 29}, "sample.max_length = 26: sample.prefix has 29 tokens alre"),
        ({"evaluate__examples": ["rex", "é4"]}, "evaluate.examples: 'é4': 'é' (U+00E9), letter 1"),
        (rules(capital="ABC"), 'data.rules.at_least_one_of.capital = "ABC": the list has none of'),
        (rules(digit="4"), "so no name could be valid; name letters that it has, or leave the ru"),
    ],
)
def test_what_no_model_of_the_list_could_do_is_told_with_its_key(
    processed: Processed, asked: dict[str, object], line: str
) -> None:
    with pytest.raises(UserError) as caught:
        check_asked(configuration(**asked), processed)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sweep_looks_at_each_list_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("\n".join(NAMES))
    for script in ("train", "sweep"):
        PROJECT.check_job(script, configuration())
        with pytest.raises(UserError, match=r"sample\.prefix: 'tyr4'"):
            PROJECT.check_job(script, configuration(sample__prefix="tyr4"))
    for script in ("preprocess", "train", "sweep"):
        with pytest.raises(UserError, match=r"absent\.txt does not exist; set data\.path"):
            PROJECT.check_job(script, configuration(data__path="absent.txt"))
    # these work on what earlier stages left
    PROJECT.check_job("evaluate", configuration(data__path="absent.txt"))
