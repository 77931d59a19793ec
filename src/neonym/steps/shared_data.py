"""Processed data for scripts run by hand: the workspace's, or a copy that equal jobs share."""

from pathlib import Path

from filelock import FileLock

from neonym.corpus.processed import data_fingerprint, read_processed
from neonym.settings import Configuration
from preprocess import process

SHARED = Path(".neonym/data")


def processed_folder(configuration: Configuration) -> Path:
    """The processed data of a configuration, made now where there are none.

    The folder's name is the fingerprint of the list and of how it is read, so jobs with equal data
    use one folder, and it is complete whenever it is there.
    """
    data = configuration.data
    fingerprint = data_fingerprint(data, Path(data.path))
    workspace = Path(configuration.paths.processed)
    if workspace.is_dir() and read_processed(workspace).summary.get("fingerprint") == fingerprint:
        return workspace
    folder = SHARED / fingerprint[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            process(data, folder)
    return folder
