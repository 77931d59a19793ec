"""The most probable names: beam search."""

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.threads import one_blas_thread
from neonym.base.types import Ids
from neonym.generation.keeping import Samples, Wanted
from neonym.generation.language_model import END, LanguageModel, read_prefix
from neonym.generation.sampling import check_request
from neonym.models.choice import log_softmax

Name = tuple[int, ...]

LEAST_WIDTH, MOST_WIDTH = 1_000, 10_000
WHOLE_NAMES = Wanted(spaces=())


@one_blas_thread()
def most_probable(
    network: LanguageModel,
    count: int,
    *,
    max_length: int,
    prefix: Sequence[int] | Ids = (),
    width: int | None = None,
    wanted: Wanted = WHOLE_NAMES,
) -> Samples:
    """The most probable whole names, the best first; the empty name is none.

    Only the `width` best beginnings of each length are followed, so a name is missed where one of
    its beginnings is not among them; with a width of all beginnings the result is exact.

    Parameters
    ----------
    network
        What predicts the next token.
    count
        How many at most, at least 1; fewer where the beams end in fewer.
    max_length
        Tokens of the longest name followed, prefix included.
    prefix
        Ids of the tokens that every name begins with.
    width
        How many beginnings are followed; None: ten for each name, at least 1,000, at most 10,000.
    wanted
        Its `spaces` say which names are not whole, and left out; its `judge` which are not wished.

    Returns
    -------
    Samples
        All ended; `draws` is the number of names that were finished.

    Raises
    ------
    UserError
        If the count, the width or the cap is below 1, or the prefix is longer than the cap.
    """
    check_request(count, len(prefix), max_length)
    if width is None:
        width = min(max(LEAST_WIDTH, 10 * count), MOST_WIDTH)
    if width < 1:
        raise UserError(f"{width} beams were asked for; ask for at least 1")
    found = _search(
        network, count, width, tuple(map(int, prefix)), max_length=max_length, wanted=wanted
    )
    best = sorted(found, key=lambda name: (-found[name], name))[:count]
    return Samples(
        [np.array(name, dtype=np.int32) for name in best],
        np.ones(len(best), dtype=bool),
        np.array([found[name] for name in best], dtype=np.float64),
        len(found),
        len(found),
    )


def _search(
    network: LanguageModel,
    count: int,
    width: int,
    prefix: Name,
    *,
    max_length: int,
    wanted: Wanted,
) -> dict[Name, float]:
    start = read_prefix(network, prefix)
    live: list[Name] = [prefix]
    nats, logits, state = start.log_probs, start.logits, start.state
    found: dict[Name, float] = {}
    while True:
        following = nats[:, None] + log_softmax(logits)  # (beams, vocabulary)
        ending = zip(
            live, following[:, END].tolist(), _fits(live, wanted, len(prefix)), strict=True
        )
        found |= {name: nats for name, nats, fits in ending if fits}
        beams, tokens = _best(following, width)
        nats = following[beams, tokens]
        if len(live[0]) == max_length or _settled(found, count, float(nats.max(initial=-np.inf))):
            return found
        live = [(*live[beam], int(token)) for beam, token in zip(beams, tokens, strict=True)]
        logits, state = network.step(tokens, state.take(beams))


def _fits(names: Sequence[Name], wanted: Wanted, prefix_length: int) -> list[bool]:
    """Whether each of these names, ended here, is whole and as wished."""
    fits = [wanted.is_whole(name, prefix_length) for name in names]
    if wanted.judge is None:
        return fits
    ids = [np.array(name, dtype=np.int32) for name in names]
    verdicts = wanted.judge.verdicts(ids, [True] * len(ids))
    return [bool(all(row)) and whole for row, whole in zip(verdicts.T, fits, strict=True)]


def _best(following: NDArray[np.float64], width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Beam and token of the best continuations that do not end."""
    going = following[:, END + 1 :]
    best = np.argsort(-going, axis=None, kind="stable")[:width]
    beams, tokens = np.unravel_index(best, going.shape)
    return beams, tokens + END + 1


def _settled(found: dict[Name, float], count: int, best_live: float) -> bool:
    """Whether no name can still enter the best: going on only makes a beginning less probable."""
    return len(found) >= count and heapq.nlargest(count, found.values())[-1] >= best_live
