"""Drawing names from a network, so that a name does not depend on how many are asked for at once.

Names are drawn in blocks of one fixed size, whatever the number asked for, and each block has a
random stream of its own: the n-th name has its place in its block, its uniforms and the shapes of
the products that make it fixed by n alone. So it does not matter either which thread draws a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator
from neonym.base.threads import one_blas_thread, results_in_order
from neonym.base.types import Floats, Ids, Rows
from neonym.generation.keeping import BLOCK, EVERY_NAME, Kept, Name, Samples, Wanted
from neonym.models.choice import AS_THE_MODEL, Choice, log_softmax
from neonym.nn import RecurrentNetwork

END = 0
MOST_NAMES = 10_000_000  # at once, as `sample.count`: they are held in memory

MOST_DISTINCT = 0.9
"""Beginnings are shared until more than this share of them are distinct."""


WORTH_THREADS = 40_000
"""Parameters of a network; with fewer, threads wait for the interpreter longer than they save."""


class LanguageModel(Protocol):
    """What can be sampled from: a network, or whatever predicts the next token from a state."""

    vocabulary_size: int

    def initial_state(self, batch_size: int, /) -> Any:
        """The state before the start token; `state.take(rows)` keeps those rows of the batch."""

    def step(self, tokens: NDArray[Any], state: Any, /) -> tuple[NDArray[Any], Any]:
        """Logits of the next token, shape (batch, vocabulary_size), and the state after these."""


@one_blas_thread()
def sample(
    network: LanguageModel,
    count: int,
    *,
    seed: int,
    max_length: int,
    prefix: Sequence[int] | Ids = (),
    choice: Choice | None = None,
    wanted: Wanted = EVERY_NAME,
    threads: int | None = None,
) -> Samples:
    """Draw names.

    The first names are the same however many are asked for, and on however many threads.

    Parameters
    ----------
    network
        What predicts the next token.
    count
        How many, at least 1. Fewer come back only where `wanted` refuses too many.
    seed
        The seed of the experiment; sampling has its own stream of it.
    max_length
        Tokens, prefix included, after which a name is cut off if the model does not end it there.
    prefix
        Ids of the tokens that every name begins with.
    choice
        How each token is chosen; None: by the model's own probabilities.
    wanted
        Which names are kept.
    threads
        How many blocks are drawn at the same time, where that is faster; None: as many as there
        are processors.

    Raises
    ------
    UserError
        If the count, the seed or the cap makes no sense, or the prefix is longer than the cap.
    """
    check_request(count, len(prefix), max_length)
    if seed < 0:
        raise UserError(f"seed is {seed}; it must be at least 0")
    choice = choice or AS_THE_MODEL
    start = read_prefix(network, prefix)
    beginning = np.asarray(prefix, dtype=np.int32)
    bound = wanted.bound(count)

    def draw(block: int) -> list[Name]:
        stream = generator(seed, Purpose.SAMPLING, block)
        uniforms = (stream.random(BLOCK) for _ in repeat(None))
        room = max_length - len(prefix)
        drawn = draw_names(network, start, choice, room=room, count=BLOCK, uniforms=uniforms)
        return names_of(np.tile(beginning, (BLOCK, 1)), *drawn)

    if isinstance(network, RecurrentNetwork) and network.parameters.size < WORTH_THREADS:
        threads = 1
    blocks = results_in_order(draw, -(-bound // BLOCK), threads)
    kept = Kept(count, len(prefix), wanted)
    for names in blocks:
        kept.take(names[: bound - kept.draws])
        if kept.is_complete:
            break
    return kept.samples()


def check_request(count: int, prefix_length: int, max_length: int) -> None:
    """Refuse, as a user's mistake, what no names can be found for."""
    if count < 1:
        raise UserError(f"{count} names were asked for; ask for at least 1")
    if count > MOST_NAMES:
        raise UserError(f"{count} names were asked for; ask for at most {MOST_NAMES:,} at once")
    if max_length < 1:
        raise UserError(f"the length cap is {max_length}; it must be at least 1")
    if prefix_length > max_length:
        raise UserError(
            f"the prefix has {prefix_length} tokens, more than the length cap of {max_length}; "
            "shorten the prefix or raise the cap"
        )


