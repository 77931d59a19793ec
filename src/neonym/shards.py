"""The gradient of a batch in parts, each on a thread of its own.

How many parts there are decides the order of the sums, so it belongs to the configuration; how many
processors work on them does not matter.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym.nn import PackedSequences, RecurrentNetwork


class ShardedGradient:
    """Computes loss and gradient of a batch in equal parts at the same time.

    Parameters
    ----------
    network
        Gets the gradient. The first part is its own; the others are computed by copies of it.
    count
        Number of parts, at least 1.
    """

    def __init__(self, network: RecurrentNetwork, count: int) -> None:
        copies = [RecurrentNetwork(**network.options) for _ in range(count - 1)]
        self.networks = [network, *copies]
        # Threads are started when they are needed: none for a single part.
        self._pool = ThreadPoolExecutor(max_workers=max(1, count - 1))

    def forward_backward(
        self, sequences: Sequence[NDArray[np.integer[Any]]], dropout: Sequence[np.random.Generator]
    ) -> tuple[float, int]:
        """Loss of a batch, and its number of targets; the gradient is the network's afterwards.

        Parameters
        ----------
        sequences
            Token ids of each name of the batch.
        dropout
            A random generator for each part.
        """
        count = len(self.networks)
        parts = [sequences[part::count] for part in range(count) if part < len(sequences)]
        batches = [self.networks[0].pack(part) for part in parts]
        others = [
            # A thread does not inherit how numbers that overflow are treated.
            self._pool.submit(copy_context().run, self._run_copy, number, batch, dropout[number])
            for number, batch in enumerate(batches[1:], start=1)
        ]
        losses = [self.networks[0].forward_backward(batches[0], dropout[0])]
        losses += [other.result() for other in others]
        return self._sum(losses, [batch.num_tokens for batch in batches])

    def _run_copy(self, number: int, batch: PackedSequences, dropout: np.random.Generator) -> float:
        network = self.networks[number]
        network.parameters[...] = self.networks[0].parameters
        return network.forward_backward(batch, dropout)

    def _sum(self, losses: Sequence[float], tokens: Sequence[int]) -> tuple[float, int]:
        """Means over all targets from those of the parts, always added in the same order."""
        total = sum(tokens)
        shares = [count / total for count in tokens]
        gradients = self.networks[0].gradients
        if len(tokens) > 1:
            gradients *= shares[0]
        for network, share in list(zip(self.networks, shares, strict=False))[1:]:
            network.gradients *= share
            gradients += network.gradients
        return sum(loss * share for loss, share in zip(losses, shares, strict=True)), total

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
