"""Optimizers: rules that turn gradients into changes of the parameters, in place.

A new optimizer is a file beside these, and its line in `OPTIMIZERS`.
"""

from collections.abc import Sequence
from typing import Any

from neonym.nn.optimizers.adagrad import Adagrad
from neonym.nn.optimizers.adam import Adam
from neonym.nn.optimizers.adamw import AdamW
from neonym.nn.optimizers.rmsprop import RmsProp
from neonym.nn.optimizers.rule import EVERYWHERE, Optimizer
from neonym.nn.optimizers.sgd import Sgd

__all__ = [
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RmsProp",
    "Sgd",
    "make_optimizer",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "adagrad": Adagrad,
    "rmsprop": RmsProp,
    "adam": Adam,
    "adamw": AdamW,
}


def make_optimizer(
    name: str, *, decayed: Sequence[slice] = EVERYWHERE, **hyperparameters: Any
) -> Optimizer:
    """The optimizer of this name.

    Parameters
    ----------
    name : str
        A key of `OPTIMIZERS`.
    decayed : sequence of slice, default everywhere
        Where in the parameters weight decay acts, if the optimizer has any; usually
        `RecurrentNetwork.decayed`.
    **hyperparameters
        Of the optimizer; see its class.

    Returns
    -------
    Optimizer
        That has taken no step yet.

    Raises
    ------
    ValueError
        If there is no such optimizer, or a hyperparameter is out of its range.
    """
    if name not in OPTIMIZERS:
        known = ", ".join(map(repr, OPTIMIZERS))
        raise ValueError(
            f"optimizer is {name!r}, expected one of {known}, which neonym.nn.optimizers registers"
        )
    optimizer = OPTIMIZERS[name](**hyperparameters)
    optimizer.decayed = decayed
    return optimizer
