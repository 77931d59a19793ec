"""Checkpoints: what a training run needs to go on, after each epoch, in one file.

Random streams are not among it: they are named by the epoch (`neonym.base.streams`), not run
through.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from neonym.base.archive import Arrays, read_archive, write_archive
from neonym.base.errors import UserError
from neonym.base.nested import sha256_of
from neonym.base.threads import can_start_threads
from neonym.nn import TokenSequences
from neonym.settings import Settings, training_settings
from neonym.training.history import EpochRecord

KIND = "neonym checkpoint"
REMEDY = "delete it, or set train.resume=false to begin anew"


class Checkpoint(NamedTuple):
    """The state of a training run between two epochs.

    Attributes
    ----------
    history
        A record of each epoch done.
    values
        Plain values: step, best epoch and so on.
    arrays
        Weights, the best weights, the optimizer's vectors.
    """

    history: list[EpochRecord]
    values: dict[str, Any]
    arrays: Arrays


def run_identity(
    settings: Settings,
    vocabulary_size: int,
    *splits: Sequence[NDArray[np.integer[Any]]],
    start: str | None = None,
) -> str:
    """The sha256 of everything that decides a training run: only the same run may be resumed.

    `start` is that of the model that it begins with, where there is one.
    """
    decisive = training_settings(settings)
    decisive.pop("data")  # what came of it counts
    digest = hashlib.sha256()
    for sequences in splits:
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        digest.update(len(sequences).to_bytes(8, "little"))
        digest.update(lengths.tobytes())
        digest.update(TokenSequences.of(sequences).tokens.astype("<i4").tobytes())
    begun = [] if start is None else [start]
    return sha256_of([decisive, vocabulary_size, digest.hexdigest(), *begun])


def save_checkpoint(path: Path, identity: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all; the one before is replaced only then."""
    document = {
        "kind": KIND,
        "identity": identity,
        "history": [list(record) for record in checkpoint.history],
        "values": checkpoint.values,
    }
    write_archive(path, checkpoint.arrays, document)


class CheckpointWriter:
    """Writes checkpoints while the training that they are of goes on, one at a time.

    As a context manager it ends with what it was last given written.

    Parameters
    ----------
    path, identity
        As for `save_checkpoint`.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path, self._identity = path, identity
        self._thread = ThreadPoolExecutor(1) if can_start_threads() else None
        self._writing: Future[None] | None = None
        self._begun = self._written = 0  # epochs of the last ones

    def write(self, checkpoint: Checkpoint) -> None:
        """Begin to write a checkpoint, once the one before is there.

        Raises
        ------
        UserError
            If the one before cannot be written.
        """
        history, values, arrays = checkpoint  # which the next epoch changes
        if self._thread is None:
            save_checkpoint(self._path, self._identity, checkpoint)
            self._written = len(history)
            return
        copy = Checkpoint(
            list(history), dict(values), {name: array.copy() for name, array in arrays.items()}
        )
        self.wait()
        self._writing = self._thread.submit(save_checkpoint, self._path, self._identity, copy)
        self._begun = len(copy.history)

    def wait(self) -> None:
        """Wait until the last one is written; errors are those of `write`."""
        if self._writing:
            self._writing.result()
            self._written = self._begun

    def kept(self) -> str:
        """What a message says of the last one that could be written; "" where there is none."""
        with suppress(UserError):  # then the one before is still there
            self.wait()
        return f"; {self._path} keeps epoch {self._written}" if self._written else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._thread:
            self._thread.shutdown()
        if kind is None:  # the error that ends the training is the one to tell
            self.wait()


def load_checkpoint(path: Path, identity: str) -> Checkpoint | None:
    """The checkpoint in a file, or None if there is no such file.

    Raises
    ------
    UserError
        If the file is damaged, or is a checkpoint of another run.
    """
    if not path.exists():
        return None
    arrays, document = read_archive(path, "a neonym checkpoint", REMEDY)
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise UserError(f"{path} is not a neonym checkpoint; {REMEDY}")
    if document.get("identity") != identity:
        raise UserError(f"{path} is of a run with other data or another configuration; {REMEDY}")
    with explained(path):
        history = [EpochRecord(*record) for record in document["history"]]
        return Checkpoint(history, dict(document["values"]), arrays)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of a checkpoint that cannot be gone on from what to do: its layout may be an older one.

    Raises
    ------
    UserError
        Where the block meets a value that is missing or makes no sense.
    """
    try:
        yield
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not a checkpoint of this neonym ({reason}); {REMEDY}") from None
