"""One training step on several processors.

Each process works on a part of the batch. Threads would be less code, but a time step is dozens of
NumPy calls that take microseconds, and at each of them the threads would wait for the interpreter's
lock. The parts' gradients are added in a fixed order: the result depends on the number of shards,
never on which was faster.
"""

import json
import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from neonym.nn import shard_process
from neonym.nn.network import RecurrentNetwork
from neonym.nn.packing import PackedSequences
from neonym.nn.shard_memory import Task, make_memory, map_memory

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""In the environment of the other processes: each has a processor, and no more."""

SOURCE = str(Path(__file__).parents[2])
"""Where the other processes find this package."""

PROGRAM = f"import sys; from {shard_process.__name__} import main; main(*map(int, sys.argv[1:]))"
"""What they run; its arguments are those of `main`."""


class Shards:
    """Computes a network's loss and gradients with a process for each part of the batch.

    The first part is computed here. The other processes start with the first batch that has a part
    for them, in a fraction of a second, and end with `close`, or when this process ends. Use it as
    a context manager, or call `close`. Worth it from about 128 hidden units on; let the linear
    algebra library have one thread.

    Parameters
    ----------
    network : RecurrentNetwork
        Whose `gradients` are filled.
    count : int
        Number of shards, and of processes.

    Raises
    ------
    ValueError
        If `count` is not positive.
    """

    def __init__(self, network: RecurrentNetwork, count: int) -> None:
        if count < 1:
            raise ValueError(f"count is {count}, expected a positive integer")
        self.network, self.count = network, count
        gradients, self._run = network.new_run()
        self._gradients = gradients.flat
        self._others: list[_Process] = []
        self._file, self._memory = -1, np.empty((0, 0), dtype=network.dtype)

    def forward_backward(
        self, batch: PackedSequences, generator: np.random.Generator | None = None
    ) -> float:
        """As `RecurrentNetwork.forward_backward`; each shard draws masks from its own stream.

        Raises
        ------
        RuntimeError
            If another process failed, or ended.
        """
        self.network.check_batch(batch)
        parts = batch.split(self.count)
        seeds: list[int | None] = [None] * len(parts)
        if generator is not None:
            seeds = generator.integers(2**63, size=len(parts)).tolist()
        others = self._others_for(parts)
        for other, part, seed in zip(others, parts[1:], seeds[1:], strict=True):
            other.begin(Task(part, seed, batch.num_tokens))
        nats = Task(parts[0], seeds[0], batch.num_tokens).run(self._run)
        total = self.network.gradients
        total[...] = self._gradients
        for place, other in enumerate(others, 1):
            nats += other.end()
            total += self._memory[place]
        return nats / batch.num_tokens

    def _others_for(self, parts: list[PackedSequences]) -> list["_Process"]:
        """The processes for all parts but the first, with the present parameters before them."""
        if len(parts) == 1:
            return []
        if self._file < 0:
            self._file = make_memory(self.count, self.network.parameters)
            self._memory = map_memory(self._file, self.count, self.network)
        while len(self._others) < len(parts) - 1:
            place = len(self._others) + 1
            self._others.append(_Process(self.network, self._file, self.count, place))
        self._memory[0] = self.network.parameters
        return self._others[: len(parts) - 1]

    def close(self) -> None:
        """End the processes."""
        for other in self._others:
            other.close()
        self._others = []
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Process:
    """Another process, and the pipe to it; it ends when the pipe is closed from this side."""

    def __init__(self, network: RecurrentNetwork, memory: int, count: int, place: int) -> None:
        self._pipe, theirs = Pipe()
        path = os.pathsep.join(filter(None, (SOURCE, os.environ.get("PYTHONPATH"))))
        numbers = map(str, (theirs.fileno(), memory, count, place))
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *numbers],
            pass_fds=(theirs.fileno(), memory),
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._pipe.send_bytes(json.dumps(network.options).encode())

    def begin(self, task: Task) -> None:
        """Hand over a part of the batch."""
        try:
            self._pipe.send_bytes(task.to_bytes())
        except OSError:
            raise self._dead() from None

    def end(self) -> float:
        """Wait for the sum of the part's nats; its gradients lie in the shared memory then."""
        try:
            return float(np.frombuffer(self._pipe.recv_bytes(), dtype=np.float64)[0])
        except (EOFError, OSError):
            raise self._dead() from None

    def _dead(self) -> RuntimeError:
        status = self._process.wait()
        return RuntimeError(f"a shard's process ended with status {status}; its own error is above")

    def close(self) -> None:
        """Close the pipe, at which the process ends, and wait for that."""
        self._pipe.close()
        self._process.wait()
