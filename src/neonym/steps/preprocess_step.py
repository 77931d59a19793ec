"""From a list of names to the folder of processed data."""

from pathlib import Path

from filelock import FileLock

from neonym.corpus.processed import data_fingerprint, read_processed, write_processed
from neonym.corpus.reading import read_corpus
from neonym.corpus.splits import split_names
from neonym.settings import Data

SHARED = Path(".neonym/data")


def preprocess(data: Data, folder: Path) -> None:
    """Read and split a list, and write the folder of processed data.

    Raises
    ------
    UserError
        If the list cannot be read, or the folder not be written.
    """
    corpus = read_corpus(Path(data.path), data)
    write_processed(folder, corpus, split_names(corpus.names, data.split, data.unit), data)


def shared_folder(data: Data, workspace: Path) -> Path:
    """The processed data of a list, for scripts run by hand; made now where there are none.

    They are the workspace's, or a copy that equal jobs share: its name is the fingerprint of the
    list and of how it is read, and it is complete whenever it is there.

    Raises
    ------
    UserError
        As `preprocess`.
    """
    fingerprint = data_fingerprint(data, Path(data.path))
    if workspace.is_dir() and read_processed(workspace).summary.get("fingerprint") == fingerprint:
        return workspace
    folder = SHARED / fingerprint[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            preprocess(data, folder)
    return folder
