"""Recurrent networks in plain NumPy: small, proven gradient by gradient, and fast on a CPU.

Read `packing`, then `rnn`, `propagation` and `network`; the rest is detail.
"""

from neonym.nn.architecture import Architecture
from neonym.nn.bounds import Bounds
from neonym.nn.cells import CELLS, Cell
from neonym.nn.clipping import clip_by_norm, clip_by_value
from neonym.nn.gradcheck import gradcheck
from neonym.nn.network import RecurrentNetwork
from neonym.nn.optimizers import (
    OPTIMIZERS,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RmsProp,
    Sgd,
    make_optimizer,
)
from neonym.nn.packing import START_END, PackedSequences, pack
from neonym.nn.sequences import TokenSequences
from neonym.nn.shards import Shards
from neonym.nn.state import State

__all__ = [
    "CELLS",
    "OPTIMIZERS",
    "START_END",
    "Adagrad",
    "Adam",
    "AdamW",
    "Architecture",
    "Bounds",
    "Cell",
    "Optimizer",
    "PackedSequences",
    "RecurrentNetwork",
    "RmsProp",
    "Sgd",
    "Shards",
    "State",
    "TokenSequences",
    "clip_by_norm",
    "clip_by_value",
    "gradcheck",
    "make_optimizer",
    "pack",
]
