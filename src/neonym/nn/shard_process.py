"""A process that computes the gradients of one shard of each batch; started by `Shards`.

    python -m neonym.nn.shard_process PIPE MEMORY COUNT PLACE

The arguments are the descriptors of a pipe and of the shared memory, the number of its rows and the
row that is written here.
"""

import json
import signal
import sys
from multiprocessing.connection import Connection

import numpy as np

from neonym.nn.network import RecurrentNetwork
from neonym.nn.shard_memory import Task, map_memory


def main() -> None:
    """Work until the other side closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    descriptor, file, count, place = map(int, sys.argv[1:])
    pipe = Connection(descriptor)
    network = RecurrentNetwork(**json.loads(pipe.recv_bytes()))
    memory = map_memory(file, count, network)
    gradients, run = network.new_run()
    # What overflows is said once, by the side that adds up
    with np.errstate(all="ignore"):
        while True:
            try:
                task = Task.from_bytes(pipe.recv_bytes())
            except (EOFError, OSError):
                return
            network.parameters[...] = memory[0]
            nats = task.run(run)
            memory[place] = gradients
            pipe.send_bytes(np.float64(nats).tobytes())


if __name__ == "__main__":
    main()
