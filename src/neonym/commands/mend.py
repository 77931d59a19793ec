"""`neonym mend`: mend what a killed `dvc repro` leaves and DVC does not get over by itself.

DVC writes `dvc.lock` and its list of who uses which file in place. Killed in the middle, it leaves
half of them, and stops at that the next time. Neither is needed: what `dvc.lock` said is in DVC's
cache of runs, or is made again, to the same bytes. Nor does DVC read an entry of that cache of
which it had made only the folder, or half.
"""

import os
import re
import shutil
import time
from itertools import chain
from pathlib import Path

import click

from neonym.base.files import read_json
from neonym.lab.places import enter_project

USERS = Path(".dvc/tmp/rwlock")
LOCK = Path("dvc.lock")
ASIDE = Path(".dvc/tmp/dvc.lock.damaged")
# What `neonym.base.files.whole_file` and `neonym.corpus.processed.write_processed` had not finished
PARTS = (".*.part", "models/.*.part", "reports/.*.part", ".dvc/cache/runs/*/*/.*.tmp")
# Behind such a line the rest may be missing, and what is there makes sense
WHOLE_END = re.compile(rb"\n +(size|nfiles): \d+\n\Z")
FOLDERS = "data/.processed.*"
# DVC's cache of runs: a folder for each stage with its inputs, in it a file for what came of it.
# A cache elsewhere is shared with projects that may be writing in it
CACHED = ".dvc/cache/runs/*/*"


@click.command("mend")
def command() -> None:
    """Mend what a killed `dvc repro` has left, unless DVC works in the project."""
    enter_project()
    users = read_users()
    if users is None:
        USERS.unlink()
        click.echo(f"mend: {USERS} was cut off; it is deleted", err=True)
    elif any(map(lives, users)):
        return
    if LOCK.exists() and not is_whole(LOCK):
        ASIDE.parent.mkdir(parents=True, exist_ok=True)
        LOCK.replace(ASIDE)
        click.echo(f"mend: dvc.lock is damaged; it is in {ASIDE}, DVC makes another", err=True)
    for pattern in PARTS:
        for path in Path().glob(pattern):
            path.unlink(missing_ok=True)
    for folder in Path().glob(FOLDERS):
        shutil.rmtree(folder)
    for folder in Path().glob(CACHED):
        if not any(folder.iterdir()):
            folder.rmdir()


def read_users() -> list[int] | None:
    """The processes that use files, by DVC's list; None where that is damaged."""
    for _ in range(2):
        try:
            listed = read_json(USERS)
            users = [*listed.get("write", {}).values(), *chain(*listed.get("read", {}).values())]
            return [int(user["pid"]) for user in users]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError, AttributeError):
            time.sleep(0.5)  # DVC may just be writing it
    return None


def lives(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_whole(path: Path) -> bool:
    """Whether DVC takes a file for its lock."""
    if WHOLE_END.search(path.read_bytes()):
        return True
    # Half a second, which few pay whose run was not killed
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # noqa: PLC0415
    from dvc.utils.serialize import ParseError, load_yaml  # noqa: PLC0415
    from voluptuous import Invalid  # noqa: PLC0415

    try:
        COMPILED_LOCKFILE_SCHEMA(load_yaml(str(path)))
    except (ParseError, Invalid):
        return False
    return True
