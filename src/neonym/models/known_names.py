"""Which names a model learned from, as hashes: enough to know one again, too little to list them.

The hash is FNV-1a of 64 bits (Fowler, Noll, Vo) over the UTF-8 bytes of a name's canonical form::

    h = 14695981039346656037;  for each byte b:  h = (h xor b) * 1099511628211  mod 2^64

It hides nothing: whoever guesses a name can tell whether it was in the list. Among a million names,
a new one is taken for known once in 2 * 10^13 times.

Where room is dear, hashes are folded to 32 bits, the upper half xor the lower, as the authors
advise. Among 200,000 names, a new one is then taken for known once in 20,000 times.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.unsignedinteger[Any]]
"""Of 64 bits, or folded to 32: sorted, each once."""

HASH_TYPES = (np.dtype(np.uint64), np.dtype(np.uint32))

OFFSET = np.uint64(14695981039346656037)
PRIME = np.uint64(1099511628211)


def hashes(names: Sequence[str]) -> Hashes:
    """The hashes of names in canonical form, of 64 bits: sorted, each once."""
    return np.unique(_hash_each(names))


def folded(known: Hashes) -> Hashes:
    """The same names by hashes of 32 bits, in half the room: sorted, each once."""
    return known if known.dtype == np.uint32 else np.unique(_fold(known))


def contains(known: Hashes, names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each name, in canonical form, is one of those whose hashes these are.

    Parameters
    ----------
    known
        What `hashes` or `folded` returned.
    names
        Whatever is asked for.

    Returns
    -------
    ndarray, bool, shape (len(names),)
    """
    wanted = _hash_each(names)
    if known.dtype == np.uint32:
        wanted = _fold(wanted)
    if not len(known):
        return np.zeros(len(wanted), dtype=bool)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.asarray(known[places] == wanted)


def _hash_each(names: Sequence[str]) -> Hashes:
    """The hash of each name, byte by byte for all names at once, shape (len(names),)."""
    # No list holds a lone surrogate, but a command line can
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    starts = np.cumsum(lengths) - lengths
    stream = np.frombuffer(b"".join(encoded), dtype=np.uint8).astype(np.uint64)
    order = np.argsort(
        -lengths, kind="stable"
    )  # the longest first, so those that go on are in front
    result = np.full(len(encoded), OFFSET)
    going = -lengths[order]
    for place in range(int(lengths.max(initial=0))):
        rows = order[: np.searchsorted(going, -place)]
        result[rows] = (result[rows] ^ stream[starts[rows] + place]) * PRIME
    return result


def _fold(values: Hashes) -> Hashes:
    return (values ^ (values >> np.uint64(32))).astype(np.uint32)
