"""What is recorded of the environment, and what is said where it is another."""

from copy import deepcopy
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

from neonym import experiment
from neonym.lab.lineage.environment import differences
from neonym.lab.tracking.provenance import environment


@pytest.fixture(scope="module")
def here() -> dict[str, Any]:
    return environment()


def test_the_environment_names_versions_processor_and_blas(here: dict[str, Any]) -> None:
    assert here["packages"]["numpy"] == np.__version__
    assert here["packages"]["dvc"] == version("dvc")
    assert here["blas"]["internal_api"] == "openblas"
    assert here["blas"]["architecture"]
    assert here["processors"] >= 1


def test_only_variables_that_choose_how_numbers_are_computed_are_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    assert environment()["variables"]["OPENBLAS_CORETYPE"] == "Haswell"
    assert "hidden" not in str(environment())


def test_equal_environments_have_no_differences(here: dict[str, Any]) -> None:
    assert list(differences(deepcopy(here), here, {})) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"processor": "Z80"}, "processor: Z80 then"),
        ({"python": "3.9.1"}, "python: 3.9.1 then"),
        ({"blas": {"internal_api": "mkl", "version": "2025"}}, "BLAS: mkl 2025 then"),
        ({"variables": {"MKL_CBWR": "AVX2"}}, "variables: MKL_CBWR=AVX2 then, none here"),
        ({"packages": {"numpy": "1.26.4"}}, "numpy: 1.26.4 then"),
        ({"packages": {"matplotlib": "3.0"}}, "may change the bytes of pictures"),
        ({"packages": {"rich": "0.1"}}, "they compute nothing that is compared"),
    ],
)
def test_a_difference_is_named_with_what_it_may_change(
    here: dict[str, Any], change: dict[str, Any], line: str
) -> None:
    here = {**here, "variables": {}}  # whatever the tests were started with
    then = deepcopy(here)
    for key, value in change.items():
        then[key] = {**then[key], **value} if key == "packages" else value
    [said] = differences(then, here, experiment.PROJECT.packages)
    assert line in said
