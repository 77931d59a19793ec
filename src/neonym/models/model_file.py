"""The file of a trained model: weights, vocabulary, and what they were trained with."""

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neonym.base.archive import Arrays, read_archive, write_archive
from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.known_names import HASH_TYPES, Hashes, hashes
from neonym.models.mixture import Mixture
from neonym.models.mixture_arrays import mixture_from_arrays, mixture_to_arrays
from neonym.nn import Architecture, RecurrentNetwork

KIND = "neonym model"
VERSION = 1  # of a file with one network
MIXTURE_VERSION = 2
KNOWING_VERSION = 3  # of either, with the hashes of the names that it learned from
VERSIONS = (VERSION, MIXTURE_VERSION, KNOWING_VERSION)
KNOWN = "known"  # the array of these
HALF = "float16"
REMEDY = "make one with `neonym learn`, in a project with `dvc repro`, or name another with --model"
MOST_TOKENS = 10_000  # that data.max_length allows; names are drawn up to twice the longest
REQUIRED = {"longest": int, "lowercase": bool}


class Model(NamedTuple):
    """What a model file holds.

    `metadata` is plain values: `longest`, the tokens of the longest name of the corpus;
    `lowercase`, whether names are lower-cased; and whatever else was saved, such as
    `configuration`. Where there is a `mixture`, the network is the first of its members. `known`
    are the hashes of the names that it learned from (`neonym.models.known_names`); files of 0.1.0
    have none.
    """

    network: RecurrentNetwork
    vocabulary: Vocabulary
    metadata: dict[str, Any]
    mixture: Mixture | None
    known: Hashes | None


class Contents(NamedTuple):
    """What a model file holds, whatever its format: arrays by name beside one JSON document."""

    arrays: Arrays
    document: dict[str, Any]


def save_model(
    path: Path,
    model: RecurrentNetwork | Mixture,
    vocabulary: Vocabulary,
    metadata: Mapping[str, Any],
    known: Sequence[str] | Hashes | None = None,
    *,
    half: bool = False,
) -> None:
    """Write a model, whole or not at all; equal models give equal bytes.

    Parameters
    ----------
    path
        Usually ends in `.npz`.
    model
        A network, whose `state_dict` is stored under PyTorch's names, or a mixture of several that
        differ in nothing but their weights.
    vocabulary
        The symbols of its token ids.
    metadata
        Plain values; `longest` (int) and `lowercase` (bool) are required, see `Model`.
    known
        The names that it learned from, in canonical form, or their hashes; only hashes are stored.
    half
        Whether weights are stored in half precision: a file of half the size, of another network
        by a rounding to 11 bits.

    Raises
    ------
    ValueError
        If these do not make a model.
    UserError
        If the file cannot be written.
    """
    arrays, document = to_arrays(model, vocabulary, metadata, known)
    if half:
        document["stored"] = HALF
        arrays |= {
            name: array.astype(HALF) for name, array in arrays.items() if array.dtype.kind == "f"
        }
    write_archive(path, arrays, document)


def to_arrays(
    model: RecurrentNetwork | Mixture,
    vocabulary: Vocabulary,
    metadata: Mapping[str, Any],
    known: Sequence[str] | Hashes | None = None,
) -> Contents:
    """What a file of the model holds; arguments and errors as for `save_model`."""
    network = model.networks[0] if isinstance(model, Mixture) else model
    document = {
        "kind": KIND,
        "version": VERSION,
        "options": network.options,
        "vocabulary": vocabulary.to_json(),
        "metadata": dict(metadata),
    }
    arrays: Arrays = dict(network.state_dict())
    if isinstance(model, Mixture):
        arrays, mixture = mixture_to_arrays(model)
        document |= {"version": MIXTURE_VERSION, "mixture": mixture}
    if known is not None:
        arrays[KNOWN] = known if isinstance(known, np.ndarray) else hashes(known)
        document["version"] = KNOWING_VERSION
    problem = _problem_of(document, len(vocabulary))
    if problem:
        raise ValueError(f"not a model: {problem}")
    return Contents(arrays, document)


