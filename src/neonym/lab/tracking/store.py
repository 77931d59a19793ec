"""Where runs are tracked: the MLflow store of a project and the spool in front of it."""

import hashlib
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neonym.lab.places import project_root
from neonym.lab.project import Project
from neonym.lab.tracking.addresses import shown_address, without_user
from neonym.lab.tracking.tracking_uri import (
    TRACKING_URI,
    read_tracking_uri,
    sqlite_file,
    sqlite_uri,
)


@dataclass(frozen=True)
class Store:
    """An MLflow store and the files in which its runs wait for delivery.

    Parameters
    ----------
    root
        The project's real root, absolute.
    uri
        MLflow's tracking address.
    project
        Whose runs they are.
    given
        The address as it was spelled.
    """

    root: Path
    uri: str
    project: Project[Any] = field(repr=False)
    given: str = field(default="", repr=False, compare=False)

    @classmethod
    def of_project(cls, project: Project[Any], root: Path | None = None) -> "Store":
        """The store that `MLFLOW_TRACKING_URI` names, or else the project's own `mlflow.db`.

        Parameters
        ----------
        project
            Whose runs they are.
        root
            Its folder; None: that of the working directory.

        Raises
        ------
        UserError
            If MLflow could not track where it says.
        """
        root = project_root() if root is None else root.resolve()
        given = os.environ.get(TRACKING_URI) or sqlite_uri(root / "mlflow.db")
        return cls(root, read_tracking_uri(given, root), project, given)

    @property
    def is_own(self) -> bool:
        """Whether it is the project's own database."""
        return self.file == self.database

    @property
    def file(self) -> Path | None:
        """The file of the database, where it is one."""
        return sqlite_file(self.uri)

    @property
    def checkout(self) -> str:
        """Tells this checkout from others whose runs are in the same store."""
        return hashlib.sha256(f"{platform.node()}:{self.root}".encode()).hexdigest()[:12]

    @property
    def database(self) -> Path:
        """The project's own database."""
        return self.root / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        """Where artifacts are kept: beside the database, where that is a file."""
        return (self.file or self.database).parent / "mlartifacts"

    @property
    def folder(self) -> Path:
        """The spool of this store, and the files of the process that delivers it."""
        return self._folder(without_user(self.uri))

    @property
    def other_folders(self) -> set[Path]:
        """The same under other spellings of the address, as earlier versions had them."""
        return {self._folder(uri) for uri in (self.given, self.uri, f"{self.uri}/")} - {self.folder}

    def _folder(self, uri: str) -> Path:
        key = hashlib.sha256(uri.encode()).hexdigest()[:12]
        return self.root / ".neonym" / "spool" / key

    @property
    def segments(self) -> Path:
        """The folder with one folder for each writer."""
        return self.folder / "segments"

    @property
    def rejected(self) -> Path:
        """The folder of damaged segments, put aside."""
        return self.folder / "rejected"

    @property
    def experiments(self) -> Path:
        """The folder of `experiment_note`s."""
        return self.folder / "experiments"

    def experiment_note(self, name: str, configuration: str) -> Path:
        """The file that is there once the run of a DVC experiment is complete."""
        key = hashlib.sha256(f"{name}:{configuration}".encode()).hexdigest()[:24]
        return self.experiments / key

    @property
    def lock(self) -> Path:
        """Held by the one process that delivers to this store."""
        return self.folder / "delivery.lock"

    @property
    def log(self) -> Path:
        """What the delivery process prints."""
        return self.folder / "delivery.log"

    @property
    def status(self) -> Path:
        """What the delivery process last said of itself, as JSON."""
        return self.folder / "status.json"

    @property
    def address(self) -> str:
        """The address to show: without who logs in, and by what."""
        return shown_address(self.uri)
