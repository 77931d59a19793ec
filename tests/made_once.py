"""What is made once and serves all processes of a test session."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A file or folder, which the first process that asks for it makes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # whose folder lies in that of the session
        folder = folder.parent
    made = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not made.exists():
            begun = tmp_path_factory.mktemp("begun") / name
            make(begun)
            begun.rename(made)
    return made
