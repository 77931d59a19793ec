"""A model as the page carries it: a header of plain values, and the bytes of all arrays.

`page/engine/payload.js` reads it. Weights are single precision. Where it is shorter, the first
layer's weights and the embedding are one table of what each token gives, W_ih x + b.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.corpus.capitals import WAYS
from neonym.models.mixture_arrays import COUNTED
from neonym.models.model_file import KNOWN, Model
from neonym.nn import CELLS, RecurrentNetwork

Array = NDArray[Any]
ALIGNMENT = 8
NEW_GATE = slice(-1, None)  # the GRU's, the last in PyTorch's order


class Payload(NamedTuple):
    """What the page carries."""

    header: dict[str, Any]
    content: bytes


def payload(model: Model, title: str, listed: Sequence[str] | None) -> Payload:
    """A model for the page.

    Parameters
    ----------
    model
        What is exported.
    title
        What the page is called.
    listed
        The names that were learned from, in canonical form, if they are to be in the page.
    """
    mixture, metadata = model.mixture, model.metadata
    networks = mixture.networks if mixture else (model.network,)
    arrays = {
        f"{number}.{name}": array
        for number, network in enumerate(networks)
        for name, array in network_arrays(network).items()
    }
    ngram = None
    if mixture and mixture.ngram is not None and mixture.ngram_weight > 0:
        ngram = {"order": mixture.ngram.order, "weight": mixture.ngram_weight}
        counted = mixture.ngram.levels[0].followers
        fits = mixture.vocabulary_size <= np.iinfo(np.uint16).max
        arrays[COUNTED] = counted.astype(np.uint16 if fits else np.uint32)
    if model.known is not None:
        wide = model.known.dtype.newbyteorder("<")
        arrays[KNOWN] = model.known.astype(wide).view("<u4")  # of two halves the low one first
    places, content = _laid_out(arrays)
    header = {
        "title": title,
        "neonym": version("neonym"),
        **model.vocabulary.to_json(),
        "lowercase": metadata["lowercase"],
        "longest": metadata["longest"],
        "capitals": capitals if (capitals := metadata.get("capitals")) in WAYS else None,
        "known": None if model.known is None else len(model.known),
        "networks": [_spec(network) for network in networks],
        "ngram": ngram,
        "list": None if listed is None else list(listed),
        "sha256": hashlib.sha256(content).hexdigest(),
        "arrays": places,
    }
    return Payload(header, content)


def network_arrays(network: RecurrentNetwork) -> dict[str, Array]:
    """The arrays of a network as the page's engine multiplies with them."""
    state = network.state_dict()
    arrays: dict[str, Array | None] = {}
    for layer in range(network.num_layers):
        bias, new_bias = _biases(state, layer, network.architecture.cell)
        arrays |= {
            f"weight_ih_l{layer}": state[f"rnn.weight_ih_l{layer}"],
            f"weight_hh_l{layer}": state[f"rnn.weight_hh_l{layer}"],
            f"bias_l{layer}": bias,
            f"new_bias_l{layer}": new_bias,
            f"h0_l{layer}": state.get(f"rnn.h0_l{layer}"),
            f"c0_l{layer}": state.get(f"rnn.c0_l{layer}"),
        }
    arrays |= {
        "embedding": state.get("embedding.weight"),
        "head": state["head.weight"],
        "head_bias": state.get("head.bias"),
    }
    found = {name: array for name, array in arrays.items() if array is not None}
    return {name: array.astype(np.float32) for name, array in _with_table(found).items()}


def _with_table(arrays: dict[str, Array]) -> dict[str, Array]:
    """With a table of what each token gives the first layer, where that is shorter."""
    weight, bias = arrays["weight_ih_l0"], arrays.get("bias_l0")
    table = weight.T.astype(np.float64)  # (inputs, gates * hidden): of each token where one-hot
    if "embedding" in arrays:
        embedding = arrays["embedding"].astype(np.float64)
        if len(embedding) * len(weight) > embedding.size + weight.size:
            return arrays
        table = embedding @ table
    if bias is not None:
        table = table + bias
    replaced = {"weight_ih_l0", "bias_l0", "embedding"}
    rest = {name: array for name, array in arrays.items() if name not in replaced}
    return {"inputs": table} | rest


def _biases(state: Mapping[str, Array], layer: int, cell: str) -> tuple[Array | None, Array | None]:
    """What is added to the input products, and what within the GRU's product with r."""
    first, second = (state.get(f"rnn.bias_{kind}_l{layer}") for kind in ("ih", "hh"))
    if first is None or second is None:
        return first, None
    first, second = first.astype(np.float64), second.astype(np.float64)
    if cell != "gru":
        return first + second, None
    gates = second.reshape(CELLS[cell].gates, -1).copy()
    new_bias = gates[NEW_GATE].ravel().copy()
    gates[NEW_GATE] = 0
    return first + gates.ravel(), new_bias


def _spec(network: RecurrentNetwork) -> dict[str, Any]:
    options = network.architecture
    return {
        "cell": options.cell,
        "nonlinearity": options.nonlinearity,
        "hidden": options.hidden_size,
        "layers": options.num_layers,
    }


def _laid_out(arrays: Mapping[str, Array]) -> tuple[list[dict[str, Any]], bytes]:
    """Where each array lies, and all of them one after another."""
    places, content = [], bytearray()
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        places.append(
            {
                "name": name,
                "type": array.dtype.name,
                "shape": list(array.shape),
                "offset": len(content),
            }
        )
        content += little.tobytes()
        content += bytes(-len(content) % ALIGNMENT)
    return places, bytes(content)
