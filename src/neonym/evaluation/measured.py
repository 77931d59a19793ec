"""The figures of a reference, and the files in which processes share them.

The workers of a sweep judge by the same names and seeds, and each would measure them again.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neonym.base.errors import UserError
from neonym.base.files import read_json, write_text
from neonym.base.nested import sha256_of
from neonym.base.types import Floats
from neonym.evaluation.intervals import Interval
from neonym.evaluation.measures import Lists, Measures

Nats = dict[str, Floats]

# Whose code decides the figures; those that other code left are not taken
CODE = ("corpus", "evaluation", "models")

# What reading a file raises that is not there, or damaged
UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError)


class Measured(NamedTuple):
    """The figures of a reference, without its names.

    Attributes
    ----------
    measures
        Of the drawn names.
    nats
        Of each whole name of `train`, `val` and `test`.
    order
        Of the n-gram; 0 for others.
    """

    measures: Measures
    nats: Nats
    order: int


def in_folder(
    folder: Path | None, lists: Lists, asked: Sequence[Any], make: Callable[[], Measured]
) -> Measured:
    """What `make` returns, from a file where it is there; else it is left there for others.

    Parameters
    ----------
    folder
        Where the files are; None: nowhere.
    lists, asked
        All that decides the figures.
    make
        Measures. Several processes may come to the same at the same time.
    """
    if folder is None:
        return make()
    rules = lists.rules.model_dump(mode="json")
    told_by = [*lists[:3], lists.vocabulary.to_json(), lists.lowercase, rules, *asked]
    path = folder / f"{sha256_of([told_by, np.__version__, _code()])[:32]}.json"
    with suppress(*UNREADABLE):
        return _read(path)
    found = make()
    with suppress(OSError, UserError):  # then others measure it too
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, _written(found))
    return found


def _written(found: Measured) -> str:
    values = {
        "values": found.measures.values,
        "intervals": found.measures.intervals,
        "nats": {part: nats.tolist() for part, nats in found.nats.items()},
        "order": found.order,
    }
    return json.dumps(values) + "\n"


def _read(path: Path) -> Measured:
    found = read_json(path)
    values = {name: +value for name, value in found["values"].items()}  # or it is none
    intervals = {name: Interval(+low, +high) for name, (low, high) in found["intervals"].items()}
    nats = {part: np.array(each, np.float64) for part, each in found["nats"].items()}
    return Measured(Measures(values, intervals), nats, int(found["order"]))


@lru_cache(1)
def _code() -> str:
    """The digest of the code that decides the figures."""
    digest, package = hashlib.sha256(), Path(__file__).parent.parent
    for part in CODE:
        for path in sorted((package / part).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