def load_model(path: Path) -> Model:
    """The model in a file.

    No pickle is read, and no memory is spent on what a file merely claims to hold.

    Raises
    ------
    UserError
        If there is no such file, it is not a model, it was truncated or altered, or it is of a
        version unknown here.
    """
    return from_arrays(*read_archive(path, "a neonym model", REMEDY), path)


def is_model(path: Path) -> bool:
    """Whether a file holds a model that `load_model` takes."""
    try:
        load_model(path)
    except UserError:
        return False
    return True


def from_arrays(arrays: Arrays, document: Any, path: Path) -> Model:
    """The model that `to_arrays` made these of; errors, which name the path, as of `load_model`."""
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise UserError(f"{path} is not a neonym model; {REMEDY}")
    version = document.get("version")
    if version not in VERSIONS:
        raise UserError(
            f"{path} is a model of version {version!r}, this neonym reads versions {VERSION} to "
            f"{KNOWING_VERSION}; use the neonym that wrote it"
        )
    vocabulary = Vocabulary.from_json(document.get("vocabulary"), f"{path}: its vocabulary")
    problem = _problem_of(document, len(vocabulary))
    if problem:
        raise UserError(f"{path} is not a neonym model ({problem}); {REMEDY}")
    mixture = None
    knows = version == KNOWING_VERSION
    is_mixture = "mixture" in document if knows else version == MIXTURE_VERSION
    try:
        known = _known(arrays.pop(KNOWN, None)) if knows else None
        if document.get("stored") == HALF:
            arrays = _in_full(arrays, document["options"])
        if not is_mixture:
            network = _network(document["options"], arrays)
        else:
            read = partial(_network, document["options"])
            mixture = mixture_from_arrays(arrays, document.get("mixture"), read, len(vocabulary))
            network = mixture.networks[0]
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{path} is not a neonym model ({error}); {REMEDY}") from None
    return Model(network, vocabulary, document["metadata"], mixture, known)


def _problem_of(document: Mapping[str, Any], symbols: int) -> str | None:
    options, metadata = document.get("options"), document.get("metadata")
    if not isinstance(options, dict) or not isinstance(metadata, dict):
        return "it needs options and metadata"
    if options.get("vocabulary_size") != symbols:
        size = options.get("vocabulary_size")
        return f"a network for {size!r} symbols, a vocabulary of {symbols}"
    for key, kind in REQUIRED.items():
        if type(metadata.get(key)) is not kind:
            return f"its metadata need {key}, of type {kind.__name__}"
    if not 1 <= metadata["longest"] <= MOST_TOKENS:
        return f"its longest name has {metadata['longest']} tokens"
    return None


def _known(array: np.ndarray[Any, Any] | None) -> Hashes:
    if array is None or array.dtype not in HASH_TYPES or array.ndim != 1:
        raise ValueError("it does not hold the hashes of its names")
    if not (array[1:] > array[:-1]).all():
        raise ValueError("the hashes of its names are not in order")
    return array


def _in_full(arrays: Arrays, options: dict[str, Any]) -> Arrays:
    """Arrays that are stored in half precision, in that of the network."""
    if any(array.dtype != HALF for array in arrays.values()):
        raise ValueError("its arrays are not in half precision, as it says")
    dtype = Architecture(**(_default_options() | options)).dtype
    return {name: array.astype(dtype) for name, array in arrays.items()}


def _network(options: dict[str, Any], arrays: Arrays) -> RecurrentNetwork:
    """The network, built only where its size is that of the arrays at hand."""
    options = _default_options() | options
    architecture = Architecture(**options)
    if architecture.num_layers > len(arrays):
        raise ValueError(f"{architecture.num_layers} layers of {len(arrays)} arrays")
    if architecture.parameter_shapes() != {name: array.shape for name, array in arrays.items()}:
        raise ValueError("its arrays are not those of its options")
    network = RecurrentNetwork(**options)
    network.load_state_dict(arrays)
    if any(array.dtype != np.dtype(network.dtype) for array in arrays.values()):
        raise ValueError("its arrays are of another type than its options say")
    return network


def _default_options() -> dict[str, Any]:
    """What options have that a network's file does not name, being older than they are."""
    parameters = inspect.signature(RecurrentNetwork).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty and parameter.name != "seed"
    }
