"""Names behind many prefixes at once, a few behind each.

`sampling.sample` draws a block of 1,024 names for each prefix, of which one or two may be wanted.
Here prefixes share blocks: the n-th name behind a prefix is drawn with the same random numbers as
there. The products have other shapes, so logits may differ in their last bits, and a name where a
random number falls between: one in some hundred thousand.
"""

from collections.abc import Iterator, Sequence
from itertools import count as numbers

import numpy as np

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator
from neonym.base.threads import one_blas_thread
from neonym.base.types import Floats, Ids
from neonym.generation.keeping import BLOCK, EVERY_NAME, Kept, Samples, Wanted
from neonym.generation.language_model import LanguageModel, read_prefixes
from neonym.generation.lockstep import draw_names, names_of
from neonym.generation.sampling import check_request, sample
from neonym.models.choice import Choice

Key = tuple[int, ...]


@one_blas_thread()
def sample_each(
    network: LanguageModel,
    prefixes: Sequence[Ids],
    count: int,
    *,
    seed: int,
    max_length: int,
    choice: Choice | None = None,
    wanted: Wanted = EVERY_NAME,
) -> list[Samples]:
    """Draw names behind each prefix; see `sampling.sample` for the arguments.

    Raises
    ------
    UserError
        As `sampling.sample`, for the first prefix that makes no sense.
    """
    for prefix in prefixes:
        check_request(count, len(prefix), max_length)
    if seed < 0:
        raise UserError(f"seed is {seed}; it must be at least 0")
    keys = [tuple(prefix.tolist()) for prefix in prefixes]
    found: dict[Key, Samples] = {}
    by_length: dict[int, list[Key]] = {}
    for key in dict.fromkeys(keys):
        by_length.setdefault(len(key), []).append(key)
    at_once = BLOCK // count
    for length, alike in by_length.items():
        for start in range(0, len(alike), max(at_once, 1)):
            some = alike[start : start + max(at_once, 1)]
            if len(some) == 1:
                [key] = some
                found[key] = sample(
                    network,
                    count,
                    seed=seed,
                    max_length=max_length,
                    prefix=key,
                    choice=choice,
                    wanted=wanted,
                )
            else:
                kept = {key: Kept(count, length, wanted) for key in some}
                _draw(
                    network,
                    kept,
                    choice or Choice(),
                    count=count,
                    bound=wanted.bound(count),
                    max_length=max_length,
                    seed=seed,
                )
                found |= {key: names.samples() for key, names in kept.items()}
    return [found[key] for key in keys]


def _draw(
    network: LanguageModel,
    kept: dict[Key, Kept],
    choice: Choice,
    *,
    count: int,
    bound: int,
    max_length: int,
    seed: int,
) -> None:
    """Draw until there are enough names behind each prefix; all of these have one length."""
    drawn, pending = 0, list(kept)
    while pending and drawn < bound:
        block, place = divmod(drawn, BLOCK)
        width = min(count, BLOCK - place, bound - drawn)
        ids = np.array(pending, dtype=np.int32).reshape(len(pending), -1)
        start, room = read_prefixes(network, ids), max_length - ids.shape[1]
        uniforms = _uniforms(seed, block, slice(place, place + width))
        drawn_tokens = draw_names(network, start, choice, room=room, count=width, uniforms=uniforms)
        names = names_of(np.repeat(ids, width, axis=0), *drawn_tokens)
        for number, key in enumerate(pending):
            kept[key].take(names.part(slice(number * width, (number + 1) * width)))
        pending = [key for key in pending if not kept[key].is_complete]
        drawn += width


def _uniforms(seed: int, block: int, places: slice) -> Iterator[Floats]:
    """The random numbers that `sampling.sample` takes for these names of a block."""
    stream = generator(seed, Purpose.SAMPLING, block)
    for _ in numbers():
        yield stream.random(BLOCK)[places]
