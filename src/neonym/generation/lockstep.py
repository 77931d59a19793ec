"""Names drawn token by token, those of several blocks at the same time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.base.types import Floats, Ids, Rows
from neonym.generation.keeping import Drawn
from neonym.generation.language_model import END, LanguageModel, Lockstep, Start
from neonym.models.choice import Choice, rows_alone

MOST_DISTINCT = 0.9
"""Beginnings are shared until more than this share of them are distinct."""


def groups(needed: int, bound: int, most: int, threads: int) -> Iterator[range]:
    """Which blocks are drawn together, up to this bound, at most so many.

    Those needed in any case are shared evenly among threads. Of those that may be needed, because
    names are refused, only so many that not much is drawn in vain.
    """
    needed = min(needed, bound)
    if needed < 1:
        return
    count = -(-needed // most)
    count = min(needed, -(-count // threads) * threads)
    yield from starmap(range, pairwise(needed * group // count for group in range(count + 1)))
    drawn = needed
    while drawn < bound:
        more = min(most, max(1, drawn // 8), bound - drawn)
        yield range(drawn, drawn + more)
        drawn += more


def names_of(beginnings: Ids, tokens: Ids, ended: NDArray[np.bool_], log_probs: Floats) -> Drawn:
    """Names, each with its prefix in front."""
    ids = np.hstack([beginnings, tokens])
    starts = np.arange(len(ids)) * ids.shape[1]
    ends = starts + beginnings.shape[1] + np.count_nonzero(tokens, axis=1)
    flat = ids.ravel()  # of which a name takes one slice, of two dimensions two
    names = [flat[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Drawn(names, ended, log_probs)


def draw_names(
    network: LanguageModel,
    start: Start,
    choice: Choice,
    *,
    room: int,
    count: int,
    uniforms: Iterator[Floats],
    blocks: int = 1,
) -> tuple[Ids, NDArray[np.bool_], Floats]:
    """Draw so many names behind each prefix: tokens (names, longest) filled up with 0, ended, nats.

    Names that are equal so far have one state, so each distinct beginning is computed once, as long
    as that saves much: at first there is one for all names of a prefix.

    Parameters
    ----------
    network
        What predicts the next token.
    start
        Where names go on from.
    choice
        How each token is chosen.
    room
        Tokens behind the prefix, at most.
    count
        Names behind each prefix.
    uniforms
        For each token a number for each of these, the same behind all prefixes.
    blocks
        Into how many blocks of one size the names are cut, each of which is drawn as it would be
        without the others; more than one behind one prefix alone, from a `Lockstep`.
    """
    prefixes = len(start.logits)
    total = prefixes * count
    ends = np.arange(1, blocks + 1) * (total // blocks)  # of the blocks among all names
    columns: list[Ids] = []
    ended = np.ones(total, dtype=bool)
    log_probs = np.repeat(start.log_probs, count)
    names = np.arange(total)  # those not ended yet
    # of the logits and the state, for each of them
    rows: Rows | None = np.repeat(np.arange(prefixes), count)
    logits, state = start.logits, start.state
    alone: list[int] = []  # rows that are the only ones of their block
    step = _step_of(network)
    while True:
        numbers = next(uniforms)
        picked, nats = choice.draw(logits, numbers.take(names % count), rows, alone)
        going = np.flatnonzero(picked != END)
        full = len(columns) == room
        if full:
            nats[going] = 0
        log_probs[names] += nats
        names, picked = names[going], picked[going]
        if full or not len(names):
            ended[names] = False
            break
        columns.append(np.zeros(total, dtype=np.int32))
        columns[-1][names] = picked
        stops = np.searchsorted(names, ends).tolist()
        if rows is None:
            before = going
        else:
            before, picked, rows, stops = _distinct(
                rows[going], picked, network.vocabulary_size, stops
            )
        sizes = [stop - begin for begin, stop in pairwise([0, *stops]) if stop > begin]
        alone = rows_alone(sizes)
        logits, state = step(picked, state, before, sizes)
    tokens = np.stack(columns, axis=1) if columns else np.zeros((total, 0), dtype=np.int32)
    return tokens, ended, log_probs


def _step_of(network: LanguageModel) -> Callable[..., tuple[NDArray[Any], Any]]:
    """The step from some rows of a state, see `Lockstep`."""
    if isinstance(network, Lockstep):
        return network.step_apart
    return lambda tokens, state, rows, _: network.step(tokens, state.take(rows))


def _distinct(
    rows: Rows, tokens: Rows, vocabulary_size: int, stops: Sequence[int]
) -> tuple[Rows, Rows, Rows | None, list[int]]:
    """The row and the token of each distinct pair, and the place of each pair among them.

    In a block where too few are equal, all pairs; where this holds for all, the places are None.
    Blocks are given by where each stops among the pairs, and returned by where it does among those
    that are distinct.
    """
    sizes = np.diff(stops, prepend=0)
    block = np.repeat(np.arange(len(sizes)), sizes)  # of each pair
    span = max(vocabulary_size * (int(rows.max()) + 1), len(rows))  # of the keys of a block
    keys = block * span + rows * vocabulary_size + tokens
    distinct, places = np.unique(keys, return_inverse=True)
    counts = np.diff(np.searchsorted(distinct, span * np.arange(len(sizes) + 1)))
    are_unlike = counts > MOST_DISTINCT * sizes
    if are_unlike[sizes > 0].all():
        return rows, tokens, None, list(stops)
    if are_unlike.any():
        keys = np.where(are_unlike[block], block * span + np.arange(len(keys)), keys)
        distinct, places = np.unique(keys, return_inverse=True)
        counts = np.where(are_unlike, sizes, counts)
    before, picked = np.empty_like(distinct), np.empty_like(distinct)
    before[places], picked[places] = rows, tokens
    return before, picked, places, np.cumsum(counts).tolist()
