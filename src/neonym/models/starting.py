"""Beginning from a trained model instead of from random weights."""

import json
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.model_file import load_model
from neonym.nn import RecurrentNetwork

BASE = "base"
"""What `train.start_from` calls the model that the package brings (docs/base.md)."""


OF_LETTERS = ("embedding.weight", "head.weight", "head.bias")
"""The parameters that have a row for each letter; with one-hot input the first weights a column."""

# What decides which parameters there are and what is computed of them
OF_ARCHITECTURE = (
    *("cell", "nonlinearity", "hidden_size", "num_layers", "embedding_size", "bias"),
    *("trainable_initial_state", "output"),
)


class Start(NamedTuple):
    """A trained model to begin from.

    Attributes
    ----------
    name
        `base`, or the path of its file.
    sha256
        Of the file.
    network, vocabulary
        What it learned.
    """

    name: str
    sha256: str
    network: RecurrentNetwork
    vocabulary: Vocabulary


def base_model() -> Path:
    """The file of the base model."""
    return Path(str(files("neonym.models") / "base.npz"))


def load_start(name: str) -> Start:
    """The model to begin from.

    Parameters
    ----------
    name
        `base`, or the path of a model file; of a mixture the first network counts.

    Raises
    ------
    UserError
        As `neonym.models.model_file.load_model`.
    """
    path = base_model() if name == BASE else Path(name)
    model = load_model(path)
    return Start(name, sha256_of_file(path), model.network, model.vocabulary)


def transplant(start: Start, network: RecurrentNetwork, vocabulary: Vocabulary) -> None:
    """Give a network the weights of a trained one, letter by letter.

    Letters that the trained one does not know keep the weights that the network has, and are at
    first as improbable as its rarest; letters that the vocabulary lacks are left behind.

    Parameters
    ----------
    start
        The trained model.
    network
        Of the same architecture but for the number of letters; changed in place.
    vocabulary
        The letters, or words, of the network.

    Raises
    ------
    UserError
        If the architectures differ, or letters would become words.
    """
    _check(start, network, vocabulary)
    place = {symbol: row for row, symbol in enumerate(start.vocabulary.symbols)}
    shared = [row for row, symbol in enumerate(vocabulary.symbols) if symbol in place]
    before = [place[vocabulary.symbols[row]] for row in shared]
    one_hot = network.options["embedding_size"] is None
    learned, parameters = start.network.state_dict(), network.state_dict()
    for name, array in parameters.items():
        if name == "rnn.weight_ih_l0" and one_hot:
            array[:, shared] = learned[name][:, before]
        elif name in OF_LETTERS:
            if name == "head.bias":
                array[:] = learned[name].min()
            array[shared] = learned[name][before]
        else:
            array[...] = learned[name]
    network.load_state_dict(parameters)


def _check(start: Start, network: RecurrentNetwork, vocabulary: Vocabulary) -> None:
    for key, was in start.network.options.items():
        now = network.options[key]
        if key in OF_ARCHITECTURE and now != was:
            raise UserError(
                f"model.{key} is {json.dumps(now)}, but train.start_from={start.name} has "
                f"{json.dumps(was)}; set model.{key}={json.dumps(was)}"
            )
    if start.vocabulary.unit != vocabulary.unit:
        raise UserError(
            f"data.unit is {vocabulary.unit}, but train.start_from={start.name} knows "
            f"{start.vocabulary.unit}s; set data.unit={start.vocabulary.unit}, or train.start_from="
            "null"
        )
