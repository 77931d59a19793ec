"""Many sequences of token ids in one array."""

from collections.abc import Iterator, Sequence, Sized
from typing import cast, overload

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Integers


class TokenSequences(Sequence[Integers]):
    """Sequences of token ids, one after the other in one array.

    A list of arrays is scattered over memory: to take a random batch out of a million costs more
    than to pack it. Here it is one look-up, and the sequences were checked once and for all.

    Parameters
    ----------
    tokens : integers, shape (tokens,)
        Of all sequences.
    lengths : integers, shape (sequences,)
        How many of them each sequence has, at least one.
    """

    def __init__(self, tokens: Integers, lengths: Integers) -> None:
        self.tokens, self.lengths = tokens, lengths
        self.starts = np.cumsum(lengths) - lengths

    @classmethod
    def of(cls, sequences: Sequence[ArrayLike]) -> "TokenSequences":
        """Check sequences and put them together; what is together already is returned as it is.

        Raises
        ------
        ValueError
            If one is empty or not one-dimensional.
        TypeError
            If one does not hold integers.
        """
        if isinstance(sequences, cls):
            return sequences
        if not len(sequences):
            return cls(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))
        try:
            tokens = np.concatenate(sequences)
            lengths = np.fromiter(map(len, cast("Sequence[Sized]", sequences)), dtype=np.intp)
        except (TypeError, ValueError):  # of several dimensions, or none
            raise _first_error(sequences) from None
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or not lengths.all():
            raise _first_error(sequences)
        return cls(tokens, lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, place: int) -> Integers: ...
    @overload
    def __getitem__(self, place: slice) -> "TokenSequences": ...
    def __getitem__(self, place: int | slice) -> "Integers | TokenSequences":
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        start = self.starts[place]
        return self.tokens[start : start + self.lengths[place]]

    def __iter__(self) -> Iterator[Integers]:
        return iter(np.split(self.tokens, self.starts[1:]) if len(self) else [])

    def take(self, places: Integers) -> "TokenSequences":
        """The sequences at these places, in this order."""
        lengths = self.lengths[places]
        ends = np.cumsum(lengths)
        shifts = self.starts[places] - (ends - lengths)  # from the new start to the old one
        rows = np.arange(ends[-1] if len(ends) else 0) + np.repeat(shifts, lengths)
        return TokenSequences(self.tokens[rows], lengths)

    def columns(self, places: Integers, fill: int) -> Integers:
        """The sequences at these places as columns.

        Parameters
        ----------
        places : integers
            Which sequences.
        fill : int
            What stands behind the end of each.

        Returns
        -------
        ndarray, shape (longest + 1, len(places))
            At least one row of `fill` at the end of the longest.
        """
        steps, lengths = np.arange(int(self.lengths[places].max()) + 1), self.lengths[places]
        columns = self.tokens.take(self.starts[places] + steps[:, None], mode="clip")
        columns[steps[:, None] >= lengths] = fill
        return columns


def _first_error(sequences: Sequence[ArrayLike]) -> ValueError | TypeError:
    """What is wrong with the first that is no sequence of token ids."""
    for place, sequence in enumerate(sequences):
        try:
            array = np.asarray(sequence)
        except ValueError:
            return ValueError(f"sequences[{place}] is nested unevenly, expected one dimension")
        if array.ndim != 1:
            return ValueError(f"sequences[{place}] has shape {array.shape}, expected one dimension")
        if not len(array):
            return ValueError(f"sequences[{place}] is empty, expected at least one token id")
        if array.dtype.kind not in "iu":
            return TypeError(f"sequences[{place}] has dtype {array.dtype}, expected integers")
    return TypeError("sequences mixes signed with unsigned 64-bit integers, expected one of them")


def check_tokens(name: str, ids: Integers, vocabulary_size: int) -> None:
    """Raise TypeError unless `ids` are integers, ValueError unless within the vocabulary."""
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}, expected integers")
    # without a sign, what is below 0 is above all others
    if ids.size and ids.view(ids.dtype.str.replace("i", "u")).max() >= vocabulary_size:
        wrong = ids[(ids < 0) | (ids >= vocabulary_size)][0]
        raise ValueError(f"{name} holds the token id {wrong}, expected 0 to {vocabulary_size - 1}")
