"""What the tests of reading, splitting and storing lists share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neonym.settings import Data

SETTINGS: dict[str, Any] = {
    "name": "list",
    "path": "names.txt",
    "column": None,
    "comment": "#",
    "lowercase": True,
    "alphabet": None,
    "unit": "character",
    "max_length": 64,
    "split": {
        "hold_out": True,
        "val": 0.1,
        "test": 0.1,
        "group_near_duplicates": True,
        "seed": 0,
    },
    "rules": {"at_least_one_of": {}, "max_repeat": None},
}


@pytest.fixture(scope="session")
def make_data() -> Callable[..., Data]:
    """Makes the data section of a configuration, with what the test is about set."""
    return lambda **changes: Data.model_validate(SETTINGS | changes)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list of names and gives its path."""

    def write_list(content: str | bytes, name: str = "names.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_list
