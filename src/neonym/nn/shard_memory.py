"""What the processes of `neonym.nn.shards` hand to each other.

Parameters and gradients lie in memory that they share, a row of it each: the parameters, then the
gradients of the second shard, of the third, and so on. Batches go through pipes.
"""

import mmap
import os
import tempfile
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.memory import CACHE_LINE
from neonym.nn.network import RecurrentNetwork
from neonym.nn.packing import Output, PackedSequences
from neonym.nn.propagation import Run

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (the file there has no name)
"""A file system in memory, on Linux."""

NO_SEED = -1
"""In a message: there is no dropout."""


def make_memory(rows: int, parameters: Floats) -> int:
    """Descriptor of a new file without a name, for so many vectors of the parameters' size."""
    size = rows * _bytes_of_row(parameters)
    if IN_MEMORY.is_dir():
        with suppress(OSError), tempfile.TemporaryFile(dir=IN_MEMORY) as file:
            # Reserve it now: where a container has too little, a later write would kill the process
            os.posix_fallocate(file.fileno(), 0, size)
            return os.dup(file.fileno())
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        return os.dup(file.fileno())


def map_memory(file: int, rows: int, network: RecurrentNetwork) -> Floats:
    """The vectors in such a file, shape (rows, parameters), each at the start of a cache line."""
    memory = mmap.mmap(file, rows * _bytes_of_row(network.parameters))
    whole = np.frombuffer(memory, dtype=network.dtype).reshape(rows, -1)
    return whole[:, : network.parameters.size]


def _bytes_of_row(parameters: Floats) -> int:
    return -(-parameters.nbytes // CACHE_LINE) * CACHE_LINE


class Task(NamedTuple):
    """A part of a batch, and what its gradients depend on besides."""

    part: PackedSequences
    seed: int | None
    """Of the dropout masks; None for no dropout."""
    total: int
    """Number of targets of the whole batch."""

    def run(self, run: Run) -> float:
        """Compute the gradients; the sum of the part's nats."""
        generator = None if self.seed is None else np.random.default_rng(self.seed)
        return run.forward_backward(self.part, generator, self.total)[0]

    def to_bytes(self) -> bytes:
        """As 64-bit integers, which `from_bytes` reads."""
        part = self.part
        arrays = (part.inputs, part.targets, part.batch_sizes, part.order)
        seed = NO_SEED if self.seed is None else self.seed
        head = [self.total, seed, part.output == "last", *map(len, arrays)]
        return np.concatenate([head, *arrays]).astype(np.int64).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote."""
        values = np.frombuffer(data, dtype=np.int64)
        total, seed, is_last, *lengths = values[:7].tolist()
        ends = [7, *(7 + end for end in accumulate(lengths))]
        inputs, targets, sizes, order = (values[a:b] for a, b in pairwise(ends))
        output: Output = "last" if is_last else "all"
        part = PackedSequences(inputs, targets, sizes, order, output)
        return cls(part, None if seed == NO_SEED else seed, total)
