"""Exact likelihood of many sequences."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats, Integers
from neonym.nn.packing import pack
from neonym.nn.workspace import Workspace

if TYPE_CHECKING:
    from neonym.nn.network import RecurrentNetwork

TOKENS_AT_ONCE = 1 << 14
"""About how many tokens are evaluated at once: enough for fast products, little memory."""


def negative_log_likelihood(network: "RecurrentNetwork", sequences: Sequence[ArrayLike]) -> Floats:
    """Nats of each sequence, float64; see `RecurrentNetwork.negative_log_likelihood`."""
    nats = np.empty(len(sequences), dtype=np.float64)
    lengths = np.array([np.size(sequence) for sequence in sequences], dtype=np.intp)
    workspace = Workspace(network.dtype)
    for places in _blocks(lengths):
        batch = pack([sequences[place] for place in places], network.output)
        rows = network.token_nats(batch, workspace=workspace)
        if network.output == "all":
            nats[places[batch.order]] = np.bincount(batch.sequence_of_row, weights=rows)
        else:
            nats[places[batch.order]] = rows
    return nats


def _blocks(lengths: Integers) -> Iterator[Integers]:
    """Places of the sequences, longest first, in blocks of bounded size."""
    places = np.argsort(-lengths, kind="stable")
    while len(places):
        count = max(1, TOKENS_AT_ONCE // (int(lengths[places[0]]) + 1))
        yield places[:count]
        places = places[count:]
