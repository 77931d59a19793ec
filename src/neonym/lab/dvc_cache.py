"""Where DVC keeps what it has seen, and by which hashes."""

import hashlib
import json
from pathlib import Path, PurePosixPath

from neonym.base.files import md5_of, parse_json


def cached(root: Path, md5: str) -> Path:
    """The place of a file with an md5 in the cache of the project in `root`."""
    return cached_in(root / ".dvc/cache", md5)


def cached_in(cache: Path, md5: str) -> Path:
    """The place of a file with an md5 in a cache."""
    return cache / "files/md5" / md5[:2] / md5[2:]


def files_of(cache: Path, md5: str) -> dict[str, str]:
    """The files of an output, by their paths below it, and their md5; "." is the output itself.

    Empty where it is a folder that the cache does not know.
    """
    if not md5.endswith(".dir"):
        return {".": md5}
    try:
        listed = parse_json(cached_in(cache, md5).read_bytes())
        files = {str(entry["relpath"]): str(entry["md5"]) for entry in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: digest for name, digest in files.items() if is_below(name)}


def is_below(path: str) -> bool:
    """Whether a path stays below where it is looked up, and is nothing of git's."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and not {"..", ".git"} & set(parts)


def md5_of_output(path: Path) -> str:
    """The md5 of a file, or of a folder, as DVC records it."""
    if not path.is_dir():
        return md5_of(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = [{"md5": md5_of(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    listed.sort(key=lambda entry: entry["relpath"])
    content = json.dumps(listed, sort_keys=True).encode()
    return hashlib.md5(content, usedforsecurity=False).hexdigest() + ".dir"


def md5_inside(root: Path, output: str, md5: str, path: str) -> str | None:
    """The md5 of a file that is an output, or lies in one; None where that cannot be known.

    Parameters
    ----------
    root
        The project, whose cache, or else its workspace, knows what is in a folder.
    output
        What DVC tracks.
    md5
        Of the output, as DVC records it.
    path
        The file.
    """
    inside = str(PurePosixPath(path).relative_to(output))
    if listed := files_of(root / ".dvc/cache", md5):
        return listed.get(inside)
    # of an output with `cache: false` DVC keeps the hash alone
    place = root / output
    return md5_of(place / inside) if place.is_dir() and md5_of_output(place) == md5 else None
