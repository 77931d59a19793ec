"""A few names of a network that is still learning: they show how far it has come."""

from itertools import repeat

from neonym.base.streams import Purpose, generator
from neonym.corpus.vocabulary import Vocabulary
from neonym.generation.language_model import LanguageModel, read_prefix
from neonym.generation.lockstep import draw_names
from neonym.models.choice import Choice

SHOWN = 5
CUT_OFF = "…"


def shown_names(
    network: LanguageModel,
    vocabulary: Vocabulary,
    *,
    seed: int,
    longest: int,
    count: int = SHOWN,
) -> list[str]:
    """Draw names by a network's own probabilities.

    They are drawn with equal random numbers each time, of a stream that nothing else uses: from
    epoch to epoch only the network changes, and the training goes on as it would have.

    Parameters
    ----------
    network
        What predicts the next token.
    vocabulary
        The symbols of its token ids.
    seed
        The seed of the experiment.
    longest
        Tokens, at most; a name that has not ended by then is cut off, and ends with `…`.
    count
        How many names.
    """
    stream = generator(seed, Purpose.SHOWN_NAMES)
    uniforms = (stream.random(count) for _ in repeat(None))
    start = read_prefix(network, ())
    rows, ended, _ = draw_names(
        network, start, Choice(), room=longest, count=count, uniforms=uniforms
    )
    return [
        vocabulary.decode(row[row != 0]) + ("" if whole else CUT_OFF)
        for row, whole in zip(rows, ended.tolist(), strict=True)
    ]
