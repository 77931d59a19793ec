"""Which rule of the corpus a name breaks."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from neonym.corpus.vocabulary import Vocabulary, tokens_of
from neonym.settings import Rules

UNFINISHED = "unfinished"
EMPTY = "empty"
ALPHABET = "alphabet"
LENGTH = "length"
REPEAT = "repeat"


class Validity:
    """What makes a name valid for a corpus.

    The model ended it itself; it is not empty; every token is in the alphabet; its length lies
    within the corpus's; and it passes the corpus's own rules.

    Parameters
    ----------
    vocabulary
        The corpus's alphabet.
    lengths
        The shortest and the longest name of the corpus, in tokens.
    rules
        The corpus's own rules; they speak of characters, whatever a token is.
    """

    def __init__(self, vocabulary: Vocabulary, lengths: tuple[int, int], rules: Rules) -> None:
        self.vocabulary = vocabulary
        self.shortest, self.longest = lengths
        self.rules = rules

    @classmethod
    def of_corpus(cls, names: Iterable[str], vocabulary: Vocabulary, rules: Rules) -> "Validity":
        """What makes a name valid for the corpus of these names."""
        lengths = [len(tokens_of(name, vocabulary.unit)) for name in names]
        return cls(vocabulary, (min(lengths), max(lengths)), rules)

    @property
    def rule_names(self) -> list[str]:
        """What the rules are called, in the order in which they are looked at."""
        kinds = [f"no_{kind}" for kind in self.rules.at_least_one_of]
        repeat = [] if self.rules.max_repeat is None else [REPEAT]
        return [UNFINISHED, EMPTY, ALPHABET, LENGTH, *kinds, *repeat]

    @cached_property
    def _symbols(self) -> frozenset[str]:
        return frozenset(self.vocabulary.symbols[1:])

    @cached_property
    def _kinds(self) -> dict[str, frozenset[str]]:
        return {
            f"no_{kind}": frozenset(letters) for kind, letters in self.rules.at_least_one_of.items()
        }

    @cached_property
    def _too_often(self) -> re.Pattern[str] | None:
        most = self.rules.max_repeat
        return None if most is None else re.compile(rf"(.)\1{{{most}}}", re.DOTALL)

    def broken_rules(self, name: str, ended: bool = True) -> list[str]:
        """The rules that a name breaks, in the order of `rule_names`; none where it is valid.

        Parameters
        ----------
        name
            In canonical form.
        ended
            Whether whatever wrote the name ended it, rather than the length cap.
        """
        tokens = tokens_of(name, self.vocabulary.unit)
        broken = [] if ended else [UNFINISHED]
        if not tokens:
            return [*broken, EMPTY]  # what is not there has no letters to judge
        if not self._symbols.issuperset(tokens):
            broken.append(ALPHABET)
        if not self.shortest <= len(tokens) <= self.longest:
            broken.append(LENGTH)
        broken += [rule for rule, letters in self._kinds.items() if letters.isdisjoint(name)]
        if self._too_often is not None and self._too_often.search(name):
            broken.append(REPEAT)
        return broken

    def judge(
        self, names: Sequence[str], ended: Iterable[bool] | None = None
    ) -> dict[str, npt.NDArray[np.bool_]]:
        """Which names break each rule.

        Parameters
        ----------
        names
            In canonical form.
        ended
            One flag a name; None: all of them.

        Returns
        -------
        broken
            For each of `rule_names` a bool array of shape (names,).
        """
        flags = {rule: np.zeros(len(names), np.bool_) for rule in self.rule_names}
        ends = [True] * len(names) if ended is None else ended
        for number, (name, end) in enumerate(zip(names, ends, strict=True)):
            for rule in self.broken_rules(name, bool(end)):
                flags[rule][number] = True
        return flags
