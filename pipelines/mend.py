"""Mend what a killed `dvc repro` leaves and DVC does not get over by itself.

python pipelines/mend.py && dvc repro

DVC writes `dvc.lock` and its list of who uses which file in place. Killed in the middle, it leaves
half of them, and stops at that the next time. Neither is needed: what `dvc.lock` said is in DVC's
cache of runs, or is made again, to the same bytes.
"""

import json
import sys
from pathlib import Path

USERS = Path(".dvc/tmp/rwlock")
LOCK = Path("dvc.lock")
ASIDE = Path(".dvc/tmp/dvc.lock.damaged")
# What `neonym.files.whole_file` had not finished
PARTS = (".*.part", "models/.*.part", "reports/.*.part", "data/.*.part")


def mend() -> None:
    """Mend the project in the working directory, and say what was mended."""
    for pattern in PARTS:
        for path in Path().glob(pattern):
            path.unlink(missing_ok=True)
    if not was_killed():
        return
    if LOCK.exists() and not is_whole(LOCK):
        LOCK.replace(ASIDE)
        print(f"mend: dvc.lock was cut off; it is in {ASIDE}, DVC makes another", file=sys.stderr)
    if not is_json(USERS):
        USERS.unlink()
        print(f"mend: {USERS} was cut off; it is deleted", file=sys.stderr)


def was_killed() -> bool:
    """Whether DVC has not crossed itself off the list of those who use files."""
    return USERS.exists() and USERS.read_bytes().strip() != b"{}"


def is_json(path: Path) -> bool:
    """Whether a file holds JSON."""
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def is_whole(path: Path) -> bool:
    """Whether DVC takes a file for its lock."""
    # Half a second, which only those pay whose run was killed
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # noqa: PLC0415
    from dvc.utils.serialize import ParseError, load_yaml  # noqa: PLC0415
    from voluptuous import Invalid  # noqa: PLC0415

    try:
        COMPILED_LOCKFILE_SCHEMA(load_yaml(str(path)))
    except (ParseError, Invalid):
        return False
    return True


if __name__ == "__main__":
    mend()
