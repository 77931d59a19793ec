"""What a training and the processes that it starts tell each other: plain values and arrays."""

import json
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from neonym.base.files import parse_json

SIZES = struct.Struct("<QQ")
"""In front of a message: the bytes of its head, and of its arrays."""


class Message(NamedTuple):
    """Values that JSON knows, and arrays of numbers."""

    values: Any
    arrays: Sequence[NDArray[Any]] = ()

    def to_bytes(self) -> bytes:
        """As bytes, which `read` reads."""
        kinds = [(array.dtype.str, array.shape) for array in self.arrays]
        head = json.dumps([self.values, kinds]).encode()
        body = b"".join(array.tobytes() for array in self.arrays)
        return SIZES.pack(len(head), len(body)) + head + body

    @classmethod
    def read(cls, stream: BinaryIO) -> Self:
        """The next message of a stream, which must hold all of it."""
        head, body = SIZES.unpack(stream.read(SIZES.size))
        return cls._of(stream.read(head), stream.read(body))

    @classmethod
    def _of(cls, head: bytes, body: bytes) -> Self:
        values, kinds = parse_json(head)
        arrays, start = [], 0
        for kind, shape in kinds:
            array = np.frombuffer(body, kind, int(np.prod(shape)), start).reshape(shape)
            arrays.append(array)
            start += array.nbytes
        return cls(values, arrays)

    @classmethod
    def appended(cls, file: BinaryIO, start: int) -> Iterator[tuple[Self, int]]:
        """The messages from a place of a file that another process appends to; where each ends.

        One of which a part is written as yet is left for the next time.
        """
        while len(sizes := os.pread(file.fileno(), SIZES.size, start)) == SIZES.size:
            head, body = SIZES.unpack(sizes)
            data = os.pread(file.fileno(), head + body, start + SIZES.size)
            if len(data) < head + body:
                return
            start += SIZES.size + len(data)
            yield cls._of(data[:head], data[head:]), start
