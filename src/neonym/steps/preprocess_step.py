"""From a list of names to the folder of processed data."""

from contextlib import suppress
from pathlib import Path

from neonym.base.locks import locked
from neonym.corpus.processed import data_fingerprint, write_processed
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


def shared_folder(data: Data) -> Path:
    """The processed data of a list, for scripts run by hand; made now where there are none.

    Equal jobs share them, and nobody changes them while a job runs, as `dvc repro` may change the
    workspace's: the name is the fingerprint of the list and of how it is read, and the folder is
    complete whenever it is there.

    Raises
    ------
    UserError
        As `preprocess`.
    """
    folder = SHARED / data_fingerprint(data, Path(data.path))[:16]
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            preprocess(data, folder)
        with suppress(OSError):  # of another user
            folder.touch()  # `neonym prune` leaves what was taken of late
    return folder
