"""Recurrent networks in plain NumPy: small, proven gradient by gradient, and fast on a CPU.

To read it from the bottom up:

- `sequences`, `packing`, `layout`: a batch of names becomes rows, time step by time step
- `cells`: the vanilla cell, the GRU and the LSTM, a file each; start with `cells.rnn`
- `embedding`, `dropout`, `head`, `loss`: what is before and after the recurrent layers
- `propagation`: forward and backward through all of it
- `architecture`, `parameters`, `matrices`, `initialization`: from options to drawn parameters
- `stepping`: one step after the other, without gradients; `state` is what passes between them
- `network`: `RecurrentNetwork`, what other code uses
- `likelihood`, `gradcheck`: exact probabilities of names, and the proof of the gradients
- `input_gradients`: how what is predicted depends on each input before it
- `clipping`, `optimizers`: from gradients to new parameters
- `shards`, `shard_pool`, `shard_memory`, `shard_arrival`, `shard_process`: one training step on
  several processors
- `background`, `row_chunks`: what a second thread does beside the recurrence
- `memory`, `products`, `rows`: what makes it fast; `arrays` and `bounds` are types
"""

from neonym.nn.architecture import Architecture
from neonym.nn.bounds import Bounds
from neonym.nn.cells import CELLS, Cell
from neonym.nn.clipping import clip_by_norm, clip_by_value
from neonym.nn.gradcheck import gradcheck
from neonym.nn.input_gradients import input_gradients
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
    "input_gradients",
    "make_optimizer",
    "pack",
]
