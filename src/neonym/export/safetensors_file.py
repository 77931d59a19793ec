"""Models as safetensors: arrays under PyTorch's names, and all else as metadata.

https://huggingface.co/docs/safetensors: a header of JSON and the arrays' bytes; nothing that runs.
"""

import base64
import binascii
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from neonym.base.archive import Arrays
from neonym.base.errors import UserError
from neonym.base.files import parse_json, whole_file
from neonym.models.model_file import KNOWN, Model, from_arrays, to_arrays

DOCUMENT = "neonym"
"""The key in the metadata of what a model file holds beside its arrays, as JSON."""

FOLDED = "folded"
"""The key beside the hashes of the names, where these have 32 bits and not 64."""

WHAT = "a model that neonym exported"
REMEDY = "export one with `neonym export MODEL -o FILE.safetensors`"


def write_safetensors(path: Path, model: Model) -> None:
    """Write a model, whole or not at all; equal models give equal bytes.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    predictor = model.mixture or model.network
    arrays, document = to_arrays(predictor, model.vocabulary, model.metadata, model.known)
    known = arrays.pop(KNOWN, None)
    if known is not None:
        # No tensor, since `load_state_dict` takes what a network has and nothing more
        little = known.astype(known.dtype.newbyteorder("<"))
        document[KNOWN] = base64.b64encode(little.tobytes()).decode()
        if known.dtype == np.uint32:
            document[FOLDED] = True
    # One value, since the library writes several in any order
    metadata = {DOCUMENT: json.dumps(document, sort_keys=True, ensure_ascii=False)}
    with whole_file(path) as temporary:
        temporary.write_bytes(save(arrays, metadata))


def read_safetensors(path: Path) -> Model:
    """The model that `write_safetensors` wrote.

    Raises
    ------
    UserError
        If there is no such file, or it is something else, damaged or of an unknown version.
    """
    arrays, metadata = _read(path)
    try:
        document = parse_json(metadata[DOCUMENT])
        if KNOWN in document:
            content = base64.b64decode(document.pop(KNOWN), validate=True)
            kind = np.uint32 if document.pop(FOLDED, False) else np.uint64
            little = np.dtype(kind).newbyteorder("<")
            arrays[KNOWN] = np.frombuffer(content, dtype=little).astype(kind)
    except KeyError:
        raise UserError(
            f"{path} is not {WHAT} (its metadata have no {DOCUMENT!r}); {REMEDY}"
        ) from None
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise UserError(
            f"{path} is not {WHAT}, or is damaged (its metadata make no sense); {REMEDY}"
        ) from None
    return from_arrays(arrays, document, path)


def _read(path: Path) -> tuple[Arrays, dict[str, Any]]:
    if not path.exists():
        raise UserError(f"{path} does not exist; {REMEDY}")
    if not path.is_file():
        raise UserError(f"{path} is no ordinary file; {REMEDY}")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, file.metadata() or {}
    # For what NumPy has no type for (bfloat16), the library raises what it happens to meet
    except (SafetensorError, OSError, TypeError, ValueError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not {WHAT}, or is damaged ({reason}); {REMEDY}") from None


def is_export(path: Path) -> bool:
    """Whether a file is one that `write_safetensors` wrote."""
    try:
        return DOCUMENT in _read(path)[1]
    except UserError:
        return False
