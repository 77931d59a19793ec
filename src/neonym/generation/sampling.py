"""Drawing names from a network, so that a name does not depend on how many are asked for at once.

Names are drawn in blocks of one fixed size, whatever the number asked for, and each block has a
random stream of its own: the n-th name has its place in its block, its uniforms and the shapes of
the products that make it fixed by n alone. So it does not matter either which thread draws a block.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator
from neonym.base.threads import one_blas_thread, results_in_order
from neonym.base.types import Floats, Ids, Rows
from neonym.models.choice import Choice, log_probabilities, log_softmax

END = 0
# Part of what a seed gives: another size of block gives other names.
BLOCK = 1024

MOST_DISTINCT = 0.9
"""Beginnings are shared until more than this share of them are distinct."""


class LanguageModel(Protocol):
    """What can be sampled from: a network, or whatever predicts the next token from a state."""

    vocabulary_size: int

    def initial_state(self, batch_size: int, /) -> Any:
        """The state before the start token; `state.take(rows)` keeps those rows of the batch."""

    def step(self, tokens: NDArray[Any], state: Any, /) -> tuple[NDArray[Any], Any]:
        """Logits of the next token, shape (batch, vocabulary_size), and the state after these."""


@dataclass(frozen=True)
class Samples:
    """Names as token ids.

    Attributes
    ----------
    sequences
        The ids of each, prefix included, end token left out.
    ended
        Whether each was ended by the model, and not by the length cap.
    log_probs
        Nats of each whole name under the model at temperature 1: prefix included, end token
        included where it was drawn.
    draws
        How many names were drawn for these; more than there are where some were refused.
    """

    sequences: list[Ids]
    ended: NDArray[np.bool_]
    log_probs: Floats
    draws: int


@dataclass(frozen=True)
class Wanted:
    """Which of the drawn names are kept; the others are drawn again.

    Parameters
    ----------
    distinct
        Each name only once.
    exclude
        Token ids of names not to be given, such as those trained on.
    spaces
        Token ids that no name ends with, nor begins with unless its prefix does; with them no name
        is empty. None: names are as they come.
    max_draws
        How many names are drawn at most; None: 100 for each asked for.
    """

    distinct: bool = False
    exclude: Collection[Sequence[int] | Ids] = field(default=())
    spaces: Collection[int] | None = None
    max_draws: int | None = None

    @property
    def every(self) -> bool:
        """Whether no name is refused."""
        return not self.distinct and not self.exclude and self.spaces is None

    def bound(self, count: int) -> int:
        """How many names are drawn at most for `count`."""
        if self.every:
            return count
        if self.max_draws is None:  # a block is drawn at least
            return 100 * count if self.spaces is None else max(100 * count, BLOCK)
        return self.max_draws

    def is_whole(self, name: Sequence[int] | Ids, prefix_length: int) -> bool:
        """Whether a name is not empty, and neither begins nor ends with a space."""
        if self.spaces is None:
            return True
        first = prefix_length > 0 or (len(name) > 0 and int(name[0]) not in self.spaces)
        return first and len(name) > 0 and int(name[-1]) not in self.spaces


EVERY_NAME = Wanted()


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
        How many blocks are drawn at the same time; None: as many as there are processors.

    Raises
    ------
    UserError
        If the count, the seed or the cap makes no sense, or the prefix is longer than the cap.
    """
    check_request(count, len(prefix), max_length)
    if seed < 0:
        raise UserError(f"seed is {seed}; it must be at least 0")
    choice = choice or Choice()
    start = read_prefix(network, prefix)
    beginning = np.asarray(prefix, dtype=np.int32)
    bound = wanted.bound(count)

    def draw(block: int) -> list[_Name]:
        stream = generator(seed, Purpose.SAMPLING, block)
        drawn = _draw_block(network, start, choice, max_length - len(prefix), stream)
        return _names(beginning, *drawn)

    blocks = results_in_order(draw, -(-bound // BLOCK), threads)
    drawn = islice(chain.from_iterable(blocks), bound)
    kept, draws = _keep(drawn, count, len(prefix), wanted)
    return Samples(
        [name.ids for name in kept],
        np.array([name.ended for name in kept], dtype=bool),
        np.array([name.log_prob for name in kept], dtype=np.float64),
        draws,
    )


class _Name(NamedTuple):
    ids: Ids
    ended: bool
    log_prob: float


def _keep(
    names: Iterable[_Name], count: int, prefix_length: int, wanted: Wanted
) -> tuple[list[_Name], int]:
    """The first names that are wanted, and how many were looked at for them.

    If a whole block has none that is not empty, none is looked for any longer.
    """
    if wanted.every:
        kept = list(islice(names, count))
        return kept, len(kept)
    refused = {np.asarray(name, dtype=np.int32).tobytes() for name in wanted.exclude}
    kept, draws, in_vain = [], 0, 0
    for name in names:
        draws += 1
        whole = wanted.is_whole(name.ids, prefix_length)
        in_vain = 0 if whole else in_vain + 1
        if in_vain == BLOCK:
            break
        key = name.ids.tobytes()
        if not whole or key in refused:
            continue
        if wanted.distinct:
            refused.add(key)
        kept.append(name)
        if len(kept) == count:
            break
    return kept, draws


def check_request(count: int, prefix_length: int, max_length: int) -> None:
    """Refuse, as a user's mistake, what no names can be found for."""
    if count < 1:
        raise UserError(f"{count} names were asked for; ask for at least 1")
    if max_length < 1:
        raise UserError(f"the length cap is {max_length}; it must be at least 1")
    if prefix_length > max_length:
        raise UserError(
            f"the prefix has {prefix_length} tokens, more than the length cap of {max_length}; "
            "shorten the prefix or raise the cap"
        )


@dataclass(frozen=True)
class Start:
    """Where names go on from: behind their prefix.

    Attributes
    ----------
    logits
        Of the next token, shape (1, vocabulary_size).
    state
        The network's, for a batch of one.
    log_prob
        Nats of the prefix.
    """

    logits: NDArray[Any]
    state: Any
    log_prob: float


def read_prefix(network: LanguageModel, prefix: Sequence[int] | Ids) -> Start:
    """The network after the start token and a prefix."""
    log_prob = 0.0
    logits, state = network.step(np.array([END]), network.initial_state(1))
    for token in prefix:
        log_prob += float(log_softmax(logits)[0, token])
        logits, state = network.step(np.array([token]), state)
    return Start(logits, state, log_prob)


def _names(beginning: Ids, tokens: Ids, ended: NDArray[np.bool_], log_probs: Floats) -> list[_Name]:
    """The names of a block, the prefix in front."""
    ids = np.hstack([np.tile(beginning, (len(tokens), 1)), tokens])
    lengths = len(beginning) + np.count_nonzero(tokens, axis=1)
    rows = zip(ids, lengths.tolist(), ended.tolist(), log_probs.tolist(), strict=True)
    return [_Name(row[:length], end, nats) for row, length, end, nats in rows]


def _draw_block(
    network: LanguageModel, start: Start, choice: Choice, room: int, stream: np.random.Generator
) -> tuple[Ids, NDArray[np.bool_], Floats]:
    """Draw one block: tokens (BLOCK, longest) filled up with 0, ended (BLOCK,), nats (BLOCK,).

    Names that are equal so far have one state, so each distinct beginning is computed once, as long
    as that saves much: at first there is one for all names.
    """
    columns: list[Ids] = []
    ended = np.zeros(BLOCK, dtype=bool)
    log_probs = np.full(BLOCK, start.log_prob)
    names = np.arange(BLOCK)  # those not ended yet
    rows: Rows | None = np.zeros_like(names)  # of the logits and the state, for each of them
    logits, state = start.logits, start.state
    while True:
        picked = choice.pick(logits, stream.random(BLOCK)[names], rows)
        nats, going = log_probabilities(logits, picked, rows), picked != END
        full = len(columns) == room
        if full:
            nats[going] = 0
        log_probs[names] += nats
        ended[names[~going]] = True
        names, picked = names[going], picked[going]
        if full or not len(names):
            break
        columns.append(np.zeros(BLOCK, dtype=np.int32))
        columns[-1][names] = picked
        if rows is None:
            before = np.flatnonzero(going)
        else:
            before, picked, rows = _distinct(rows[going], picked, network.vocabulary_size)
        logits, state = network.step(picked, state.take(before))
    tokens = np.stack(columns, axis=1) if columns else np.zeros((BLOCK, 0), dtype=np.int32)
    return tokens, ended, log_probs


def _distinct(rows: Rows, tokens: Rows, vocabulary_size: int) -> tuple[Rows, Rows, Rows | None]:
    """The row and the token of each distinct pair, and the place of each pair among them.

    Where too few are equal, all pairs, and None.
    """
    distinct, places = np.unique(rows * vocabulary_size + tokens, return_inverse=True)
    if len(distinct) > MOST_DISTINCT * len(rows):
        return rows, tokens, None
    return *np.divmod(distinct, vocabulary_size), places
