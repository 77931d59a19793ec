"""What a name shall begin with, as tokens of a corpus."""

import unicodedata

from neonym.base.types import Ids
from neonym.corpus.reading import canonical
from neonym.corpus.vocabulary import Vocabulary


def prefix_ids(prefix: str, vocabulary: Vocabulary, lowercase: bool) -> Ids:
    """The ids of a prefix, in which a space at the end counts: a word goes before.

    Raises
    ------
    UnknownSymbolError
        A `UserError`: names the first unknown letter or word and its position.
    """
    text = canonical(prefix, lowercase, vocabulary.unit)
    if vocabulary.unit == "character":
        prefix = unicodedata.normalize("NFC", prefix)
        text += prefix[len(prefix.rstrip()) :]
    return vocabulary.encode(text)