@dataclass(frozen=True)
class Start:
    """Where names go on from: behind their prefixes.

    Attributes
    ----------
    logits
        Of the next token, shape (prefixes, vocabulary_size).
    state
        The network's, a row for each prefix.
    log_probs
        Nats of each prefix.
    """

    logits: NDArray[Any]
    state: Any
    log_probs: Floats


def read_prefix(network: LanguageModel, prefix: Sequence[int] | Ids) -> Start:
    """The network after the start token and a prefix."""
    return read_prefixes(network, np.array([prefix], dtype=np.int32))


def read_prefixes(network: LanguageModel, prefixes: Ids) -> Start:
    """The network after the start token and each of these prefixes, (prefixes, tokens)."""
    every = np.arange(len(prefixes))
    log_probs = np.zeros(len(prefixes))
    logits, state = network.step(np.array([END]), network.initial_state(1))
    if len(prefixes) > 1:
        logits, state = logits[0 * every], state.take(0 * every)
    for tokens in prefixes.T:
        log_probs += log_softmax(logits)[every, tokens]
        logits, state = network.step(tokens, state)
    return Start(logits, state, log_probs)


def names_of(
    beginnings: Ids, tokens: Ids, ended: NDArray[np.bool_], log_probs: Floats
) -> list[Name]:
    """The names of a block, each with its prefix in front."""
    ids = np.hstack([beginnings, tokens])
    starts = np.arange(len(ids)) * ids.shape[1]
    ends = starts + beginnings.shape[1] + np.count_nonzero(tokens, axis=1)
    flat = ids.ravel()  # of which a name takes one slice, of two dimensions two
    names = [flat[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return list(map(Name._make, zip(names, ended.tolist(), log_probs.tolist(), strict=True)))


def draw_names(
    network: LanguageModel,
    start: Start,
    choice: Choice,
    *,
    room: int,
    count: int,
    uniforms: Iterator[Floats],
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
    """
    prefixes = len(start.logits)
    total = prefixes * count
    columns: list[Ids] = []
    ended = np.zeros(total, dtype=bool)
    log_probs = np.repeat(start.log_probs, count)
    names = np.arange(total)  # those not ended yet
    # of the logits and the state, for each of them
    rows: Rows | None = np.repeat(np.arange(prefixes), count)
    logits, state = start.logits, start.state
    while True:
        picked, nats = choice.draw(logits, next(uniforms)[names % count], rows)
        going = picked != END
        full = len(columns) == room
        if full:
            nats[going] = 0
        log_probs[names] += nats
        ended[names[~going]] = True
        names, picked = names[going], picked[going]
        if full or not len(names):
            break
        columns.append(np.zeros(total, dtype=np.int32))
        columns[-1][names] = picked
        if rows is None:
            before = np.flatnonzero(going)
        else:
            before, picked, rows = _distinct(rows[going], picked, network.vocabulary_size)
        logits, state = network.step(picked, state.take(before))
    tokens = np.stack(columns, axis=1) if columns else np.zeros((total, 0), dtype=np.int32)
    return tokens, ended, log_probs


def _distinct(rows: Rows, tokens: Rows, vocabulary_size: int) -> tuple[Rows, Rows, Rows | None]:
    """The row and the token of each distinct pair, and the place of each pair among them.

    Where too few are equal, all pairs, and None.
    """
    distinct, places = np.unique(rows * vocabulary_size + tokens, return_inverse=True)
    if len(distinct) > MOST_DISTINCT * len(rows):
        return rows, tokens, None
    return *np.divmod(distinct, vocabulary_size), places
