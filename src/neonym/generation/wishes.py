"""What is wished of names, besides their beginning and their length at most.

These two are given to the model: it goes on behind the beginning, and a name is given up where it
grows too long. All other wishes are a question to the names it draws. So names come with the
model's own probabilities under the condition, whatever is wished together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.types import Ids
from neonym.corpus.reading import in_case
from neonym.corpus.vocabulary import UnknownSymbolError, Vocabulary, tokens_of
from neonym.generation.patterns import Pattern

Check = Callable[[Sequence[str], Sequence[Ids]], Iterable[bool]]
"""Of names and their tokens, whether each is as wished."""


class Met(NamedTuple):
    """How many of the names that were held against a wish met it."""

    wish: str
    met: int
    of: int


@dataclass(frozen=True)
class Judge:
    """Holds drawn names against wishes.

    Parameters
    ----------
    vocabulary
        Of the names' tokens.
    checks
        What is asked of each name, by the wish.
    cap
        The length within which the model must have ended a name itself; None: it need not.
    """

    vocabulary: Vocabulary
    checks: dict[str, Check]
    cap: int | None

    def verdicts(self, sequences: Sequence[Ids], ended: Sequence[bool]) -> NDArray[np.bool_]:
        """Whether each name is as wished, shape (wishes, names)."""
        names = [self.vocabulary.decode(ids) for ids in sequences]
        rows = [list(check(names, sequences)) for check in self.checks.values()]
        verdicts = np.array(rows, dtype=bool).reshape(-1, len(names))
        if self.cap is None:
            return verdicts
        # Of names that were given up nobody knows how they go on
        return np.vstack([np.array(ended, dtype=bool), verdicts & ended])

    def count(self, met: NDArray[np.int64], draws: int) -> list[Met]:
        """For each wish how many of so many names met it, from the sums of `verdicts`."""
        if self.cap is None:
            return [Met(wish, int(m), draws) for wish, m in zip(self.checks, met, strict=True)]
        ended, *others = met.tolist()
        rest = [Met(wish, m, ended) for wish, m in zip(self.checks, others, strict=True)]
        return [Met(f"max-length {self.cap}", ended, draws), *rest]


@dataclass(frozen=True)
class Wishes:
    """What names shall be, all of it together.

    Upper case, and a space where the list has none, count as little as in the list.

    Parameters
    ----------
    ends_with
        What every name ends with; "": anything.
    contains
        What is found in every name.
    matches
        A regular expression, as Python's `re` has them, found anywhere in every name.
    like
        The names nearest to this in spelling (Levenshtein) come first. It changes their order,
        not which they are; of equally near ones the first drawn comes first.
    min_length
        Tokens, at least.
    new
        None of the names that the model learned from.

    Raises
    ------
    UserError
        If `min_length` is below 1, or `matches` is no regular expression.
    """

    ends_with: str = ""
    contains: str = ""
    matches: str = ""
    like: str = ""
    min_length: int | None = None
    new: bool = False

    def __post_init__(self) -> None:
        if self.min_length is not None and self.min_length < 1:
            raise UserError(f"min-length is {self.min_length}; it must be at least 1")
        if self.matches:
            Pattern(self.matches)

    def judge(
        self,
        vocabulary: Vocabulary,
        *,
        lowercase: bool,
        prefix: Ids,
        longest: int,
        max_length: int | None,
        is_known: Callable[[Sequence[str]], NDArray[np.bool_]],
        raw: bool = False,
    ) -> Judge | None:
        """What holds names of a model against these wishes; None if any name will do.

        Parameters
        ----------
        vocabulary, lowercase
            Of the names.
        prefix
            The tokens that every name begins with.
        longest
            The length cap where no `max_length` is given.
        max_length
            The length cap, and within it the model shall end each name.
        is_known
            Whether each name was learned from.
        raw
            Names that are cut off at the cap will do.

        Raises
        ------
        UserError
            If no name can be as wished.
        """
        cap = longest if max_length is None else max_length
        ends = _part(self.ends_with, vocabulary, lowercase, "ends-with", cap).rstrip()
        within = _part(self.contains, vocabulary, lowercase, "contains", cap)
        if self.ends_with and not ends:
            raise UserError("ends-with is a space, with which no name ends; give letters")
        if self.contains and not within:
            raise UserError("contains is a space, which no name has; give letters")
        self._check_lengths(vocabulary, prefix, ends, longest=longest, max_length=max_length)
        checks: dict[str, Check] = {}
        if (least := self.min_length) is not None:
            checks[f"min-length {least}"] = lambda _, ids: (len(name) >= least for name in ids)
        if ends:
            checks[f"ends-with {ends!r}"] = lambda names, _: (name.endswith(ends) for name in names)
        if within:
            checks[f"contains {within!r}"] = lambda names, _: (within in name for name in names)
        if self.matches:
            pattern = Pattern(self.matches)  # anew: it counts its time
            checks[f"matches {self.matches!r}"] = lambda names, _: map(pattern.is_in, names)
        if self.new:
            is_known(())  # whether that can be said
            checks["new"] = lambda names, _: (~is_known(names)).tolist()
        if not checks and (raw or max_length is None):
            return None
        return Judge(vocabulary, checks, None if raw else cap)

    def order(self, names: Sequence[str], vocabulary: Vocabulary, lowercase: bool) -> list[int]:
        """The places of the names in the order in which they are wished."""
        if not self.like:
            return list(range(len(names)))
        # late, since it is for this wish alone
        from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 (for this wish alone)

        like = tokens_of(in_case(self.like, lowercase).strip(), vocabulary.unit)
        far = [Levenshtein.distance(tokens_of(name, vocabulary.unit), like) for name in names]
        return sorted(range(len(names)), key=far.__getitem__)

    def _check_lengths(
        self,
        vocabulary: Vocabulary,
        prefix: Ids,
        ends: str,
        *,
        longest: int,
        max_length: int | None,
    ) -> None:
        cap, what = (longest if max_length is None else max_length), _units(vocabulary)
        least = self.min_length or 0
        if least > cap and max_length is not None:
            raise UserError(
                f"min-length is {least} and max-length {cap}; no name has both, change one"
            )
        if least > cap:
            raise UserError(
                f"min-length is {least}, but names are given up at {cap} {what}, twice the "
                "longest known; give a max-length too"
            )
        if vocabulary.unit == "character":
            begins = vocabulary.decode(prefix)
            together = _shortest(begins, ends)
            if together > cap >= len(begins):
                raise UserError(
                    f"starts-with {begins!r} and ends-with {ends!r} take {together} {what}, more "
                    f"than the length cap of {cap}; shorten one or raise max-length"
                )


NO_WISHES = Wishes()


def _part(text: str, vocabulary: Vocabulary, lowercase: bool, wish: str, cap: int) -> str:
    """Part of a name as the list would have it; a space counts where names have spaces."""
    text = in_case(text, lowercase)
    letters = set("".join(vocabulary.symbols))
    if vocabulary.unit == "word":
        letters.add(" ")
    if not any(letter.isspace() for letter in letters):
        text = text.strip()
    for position, letter in enumerate(text, 1):
        if letter not in letters:
            error = UnknownSymbolError(text, letter, position, "character")
            raise UserError(f"{wish} {error}")
    length = len(tokens_of(text, vocabulary.unit))
    if length > cap:
        raise UserError(
            f"{wish} has {length} {_units(vocabulary)}, more than the length cap of {cap}; "
            "shorten it or raise max-length"
        )
    return text


def _shortest(begins: str, ends: str) -> int:
    """The length of the shortest name that begins and ends so."""
    both = min(len(begins), len(ends))
    shared = next(n for n in range(both, -1, -1) if begins.endswith(ends[:n]))
    return len(begins) + len(ends) - shared


def _units(vocabulary: Vocabulary) -> str:
    return "letters" if vocabulary.unit == "character" else "words"
