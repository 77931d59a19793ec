"""Small models to export."""

from neonym.corpus.vocabulary import Vocabulary
from neonym.models.known_names import hashes
from neonym.models.mixture import Mixture
from neonym.models.model_file import Model
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY

METADATA = {"longest": 16, "lowercase": True}


def network(vocabulary=VOCABULARY, seed=0, **options):
    return RecurrentNetwork(
        len(vocabulary), **{"cell": "gru", "hidden_size": 6, "seed": seed} | options
    )


def plain(vocabulary=VOCABULARY, known=NAMES, **options):
    kept = None if known is None else hashes(known)
    return Model(network(vocabulary, **options), vocabulary, METADATA, None, kept)


def mixed():
    networks = [network(seed=seed) for seed in range(2)]
    ngram = fit(VOCABULARY.encode_all(NAMES), len(VOCABULARY), 3)
    mixture = Mixture(networks, ngram, 0.25)
    return Model(networks[0], VOCABULARY, METADATA, mixture, hashes(NAMES))


def hostile():
    symbols = ["<", ">", "&", '"', "'", "/", "\u202e", "\u2067", "\u2028", "{", "}", "竜"]
    return plain(Vocabulary(("", *sorted(symbols)), "character"), None)
