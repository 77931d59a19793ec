"""The spools of a project, one for each store that its runs were tracked in."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.files import read_bytes, write_text
from neonym.lab.tracking.spool import open_segments
from neonym.lab.tracking.store import Store

ADDRESS = "address.txt"  # of the store, without a password


@dataclass(frozen=True)
class Elsewhere:
    """What waits for another store."""

    folder: Path
    address: str
    """Without a password; "" where it was not noted."""
    is_damaged: bool
    """Whether some of it was put aside."""

    def __str__(self) -> str:
        store = self.address or "a store whose address was not noted"
        option = " --rejected" if self.is_damaged else ""
        return (
            f"what was logged for {store} waits in {self.folder}; "
            f"MLFLOW_TRACKING_URI={self.address or '…'} neonym sync{option} delivers it"
        )


def note_address(store: Store) -> None:
    """Note in a store's spool whose it is, for who looks at it without its address."""
    path = store.folder / ADDRESS
    if not path.exists():
        with suppress(UserError):  # a full disc is told by who writes what counts
            write_text(path, f"{store.address}\n")


def waiting_elsewhere(store: Store) -> list[Elsewhere]:
    """What waits for other stores than this."""
    found = []
    for folder in sorted(store.folder.parent.glob("*/")):
        waits, damaged = (
            bool(open_segments(folder / place.name)) for place in (store.segments, store.rejected)
        )
        if folder != store.folder and (waits or damaged):
            found.append(Elsewhere(folder, _address(folder), damaged))
    return found


def take_over(store: Store) -> None:
    """Let what waits under another spelling of a store's address wait with the rest."""
    for folder in store.other_folders:
        for place in (store.segments, store.rejected):
            for segment in open_segments(folder / place.name):
                if segment.is_abandoned:
                    with suppress(OSError):  # it stays where it is, and is said to wait
                        place.mkdir(parents=True, exist_ok=True)
                        segment.folder.rename(place / segment.folder.name)


def _address(folder: Path) -> str:
    try:
        return read_bytes(folder / ADDRESS).decode().strip()
    except (OSError, ValueError):
        return ""
