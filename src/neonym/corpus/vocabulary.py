"""The tokens of a corpus and their ids: letters, or words where a line is a sequence of words."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from neonym.base.errors import UserError
from neonym.base.files import read_json, write_text
from neonym.base.types import Ids

Unit = Literal["character", "word"]
_SURROGATE = re.compile("[\ud800-\udfff]")


class UnknownSymbolError(UserError):
    """A name has a letter (or word) that the vocabulary lacks.

    Attributes
    ----------
    symbol
        The first such letter or word.
    position
        Where it stands in the name, counted from 1.
    """

    def __init__(self, name: str, symbol: str, position: int, unit: Unit) -> None:
        what = "letter" if unit == "character" else "word"
        super().__init__(
            f"{name!r}: {describe(symbol)}, {what} {position}, is not in the vocabulary; "
            f"leave it out, or train on a list that has it"
        )
        self.symbol = symbol
        self.position = position


def describe(symbol: str) -> str:
    """A symbol as messages show it: a letter with its code point, since many look alike."""
    return f"{symbol!r} (U+{ord(symbol):04X})" if len(symbol) == 1 else repr(symbol)


def tokens_of(name: str, unit: Unit) -> Sequence[str]:
    """The letters of a name, or the words of a line."""
    return name if unit == "character" else name.split()


@dataclass(frozen=True)
class Vocabulary:
    """The symbols that names are made of; a symbol's id is its place.

    Parameters
    ----------
    symbols
        `symbols[0]` is the empty string, which stands for start and end of a name; then the
        letters or words in the order of their code points.
    unit
        `"character"` or `"word"`.
    """

    symbols: tuple[str, ...]
    unit: Unit

    def __post_init__(self) -> None:
        problem = _problem_of(self.symbols, self.unit)
        if problem:
            raise ValueError(f"not a vocabulary: {problem}")

    @classmethod
    def from_names(cls, names: Iterable[str], unit: Unit) -> "Vocabulary":
        """The vocabulary of all letters, or words, that occur in these names."""
        symbols = set("".join(names)) if unit == "character" else set(" ".join(names).split())
        return cls(("", *sorted(symbols)), unit)

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @cached_property
    def _id_of_code_point(self) -> Ids:
        """The id of every code point up to one past the largest known; -1 for those unknown."""
        code_points = [ord(symbol) for symbol in self.symbols[1:]]
        table = np.full(max(code_points, default=0) + 2, -1, dtype=np.int32)
        table[code_points] = np.arange(1, len(self.symbols))
        return table

    def encode(self, name: str) -> Ids:
        """The ids of a name's tokens, without start and end.

        Returns
        -------
        ids
            int32, shape (tokens,).

        Raises
        ------
        UnknownSymbolError
            A `UserError`: names the first unknown letter or word and its position.
        """
        return self.encode_all([name])[0]

    def encode_all(self, names: Sequence[str]) -> list[Ids]:
        """The ids of many names at once, as views into one array, in time linear in their length.

        Raises
        ------
        UnknownSymbolError
            For the first name with an unknown letter or word.
        """
        ids = self._character_ids(names) if self.unit == "character" else self._word_ids(names)
        lengths = np.fromiter((len(tokens_of(name, self.unit)) for name in names), np.int64)
        ends = np.cumsum(lengths)
        unknown = np.flatnonzero(ids < 0)
        if unknown.size:
            number = int(np.searchsorted(ends, unknown[0], side="right"))
            position = int(unknown[0] - (ends[number] - lengths[number]))
            name = names[number]
            symbol = tokens_of(name, self.unit)[position]
            raise UnknownSymbolError(name, symbol, position + 1, self.unit)
        starts = (ends - lengths).tolist()
        return [ids[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]

    def _character_ids(self, names: Sequence[str]) -> Ids:
        # A command line can hold lone surrogates; they are unknown letters like any other.
        data = "".join(names).encode("utf-32-le", "surrogatepass")
        code_points = np.frombuffer(data, dtype="<u4")
        table = self._id_of_code_point
        return table.take(code_points, mode="clip")  # the last entry stands for all beyond

    def _word_ids(self, names: Sequence[str]) -> Ids:
        words = " ".join(names).split()
        return np.fromiter((self._ids.get(word, -1) for word in words), np.int32, len(words))

    def as_strings(self, names: Sequence[str]) -> list[str]:
        """The names with each token as a single character, for algorithms that work on strings.

        Where tokens are words, which character a word becomes means nothing.

        Raises
        ------
        UnknownSymbolError
            For the first line with an unknown word.
        """
        if self.unit == "character":
            return list(names)
        # Surrogates are not characters, so the code points from 0xD800 on are skipped.
        ids = [row + 0x100 for row in self.encode_all(names)]
        return ["".join(map(chr, np.where(row < 0xD800, row, row + 0x800).tolist())) for row in ids]

    def decode(self, ids: Iterable[int]) -> str:
        """The name with these ids, which hold neither start nor end.

        Raises
        ------
        ValueError
            If an id is not that of a letter or word.
        """
        # of a few ids Python finds the least and the largest in half the time of NumPy
        numbers = ids.tolist() if isinstance(ids, np.ndarray) else list(map(int, ids))
        if numbers and not (min(numbers) >= 1 and max(numbers) < len(self.symbols)):
            raise ValueError(f"ids must lie in 1..{len(self) - 1}, got {numbers}")
        separator = "" if self.unit == "character" else " "
        return separator.join(map(self.symbols.__getitem__, numbers))

    def to_json(self) -> dict[str, Any]:
        """The vocabulary as plain values."""
        return {"unit": self.unit, "symbols": list(self.symbols)}

    @classmethod
    def from_json(cls, values: Any, source: str = "vocabulary") -> "Vocabulary":
        """The vocabulary of these plain values.

        Parameters
        ----------
        values
            What `to_json` gives.
        source
            Where they come from, for the message.

        Raises
        ------
        UserError
            If they are not a vocabulary.
        """
        keys = set(values) if isinstance(values, dict) else set()
        if keys != {"unit", "symbols"} or not isinstance(values["symbols"], list):
            raise UserError(f"{source} is not a vocabulary: it needs `unit` and `symbols`")
        problem = _problem_of(values["symbols"], values["unit"])
        if problem:
            raise UserError(f"{source} is not a vocabulary: {problem}")
        return cls(tuple(values["symbols"]), values["unit"])

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON."""
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1, sort_keys=True)
        write_text(path, text + "\n")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """The vocabulary in a file.

        Raises
        ------
        UserError
            If the file is missing or does not hold a vocabulary.
        """
        try:
            values = read_json(path)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); make it again") from None
        except ValueError:
            raise UserError(f"{path} is not a vocabulary: not JSON; make it again") from None
        return cls.from_json(values, str(path))


def _problem_of(symbols: Sequence[Any], unit: Any) -> str | None:
    if unit not in get_args(Unit):
        return f"unit is {unit!r}, not one of {', '.join(get_args(Unit))}"
    if not symbols or not all(isinstance(symbol, str) for symbol in symbols) or symbols[0] != "":
        return "symbols must be strings, the first of them empty"
    half = next((symbol for symbol in symbols if _SURROGATE.search(symbol)), None)
    if half is not None:  # which no file can hold
        return f"{half!r} is half a character"
    if list(symbols[1:]) != sorted(set(symbols[1:])):
        return "symbols must be distinct and in the order of their code points"
    if unit == "character":
        wrong = next((symbol for symbol in symbols[1:] if len(symbol) != 1), None)
    else:
        wrong = next((symbol for symbol in symbols[1:] if symbol.split() != [symbol]), None)
    return None if wrong is None else f"{wrong!r} is not a single {unit}"
