"""Feed damaged files to what reads them; started by tests with little memory."""

import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
from formats import FORMATS, Format

from neonym.base.errors import UserError
from neonym.lab.tracking.events import UnreadableError

SECONDS = 20
"""What reads a file of a few kilobytes for longer than this hangs."""
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder in it
"""To write a file anew waits for a disc, some milliseconds a time."""


def feed(name: str, seed: int, count: int) -> list[str]:
    """What went wrong with `count` damaged files of a format, a line or traceback each."""
    chosen = FORMATS[name]
    made = tempfile.TemporaryDirectory(dir=IN_MEMORY)
    with made as folder, chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = chosen.make(Path(folder))
        sound, held = path.read_bytes(), chosen.hold(path)
        path.chmod(0o644)
        problems = (
            f"{name}, seed {seed}, file {number}: {problem}"
            for number in range(count)
            if (
                problem := _feed_one(
                    chosen, path, sound, held, np.random.default_rng([seed, number])
                )
            )
        )
        return list(problems)


def _feed_one(
    chosen: Format, path: Path, sound: bytes, held: Any, random: np.random.Generator
) -> str:
    content = chosen.alter(sound, random)
    path.write_bytes(content)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS)
    try:
        now = chosen.hold(path)
    except (UserError, UnreadableError) as error:
        return f"not one line: {error}" if "\n" in str(error) else ""
    except BaseException:
        return f"{traceback.format_exc()}\n{content[:200]!r}"
    finally:
        signal.alarm(0)
    return "" if chosen.may_hold(held, now) else f"another value, no error\n{content!r}"


def _give_up(*_: Any) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def limit_memory(more: int) -> None:
    """Let this process take `more` bytes than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def feed_apart(name: str, seed: int, count: int) -> bool:
    """Feed in a process of its own, which may take a gigabyte more; whether all went well.

    What it has imported, it has from this one.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        limit_memory(2**30)
        problems = feed(name, seed, count)
        print("\n\n".join(problems[:5]), flush=True)
        os._exit(bool(problems))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        print(f"{name}: status {status}")
    return status == 0


if __name__ == "__main__":
    seed, *rest = sys.argv[1:]
    asked = zip(rest[::2], map(int, rest[1::2]), strict=True)
    went_well = [feed_apart(name, int(seed), count) for name, count in asked]
    sys.exit(not all(went_well))
