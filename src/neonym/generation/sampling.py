"""Drawing names from a network, so that a name does not depend on how many are asked for at once.

Names are drawn in blocks of one fixed size, whatever the number asked for, and each block has a
random stream of its own: the n-th name has its place in its block, its uniforms and the shapes of
the products that make it fixed by n alone. So it does not matter either which thread draws a block,
nor which blocks are drawn at the same time.
"""

from collections.abc import Sequence
from itertools import repeat

import numpy as np

from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator
from neonym.base.threads import one_blas_thread, processors, results_in_order
from neonym.base.types import Ids
from neonym.generation.keeping import BLOCK, EVERY_NAME, Drawn, Kept, Samples, Wanted
from neonym.generation.language_model import LanguageModel, Lockstep, read_prefix
from neonym.generation.lockstep import draw_names, groups, names_of
from neonym.models.choice import AS_THE_MODEL, Choice
from neonym.nn import RecurrentNetwork

MOST_NAMES = 10_000_000  # at once, as `sample.count`: they are held in memory

BLOCKS_TOGETHER = 5
"""So many blocks take their steps at the same time."""

WORTH_THREADS = 100_000
"""Parameters of a network times the blocks that a thread would draw together; below, threads wait
for the interpreter longer than they save."""


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
        How many draw at the same time, where that is faster; None: as many as there are processors.

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

    def draw(blocks: range) -> Drawn:
        streams = [generator(seed, Purpose.SAMPLING, block) for block in blocks]
        drawn = draw_names(
            network,
            start,
            choice,
            room=max_length - len(prefix),
            count=BLOCK * len(blocks),
            uniforms=(np.concatenate([s.random(BLOCK) for s in streams]) for _ in repeat(None)),
            blocks=len(blocks),
        )
        return names_of(np.tile(beginning, (BLOCK * len(blocks), 1)), *drawn)

    needed, threads = -(-count // BLOCK), threads or processors()
    if isinstance(network, RecurrentNetwork):
        alike = min(BLOCKS_TOGETHER, max(needed // threads, 1 if wanted.every else 2))
        threads = threads if network.parameters.size * alike >= WORTH_THREADS else 1
    most = BLOCKS_TOGETHER if isinstance(network, Lockstep) else 1
    together = groups(needed, -(-bound // BLOCK), most, threads)
    kept = Kept(count, len(prefix), wanted)
    for drawn in results_in_order(draw, together, threads):
        kept.take(drawn.part(slice(bound - kept.draws)))
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
