"""Where runs are tracked: the MLflow store of a project and the spool in front of it."""

import hashlib
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neonym.base.errors import UserError
from neonym.lab.project import Project
from neonym.lab.tracking.addresses import shown_address

TRACKING_URI = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"


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
    """

    root: Path
    uri: str
    project: Project[Any] = field(repr=False)

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
            If what it names is no address.
        """
        root = project_root(Path.cwd()) if root is None else root.resolve()
        uri = os.environ.get(TRACKING_URI) or f"{SQLITE}mlflow.db"
        try:
            urlsplit(uri)
        except ValueError:  # whose words may hold the password
            raise UserError(f"{TRACKING_URI} is no address: {shown_address(uri)}") from None
        if uri.startswith(SQLITE):  # delivery works elsewhere than whoever named the file
            uri = SQLITE + str(root / uri.removeprefix(SQLITE))
        return cls(root, uri, project)

    @property
    def is_own(self) -> bool:
        """Whether it is the project's own database."""
        return self.uri == f"{SQLITE}{self.database}"

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
        """Where the project's own store keeps artifacts."""
        return self.root / "mlartifacts"

    @property
    def folder(self) -> Path:
        """The spool of this store, and the files of the process that delivers it."""
        key = hashlib.sha256(self.uri.encode()).hexdigest()[:12]
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


def project_root(start: Path) -> Path:
    """The project's real root: DVC's, which runs queued experiments in a copy, or `start`."""
    return Path(os.environ.get("DVC_ROOT") or start).resolve()
