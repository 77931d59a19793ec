"""What holds for all tests."""

import gc
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from warm import PROGRAMS, SCRIPTS, Warm

# Thousands of tests, and what they import, stay to the end: to look through them for garbage again
# and again took a seventh of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave what the tests are made of out of all looks for garbage."""
    gc.freeze()
    gc.enable()


# A shell's job in the background ignores Ctrl-C, and so would all that tests start
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("neonym", deadline=None)
settings.load_profile("neonym")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's database with its tables and no run, to be copied: making it takes seconds."""
    from empty_store import make_empty_database  # imports MLflow

    return make_empty_database(tmp_path_factory)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What scripts are run in that have their imports ready."""
    warm = Warm(SCRIPTS)
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def warm_programs() -> Iterator[Warm]:
    """What `neonym` and `dvc` are run in that have their imports ready."""
    warm = Warm(PROGRAMS)
    yield warm
    warm.close()


@pytest.fixture(scope="module", autouse=True)
def path_of_imports() -> Iterator[None]:
    """MLflow puts the code of a model that it loads before all other, and leaves it there.

    Processes that later tests start would import neonym from it.
    """
    before = list(sys.path)
    yield
    sys.path[:] = before
