"""A mixture as arrays and plain values, for its file; what is read is checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.base.archive import Arrays
from neonym.models.mixture import Mixture
from neonym.models.ngram import WittenBell, fit
from neonym.nn import RecurrentNetwork

MOST_NETWORKS = 64
HIGHEST_ORDER = 8
COUNTED = "ngram.counted"  # the array of what the n-gram has counted


def mixture_to_arrays(mixture: Mixture) -> tuple[Arrays, dict[str, Any]]:
    """Arrays by name, and what is to be known beside them.

    An n-gram is stored as the sequences that it has counted, each with the end token behind it.
    """
    arrays = {
        f"{number}.{name}": array
        for number, network in enumerate(mixture.networks)
        for name, array in network.state_dict().items()
    }
    order = None
    if mixture.ngram is not None:
        order = mixture.ngram.order
        # What stands behind no context at all is every token counted, in the order of counting.
        arrays[COUNTED] = mixture.ngram.levels[0].followers.astype(np.int32)
    weight = mixture.ngram_weight
    return arrays, {"networks": len(mixture.networks), "order": order, "ngram_weight": weight}


def mixture_from_arrays(
    arrays: Arrays,
    values: Any,
    read_network: Callable[[Arrays], RecurrentNetwork],
    vocabulary_size: int,
) -> Mixture:
    """What `mixture_to_arrays` gave; `read_network` makes a network of its own arrays.

    Raises
    ------
    ValueError
        If it is not that.
    """
    if not isinstance(values, dict):
        raise ValueError("it does not say what is mixed")
    count, weight = values.get("networks"), values.get("ngram_weight")
    if type(count) is not int or not 1 <= count <= MOST_NETWORKS:
        raise ValueError(f"it mixes {count!r} networks")
    if type(weight) is not float or not 0 <= weight <= 1:
        raise ValueError(f"its n-gram has the weight {weight!r}")
    members: list[Arrays] = [{} for _ in range(count)]
    for name, array in arrays.items():
        number, _, own = name.partition(".")
        if number.isdecimal() and int(number) < count:
            members[int(number)][own] = array
        elif name != COUNTED:
            raise ValueError(f"it has an array {name!r} of nothing that is mixed")
    ngram = _ngram(arrays.get(COUNTED), values.get("order"), vocabulary_size)
    return Mixture([read_network(member) for member in members], ngram, weight)


def _ngram(counted: NDArray[Any] | None, order: Any, vocabulary_size: int) -> WittenBell | None:
    if counted is None and order is None:
        return None
    if type(order) is not int or not 1 <= order <= HIGHEST_ORDER or counted is None:
        raise ValueError(f"its n-gram has the order {order!r}")
    sound = counted.dtype == np.int32 and counted.ndim == 1 and len(counted)
    if not sound or counted[-1] != 0 or not 0 <= counted.min() <= counted.max() < vocabulary_size:
        raise ValueError("its n-gram has not counted sequences of known tokens")
    ends = np.flatnonzero(counted == 0)
    return fit([ids[:-1] for ids in np.split(counted, ends[:-1] + 1)], vocabulary_size, order)
