"""One training step on several processors.

Each process works on a part of the batch. Threads would be less code, but a time step is dozens of
NumPy calls that take microseconds, and at each of them the threads would wait for the interpreter's
lock. The parts' gradients are added in a fixed order: the result depends on the number of shards,
never on how many processes there are, or on which was faster.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.network import RecurrentNetwork
from neonym.nn.packing import PackedSequences
from neonym.nn.propagation import Run
from neonym.nn.shard_memory import Task

if TYPE_CHECKING:
    from neonym.nn.shard_pool import ShardPool


class _Worker(Protocol):
    """Who computes a part of the batch; of several the one that was begun first ends first."""

    @property
    def gradients(self) -> Floats: ...

    def begin(self, task: Task) -> None: ...

    def end(self) -> float: ...


class Shards:
    """Computes a network's loss and gradients part by part, on several processors.

    The first part is computed here, and every n-th where there are n processes, this one among
    them. The other processes start with the first batch that has a part
    for them, in a fraction of a second, and end with `close`, or when this process ends. Use it as
    a context manager, or call `close`. Worth it from about 128 hidden units on; let the linear
    algebra library have one thread. Where the system has no processes to give, as in a browser or
    a small container, the parts are computed here in turn, to the same result.

    Parameters
    ----------
    network : RecurrentNetwork
        Whose `gradients` are filled.
    count : int
        Number of shards: it decides the result.
    processes : int, optional
        How many work at the same time, at most one a shard, which is the default: it decides
        nothing but the time.

    Raises
    ------
    ValueError
        If `count` or `processes` is not positive.
    """

    def __init__(self, network: RecurrentNetwork, count: int, processes: int | None = None) -> None:
        for name, value in (("count", count), ("processes", processes)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}, expected a positive integer")
        self.network, self.count = network, count
        self._processes = min(processes or count, count)
        _, self._run = network.new_run(network.gradients)
        self._pool: ShardPool | None = None
        gradients, run = network.new_run()
        self._in_turn: _Worker = _InTurn(run, gradients.flat)

    def forward_backward(
        self, batch: PackedSequences, generator: np.random.Generator | None = None
    ) -> float:
        """As `RecurrentNetwork.forward_backward`; each shard draws masks from its own stream.

        Parameters
        ----------
        batch, generator
            As there.

        Returns
        -------
        float
            Mean nats per target.

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
        for other in others:
            nats += other.end()
            self.network.gradients += other.gradients
        return nats / batch.num_tokens

    def _others_for(self, parts: Sequence[PackedSequences]) -> Sequence[_Worker]:
        """Who computes all parts but the first, with the present parameters before them."""
        number = len(parts) - 1
        elsewhere: Mapping[int, _Worker] = {}
        if number and self._processes > 1:
            try:
                from neonym.nn.shard_pool import ShardPool  # noqa: PLC0415 (not all systems can)

                self._pool = self._pool or ShardPool(self.network, self.count, self._processes)
                elsewhere = self._pool.take(number)
            except (ImportError, OSError):
                self.close()
                self._processes = 1
        return [elsewhere.get(place, self._in_turn) for place in range(1, number + 1)]

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._pool.close()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _InTurn:
    """Computes parts in this process, each when its result is asked for."""

    def __init__(self, run: Run, gradients: Floats) -> None:
        self._run, self.gradients = run, gradients
        self._tasks: deque[Task] = deque()

    def begin(self, task: Task) -> None:
        self._tasks.append(task)

    def end(self) -> float:
        return self._tasks.popleft().run(self._run)
