"""The processes that compute shards, seen from the one that started them."""

import json
import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import numpy as np

from neonym.nn import shard_process
from neonym.nn.arrays import Floats
from neonym.nn.network import RecurrentNetwork
from neonym.nn.shard_memory import Task, make_memory, map_memory

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""In the environment of the other processes: each has a processor, and no more."""

SOURCE = str(Path(__file__).parents[2])
"""Where the other processes find this package."""

PROGRAM = f"import sys; from {shard_process.__name__} import main; main(*map(int, sys.argv[1:]))"
"""What they run; its arguments are those of `main`."""


class ShardPool:
    """Processes that each compute a part of a batch, and the memory that they share.

    Parameters
    ----------
    network : RecurrentNetwork
        Whose parameters they take.
    count : int
        Number of shards; one of them is no process's.

    Raises
    ------
    OSError
        If there is no memory to share.
    """

    def __init__(self, network: RecurrentNetwork, count: int) -> None:
        self._network, self._count = network, count
        self._file = make_memory(count, network.parameters)
        self._memory = map_memory(self._file, count, network)
        self._started: list[ShardProcess] = []

    def take(self, number: int) -> list["ShardProcess"]:
        """So many processes, with the network's present parameters before them.

        Raises
        ------
        OSError
            If one cannot be started.
        """
        while len(self._started) < number:
            place = len(self._started) + 1
            self._started.append(
                ShardProcess(self._network, self._file, self._count, place, self._memory[place])
            )
        self._memory[0] = self._network.parameters
        return self._started[:number]

    def close(self) -> None:
        """End the processes."""
        for process in self._started:
            process.close()
        os.close(self._file)


class ShardProcess:
    """Another process, and the pipe to it; it ends when the pipe is closed from this side."""

    def __init__(
        self, network: RecurrentNetwork, memory: int, count: int, place: int, gradients: Floats
    ) -> None:
        self.gradients = gradients
        self._pipe, theirs = Pipe()
        path = os.pathsep.join(filter(None, (SOURCE, os.environ.get("PYTHONPATH"))))
        numbers = map(str, (theirs.fileno(), memory, count, place))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *numbers],
                pass_fds=(theirs.fileno(), memory),
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
            )
        except OSError:
            self._pipe.close()
            raise
        finally:
            theirs.close()
        self._pipe.send_bytes(json.dumps(network.options).encode())

    def begin(self, task: Task) -> None:
        """Hand over a part of the batch."""
        try:
            self._pipe.send_bytes(task.to_bytes())
        except OSError:
            raise self._dead() from None

    def end(self) -> float:
        """Wait for the sum of the part's nats; `gradients` are its own then."""
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
