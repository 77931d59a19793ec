"""What an override is about does not depend on how it is written."""

import pytest

from neonym.lab.overrides import is_hydras, key_of, without_sweep


@pytest.mark.parametrize("signs", ["", "+", "++", "~"])
def test_signs_before_a_key_are_no_part_of_it(signs: str) -> None:
    assert key_of(f"{signs}model.cell=a=b") == "model.cell"
    assert is_hydras(f"{signs}hydra/launcher=joblib")
    words = [f"{signs}sweep.fail_fast=true", f"{signs}sweep=cells", f"{signs}sweeper=1"]
    assert without_sweep(words) == [f"{signs}sweeper=1"]


def test_a_flag_is_hydras() -> None:
    assert is_hydras("--config-dir=more")
    assert not is_hydras("model.cell=--hydra.x")
