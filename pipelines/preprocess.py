"""Read the list of names, split it, and write `data/processed/`.

python pipelines/preprocess.py data=list data.path=data/raw/my_names.txt
"""

from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.corpus.processed import write_processed
from neonym.corpus.reading import read_corpus
from neonym.corpus.splits import split_names
from neonym.lab.stage.stage import Stage, main
from neonym.settings import Data

RAW = Path("data/raw")


def preprocess(stage: Stage) -> None:
    """Write splits, vocabulary, and what became of every line."""
    data = stage.configuration.data
    path = Path(data.path)
    if not stage.by_hand and not path.resolve().is_relative_to(RAW.resolve()):
        raise UserError(
            f"data.path = {data.path}: DVC tracks the lists in {RAW}; put it there, "
            "or run the scripts by hand"
        )
    process(data, stage.output("data/processed"))


def process(data: Data, folder: Path) -> None:
    """Read and split a list, and write the folder of processed data."""
    path = Path(data.path)
    corpus = read_corpus(path, data)
    splits = split_names(corpus.names, data.split, data.unit)
    write_processed(folder, corpus, splits, data, sha256_of_file(path))


if __name__ == "__main__":
    main("preprocess", preprocess)
