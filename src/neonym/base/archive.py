"""Files of arrays beside one JSON document: written whole or not at all, checked when read.

The container is NumPy's `.npz`. Equal contents give equal bytes, nothing in it is a pickle, and
what a file claims about itself is compared with its size before memory is spent on it.
"""

import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from neonym.base.errors import UserError
from neonym.base.files import check_ordinary, parse_json, whole_file

DOCUMENT = "document"
CHECKSUM = "checksum"
MAX_DOCUMENT_BYTES = 64 * 2**20
MAX_BYTES = 2**30  # of a file; a network of so many weights would train for years
# The start of an array as we write it. NumPy's own reader evaluates the header as Python, and what
# it raises, warns of or allocates for a hostile one is not documented.
HEADER = re.compile(
    rb"\x93NUMPY\x01\x00.."
    rb"\{'descr': '([<|][biuf][1248])', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n",
    re.DOTALL,
)

Arrays = dict[str, np.ndarray[Any, Any]]


class _DamagedError(Exception):
    """What is wrong with the file, in a few words."""


def write_archive(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], document: Any) -> None:
    """Write the arrays and the document to `path`, replacing what is there in one step.

    Parameters
    ----------
    path
        The file; its folder is made where it is missing.
    arrays
        Numbers or booleans of any shape, by name.
    document
        Anything JSON holds.

    Raises
    ------
    UserError
        If it cannot be written, or could not be read again since it is too large.
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    members = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    members |= {
        CHECKSUM: np.frombuffer(_checksum(members, text), dtype=np.uint8),
        DOCUMENT: np.frombuffer(text, dtype=np.uint8),
    }
    size = sum(array.nbytes for array in members.values())
    if size > MAX_BYTES // 2**10 * 1023:  # with the headers of its arrays
        raise UserError(
            f"{path} cannot be written: {size >> 20} MB are more than {MAX_BYTES >> 20}; "
            "choose a smaller network"
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as container:
        for name, array in members.items():
            # A ZipInfo of its own carries no time of writing.
            with container.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                npy.write_array(member, array, version=(1, 0), allow_pickle=False)
    with whole_file(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read_archive(path: Path, what: str, remedy: str) -> tuple[Arrays, Any]:
    """The arrays and the document of a file written by `write_archive`.

    Parameters
    ----------
    path
        The file.
    what
        What the file should be, for the message: "a neonym model".
    remedy
        What to do if it is not, for the message.

    Raises
    ------
    UserError
        If the file is missing, is something else, is truncated or was altered.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; {remedy}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}); {remedy}") from None
    except _DamagedError as error:
        raise UserError(f"{path} is not {what}, or is damaged ({error}); {remedy}") from None


def _read(path: Path) -> tuple[Arrays, Any]:
    check_ordinary(path, MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as container:
            members = container.infolist()
            # Entries may lie about their size, and overlap.
            if sum(info.file_size for info in members) > path.stat().st_size:
                raise _DamagedError("it claims to hold more than it does")
            arrays = {
                info.filename.removesuffix(".npy"): _read_array(container, info) for info in members
            }
    # What zipfile and NumPy raise for bytes they do not understand depends on which they are.
    except (
        zipfile.BadZipFile,
        ValueError,
        TypeError,
        EOFError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        raise _DamagedError(_one_line(error)) from None
    text, digest = (_bytes_of(arrays.pop(name, None), name) for name in (DOCUMENT, CHECKSUM))
    if digest != _checksum(arrays, text):
        raise _DamagedError("its checksum does not fit its contents")
    try:
        return arrays, parse_json(text)
    except ValueError:
        raise _DamagedError("its description is not JSON") from None


def _read_array(container: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray[Any, Any]:
    """One array; what its header promises must be just what the file holds."""
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise _DamagedError(f"{info.filename!r} is compressed")
    if info.filename == f"{DOCUMENT}.npy" and info.file_size > MAX_DOCUMENT_BYTES:
        raise _DamagedError(f"a description of {info.file_size} bytes")
    content = container.read(info)
    header = HEADER.match(content)
    if header is None:
        raise _DamagedError(f"{info.filename!r} holds no plain numbers")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(size) for size in header[2].split(b",") if size.strip())
    if math.prod(shape) * dtype.itemsize != len(content) - header.end():
        raise _DamagedError(f"{info.filename!r} is not as long as it says")
    return np.frombuffer(bytearray(content[header.end() :]), dtype=dtype).reshape(shape)


def _bytes_of(array: np.ndarray[Any, Any] | None, name: str) -> bytes:
    if array is None or array.dtype != np.uint8:
        raise _DamagedError(f"it has no {name}")
    return array.tobytes()


def _checksum(arrays: Mapping[str, np.ndarray[Any, Any]], text: bytes) -> bytes:
    digest = hashlib.sha256(text)
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.digest()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
