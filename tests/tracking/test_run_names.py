"""What differs from the default is in a run's name."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from neonym.base.nested import flatten, put_at
from neonym.defaults import DEFAULTS
from neonym.experiment import Configuration, run_name
from neonym.tracked.run_names import ELSEWHERE

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"
SECTIONS = set(Configuration.model_fields) - {"tracking", "sweep", "paths"}
OTHER_RULES = {"data.rules.at_least_one_of": {}, "data.rules.max_repeat": None}


def default() -> dict[str, Any]:
    loaded = yaml.safe_load(PARAMS.read_text())
    assert isinstance(loaded, dict)
    return loaded


def named(changes: dict[str, Any]) -> str:
    values = default()
    for key, value in changes.items():
        put_at(values, key, value)
    return run_name(Configuration.validated(values, "params.yaml"))


def test_the_defaults_are_those_of_conf() -> None:
    configuration = Configuration.validated(default(), "params.yaml")
    composed = flatten(configuration.section_dict(*SECTIONS))
    assert composed == DEFAULTS


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "dinosaurs lstm 192 seed 0"),
        ({"seed": 3, "model.num_layers": 2}, "dinosaurs lstm 192x2 seed 3"),
        ({"train.epochs": 3}, "dinosaurs lstm 192 seed 0 train.epochs=3"),
        (
            {"train.members": 5, "train.ngram_max_order": 8},  # experiment=best
            "dinosaurs lstm 192 seed 0 train.members=5 train.ngram_max_order=8",
        ),
        (
            {"sample.temperature": 0.8, "sample.prefix": "a b"},
            'dinosaurs lstm 192 seed 0 sample.temperature=0.8 sample.prefix="a b"',
        ),
        ({"train.resume": True}, "dinosaurs lstm 192 seed 0"),
        ({"data.path": "data/raw/x.csv"}, "dinosaurs lstm 192 seed 0 data.path=data/raw/x.csv"),
        (
            {"data.name": "list", "data.path": "my rivers.txt", "data.alphabet": None},
            "my rivers lstm 192 seed 0 data.rules.at_least_one_of.vowel=aeiouy "
            "data.rules.at_least_one_of.consonant=bcdfghjklmnpqrstvwxz data.rules.max_repeat=2",
        ),
        (
            {"data.name": "rivers", "data.alphabet": None, "data.max_length": 9, **OTHER_RULES},
            "rivers lstm 192 seed 0 data.max_length=9",
        ),
    ],
)
def test_a_run_is_called_by_list_network_seed_and_what_is_not_the_default(
    changes: dict[str, Any], name: str
) -> None:
    assert named(changes) == name


def test_a_renamed_list_hides_nothing_else_that_differs() -> None:
    changes = {"data.name": "dinos", "sample.temperature": 0.8, "train.epochs": 3}
    assert named(changes).startswith(
        "dinos lstm 192 seed 0 train.epochs=3 sample.temperature=0.8 data."
    )


def test_a_name_leaves_room_for_that_of_an_experiment() -> None:
    assert len(named({"data.alphabet": "abcdefghij" * 40})) == 200
    assert named({"data.alphabet": "abcdefghij" * 40}).endswith("…")


@pytest.mark.parametrize("key", sorted(DEFAULTS.keys() - ELSEWHERE))
def test_every_key_that_decides_a_result_is_told(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast("dict[str, Any]", DEFAULTS), key, "another default")
    assert named({}).startswith(f"dinosaurs lstm 192 seed 0 {key}=")
