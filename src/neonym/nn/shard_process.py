"""What a process does that computes the gradients of one shard of each batch, for `Shards`."""

import json
import signal
from multiprocessing.connection import Connection

import numpy as np

from neonym.nn.network import RecurrentNetwork
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
    pipe = Connection(descriptor)
    network = RecurrentNetwork(**json.loads(pipe.recv_bytes()))
    memory = map_memory(file, count, network)
    gradients, run = network.new_run()
    # The side that adds up warns of an overflow; once is enough
    with np.errstate(all="ignore"):
        while True:
            try:
                message = pipe.recv_bytes()
            except (EOFError, OSError):
                return
            place, task = int(np.frombuffer(message, np.int64, 1)[0]), Task.from_bytes(message[8:])
            network.parameters[...] = memory[0]
            nats = task.run(run)
            memory[place] = gradients.flat
            pipe.send_bytes(np.float64(nats).tobytes())
