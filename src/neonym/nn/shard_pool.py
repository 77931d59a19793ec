"""The processes that compute shards, seen from the one that started them."""

import errno
import json
import os
import subprocess
import sys
from collections import deque
from multiprocessing import Pipe
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neonym.nn import shard_process
from neonym.nn.arrays import Floats
from neonym.nn.network import RecurrentNetwork
from neonym.nn.shard_arrival import Arrival
from neonym.nn.shard_memory import Task, make_memory, map_memory

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""In the environment of the other processes: each has a processor, and no more."""

SOURCE = str(Path(__file__).parents[2])
"""Where the other processes find this package."""

PROGRAM = f"import sys; from {shard_process.__name__} import main; main(*map(int, sys.argv[1:]))"
"""What they run; its arguments are those of `main`."""


class ShardPool:
    """Processes that compute parts of a batch, and the memory that they share.

    Parameters
    ----------
    network : RecurrentNetwork
        Whose parameters they take.
    count : int
        Number of shards.
    processes : int
        How many processes they are dealt to; to the first of them, which is this one, every n-th.

    Raises
    ------
    OSError
        If there is no memory to share, or none that processes started from here can be given.
    """

    def __init__(self, network: RecurrentNetwork, count: int, processes: int) -> None:
        if sys.platform == "win32":  # where no open file can be handed to a process
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        self._network, self._count, self._processes = network, count, processes
        self._file = make_memory(count, network.parameters)
        self._memory = map_memory(self._file, count, network)
        self._started: list[ShardProcess] = []

    def take(self, number: int) -> dict[int, "ShardPart"]:
        """Who computes parts 1 to `number`, those of this process left out.

        They have the network's present parameters before them.

        Raises
        ------
        OSError
            If one cannot be started.
        """
        while len(self._started) < min(number, self._processes - 1):
            self._started.append(ShardProcess(self._network, self._file, self._count))
        self._memory[0] = self._network.parameters
        places = (place for place in range(1, number + 1) if place % self._processes)
        return {
            place: ShardPart(self._started[place % self._processes - 1], place, self._memory[place])
            for place in places
        }

    def close(self) -> None:
        """End the processes."""
        for process in self._started:
            process.close()
        os.close(self._file)


class ShardPart(NamedTuple):
    """A part of the batch that a process computes, and where its gradients will lie."""

    process: "ShardProcess"
    place: int
    gradients: Floats

    def begin(self, task: Task) -> None:
        """Hand it over."""
        self.process.begin(self.place, task)

    def end(self) -> float:
        """Wait for the sum of its nats."""
        return self.process.end()


class ShardProcess:
    """Another process, and the pipe to it; it ends when the pipe is closed from this side."""

    def __init__(self, network: RecurrentNetwork, memory: int, count: int) -> None:
        self._waiting: deque[bytes] = deque()
        self._working = False
        self._pipe, theirs = Pipe()
        self._arrival = Arrival(self._pipe.fileno())
        path = os.pathsep.join(filter(None, (SOURCE, os.environ.get("PYTHONPATH"))))
        numbers = map(str, (theirs.fileno(), memory, count))
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

    def begin(self, place: int, task: Task) -> None:
        """Hand over a part; it waits here while the one before is computed."""
        # sent at once it could fill the pipe, and this side would wait
        self._waiting.append(np.int64(place).tobytes() + task.to_bytes())
        if not self._working:
            self._send()

    def _send(self) -> None:
        try:
            self._pipe.send_bytes(self._waiting.popleft())
        except OSError:
            raise self._dead() from None
        self._working = True

    def end(self) -> float:
        """Wait for the sum of the part's nats; its gradients lie in the shared memory then."""
        self._arrival.wait()
        try:
            nats = float(np.frombuffer(self._pipe.recv_bytes(), dtype=np.float64)[0])
        except (EOFError, OSError):
            raise self._dead() from None
        self._working = False
        if self._waiting:
            self._send()
        return nats

    def _dead(self) -> RuntimeError:
        status = self._process.wait()
        return RuntimeError(f"a shard's process ended with status {status}; its own error is above")

    def close(self) -> None:
        """Close the pipe, at which the process ends, and wait for that."""
        self._pipe.close()
        self._process.wait()
