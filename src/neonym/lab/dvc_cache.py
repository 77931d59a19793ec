"""Where DVC keeps what it has seen."""

from pathlib import Path


def cached(root: Path, md5: str) -> Path:
    """The place of a file with an md5 in the cache of the project in `root`."""
    return root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
