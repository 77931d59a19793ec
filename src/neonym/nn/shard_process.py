"""What a process does that computes the gradients of one shard of each batch, for `Shards`."""

import json
import signal
from multiprocessing.connection import Connection

import numpy as np

from neonym.nn.network import RecurrentNetwork
from neonym.nn.shard_arrival import Arrival
from neonym.nn.shard_memory import Task, map_memory


def main(descriptor: int, file: int, count: int) -> None:
    """Work until the other side closes the pipe.

    Parameters
    ----------
    descriptor, file : int
        Descriptors of the pipe and of the shared memory.
    count : int
        Number of the memory's rows.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    pipe, arrival = Connection(descriptor), Arrival(descriptor)
    network = RecurrentNetwork(**json.loads(pipe.recv_bytes()))
    memory = map_memory(file, count, network)
    # Parameters are read, and gradients written, where the other side writes and reads them
    runs = [network.new_run(row, parameters=memory[0])[1] for row in memory[1:]]
    runs = [run._replace(workspace=runs[0].workspace) for run in runs]
    # The side that adds up warns of an overflow; once is enough
    with np.errstate(all="ignore"):
        while True:
            arrival.wait()
            try:
                message = pipe.recv_bytes()
            except (EOFError, OSError):
                return
            place, task = int(np.frombuffer(message, np.int64, 1)[0]), Task.from_bytes(message[8:])
            nats = task.run(runs[place - 1])
            pipe.send_bytes(np.float64(nats).tobytes())
