"""What a run holds of the data: splits as datasets, digests, and the list where it is needed."""

from pathlib import Path

from neonym.base.files import md5_of, read_json, sha256_of_file
from neonym.base.nested import sha256_of
from neonym.corpus.processed import data_fingerprint
from neonym.lab.places import project_root
from neonym.lab.tracking import tags
from neonym.lab.tracking.checkout import where_kept
from neonym.lab.tracking.run import Run
from neonym.settings import Data
from neonym.tracked import VOCABULARY

# What MLflow calls what the splits are used for
CONTEXTS = {"train": "training", "val": "validation", "test": "test"}


def log_data(run: Run, processed: Path, data: Data) -> None:
    """Log the splits as MLflow datasets, and their common digest."""
    for part, context in CONTEXTS.items():
        path = processed / f"{part}.txt"
        rows = path.read_bytes().count(b"\n")
        run.dataset(f"{data.name} {part}", context, sha256_of_file(path), data.path, rows)
    vocabulary = sha256_of_file(processed / "vocabulary.json")
    run.tags({tags.DATA: processed_sha256(processed), VOCABULARY: vocabulary})
    _log_list(run, processed, data)


def processed_sha256(folder: Path) -> str:
    """The digest of processed data: of its files' names and digests."""
    return sha256_of([f"{path.name} {sha256_of_file(path)}" for path in sorted(folder.iterdir())])


def _log_list(run: Run, processed: Path, data: Data) -> None:
    """Log which list the data were made from, and the list itself where it is nowhere else."""
    path = Path(data.path)
    made_from = read_json(processed / "corpus.json").get("fingerprint")
    if not path.is_file() or data_fingerprint(data, path) != made_from:
        return  # changed or gone since
    kept = where_kept(path, Path.cwd(), project_root())
    digests = {tags.RAW: sha256_of_file(path), tags.RAW_MD5: md5_of(path)}
    run.tags({**digests, tags.RAW_KEPT: kept})
    if kept == "artifact":
        run.artifact(path, "data")
