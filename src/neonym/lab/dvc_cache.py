"""Where DVC keeps what it has seen."""

from pathlib import Path


def cached(root: Path, md5: str) -> Path:
    """The place of a file with an md5 in the cache of the project in `root`."""
    return cached_in(root / ".dvc/cache", md5)


def cached_in(cache: Path, md5: str) -> Path:
    """The place of a file with an md5 in a cache."""
    return cache / "files/md5" / md5[:2] / md5[2:]
