"""One training step on several threads.

NumPy lets go of the interpreter in products and elementwise operations, so threads that each work
on a part of the batch run side by side. The parts' gradients are added in a fixed order: the
result depends on the number of shards, never on which thread was faster.
"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Self

import numpy as np

from neonym.nn.network import RecurrentNetwork
from neonym.nn.packing import PackedSequences


class Shards:
    """Computes a network's loss and gradients with a thread for each part of the batch.

    Use it as a context manager, or call `close`. Worth it from about 128 hidden units on; let the
    linear algebra library have one thread.

    Parameters
    ----------
    network : RecurrentNetwork
        Whose `gradients` are filled.
    count : int
        Number of shards, and of threads.

    Raises
    ------
    ValueError
        If `count` is not positive.
    """

    def __init__(self, network: RecurrentNetwork, count: int) -> None:
        if count < 1:
            raise ValueError(f"count is {count}, expected a positive integer")
        self.network, self.count = network, count
        self._runs = [network.new_run() for _ in range(count)]
        self._pool = ThreadPoolExecutor(count)

    def forward_backward(
        self, batch: PackedSequences, generator: np.random.Generator | None = None
    ) -> float:
        """As `RecurrentNetwork.forward_backward`; each shard draws masks from its own stream."""
        self.network.check_batch(batch)
        parts = batch.split(self.count)
        seeds = None if generator is None else generator.integers(2**63, size=len(parts))

        def work(shard: int) -> float:
            part, (_, run) = parts[shard], self._runs[shard]
            own = None if seeds is None else np.random.default_rng(seeds[shard])
            return run.forward_backward(part, own, batch.num_tokens)[0]

        # How NumPy treats overflow is part of a context, which threads do not share
        contexts = [copy_context() for _ in parts]
        nats = list(self._pool.map(lambda i: contexts[i].run(work, i), range(len(parts))))
        total = self.network.gradients
        total[...] = self._runs[0][0]
        for gradients, _ in self._runs[1 : len(parts)]:
            total += gradients
        return sum(nats) / batch.num_tokens

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
