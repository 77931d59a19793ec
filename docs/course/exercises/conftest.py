"""Which functions the tests try: yours, or with --solutions those of solutions/."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_addoption(parser):
    parser.addoption("--solutions", action="store_true", help="try exercises/solutions/ instead")


@pytest.fixture
def exercise(request):
    """The module that a file of tests is about: for test_cell.py it is cell.py."""
    folder = FOLDER / "solutions" if request.config.getoption("--solutions") else FOLDER
    name = request.path.stem.removeprefix("test_")
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
