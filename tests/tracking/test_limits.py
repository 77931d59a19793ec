"""Names as MLflow takes them: all of them, and no two become one."""

import re

from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_length_limit, _validate_metric_name

from neonym.lab.delivery.limits import LONGEST, key, shortened

NAMES = st.text(max_size=300) | st.from_regex(r"[./\w -]{0,12}", fullmatch=True)


@given(NAMES)
def test_mlflow_takes_any_name_as_a_key(name: str) -> None:
    _validate_metric_name(key(name))
    _validate_length_limit("key", LONGEST, key(name))


@given(st.lists(NAMES, unique=True, max_size=30))
def test_no_two_names_become_one(names: list[str]) -> None:
    assert len(set(map(key, names))) == len(names)
    assert len(set(map(shortened, names))) == len(names)


@given(st.from_regex(re.compile(r"\w[\w .:-]{0,100}(/\w[\w .:-]{0,100}){0,1}"), fullmatch=True))
def test_a_name_that_mlflow_takes_stays_as_it_is(name: str) -> None:
    assert key(name) == name
