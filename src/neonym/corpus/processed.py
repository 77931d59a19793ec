"""The folder of processed data: the splits, the vocabulary, and what became of every line."""

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from neonym.base.errors import UserError
from neonym.base.files import read_bytes, read_json, sha256_of_file
from neonym.base.nested import sha256_of
from neonym.base.text import escape, inert
from neonym.corpus.reading import Corpus
from neonym.corpus.source import MOST_BYTES, read_source
from neonym.corpus.splits import PARTS, Splits
from neonym.corpus.vocabulary import Vocabulary, tokens_of
from neonym.settings import Data, reading_settings

VERSION = 3  # of the folder: what equal lists become does not stay the same for ever
SEAL = "sha256"  # in corpus.json: what tells that nothing was altered since


class Processed(NamedTuple):
    """What the folder holds.

    `summary` is `corpus.json`: how many lines were `read`, `kept`, `comments` and `dropped` (by
    reason), the sizes of the splits, `shortest` and `longest` name in tokens, `unit`, `lowercase`,
    `grouped`, `vocabulary_size` and `fingerprint`.
    """

    train: list[str]
    val: list[str]
    test: list[str]
    vocabulary: Vocabulary
    summary: dict[str, Any]


def data_fingerprint(data: Data, path: Path) -> str:
    """The sha256 of everything that decides the processed data: the file and how it is read.

    Raises
    ------
    UserError
        If there is no such file.
    """
    return _fingerprint(data, hashlib.sha256(read_source(path)).hexdigest())


def _fingerprint(data: Data, source_sha256: str) -> str:
    suffix = Path(data.path).suffix.lower()  # tells how a CSV separates its columns
    reading = {"data": reading_settings(data), "suffix": suffix}
    return sha256_of({**reading, "source": source_sha256, "version": VERSION})


def write_processed(folder: Path, corpus: Corpus, splits: Splits, data: Data) -> None:
    """Write the folder, whole or not at all; the same input gives the same bytes.

    Parameters
    ----------
    folder
        Replaced where it exists.
    corpus, splits
        The names and how they are divided.
    data
        How they were read.

    Raises
    ------
    UserError
        If the folder cannot be written; an earlier one stays as it was.
    """
    summary = _summary(corpus, splits, data)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            fresh = workshop / "fresh"
            fresh.mkdir()  # with the usual permissions, which a temporary folder has not
            _write_files(fresh, corpus, splits, summary)
            if folder.exists():
                folder.rename(workshop / "earlier")
            fresh.rename(folder)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}") from None


def _write_files(folder: Path, corpus: Corpus, splits: Splits, summary: dict[str, Any]) -> None:
    for part in PARTS:
        _write_names(folder / f"{part}.txt", getattr(splits, part))
    corpus.vocabulary.save(folder / "vocabulary.json")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["line", "text", "reason", "detail"])
    writer.writerows(
        [line.line, *(inert(escape(cell)) for cell in line[1:])] for line in corpus.dropped
    )
    (folder / "dropped.csv").write_bytes(table.getvalue().encode())
    summary = summary | {SEAL: seal(folder, summary)}
    text = json.dumps(summary, ensure_ascii=False, indent=2, sort_keys=True)
    (folder / "corpus.json").write_bytes((text + "\n").encode())


def seal(folder: Path, summary: dict[str, Any]) -> str:
    """The sha256 of what the summary says and of the files that are read with it."""
    files = [f"{part}.txt" for part in PARTS] + ["vocabulary.json"]
    return sha256_of([summary, [sha256_of_file(folder / name) for name in files]])


def _write_names(path: Path, names: Sequence[str]) -> None:
    path.write_bytes("".join([name + "\n" for name in names]).encode())


def _summary(corpus: Corpus, splits: Splits, data: Data) -> dict[str, Any]:
    lengths = [len(tokens_of(name, corpus.unit)) for name in corpus.names]
    return {
        "read": corpus.read,
        "comments": corpus.comments,
        "kept": len(corpus.names),
        "dropped": corpus.dropped_by_reason(),
        **{part: len(getattr(splits, part)) for part in PARTS},
        "shortest": min(lengths),
        "longest": max(lengths),
        "unit": corpus.unit,
        "lowercase": data.lowercase,
        "grouped": splits.grouped,
        "vocabulary_size": len(corpus.vocabulary),
        "fingerprint": _fingerprint(data, corpus.sha256),
    }


def read_processed(folder: Path) -> Processed:
    """What `write_processed` wrote.

    Raises
    ------
    UserError
        If the folder is missing, incomplete or damaged.
    """
    vocabulary = Vocabulary.load(folder / "vocabulary.json")
    try:
        summary = read_json(folder / "corpus.json")
        noted = summary.pop(SEAL, None) if isinstance(summary, dict) else None
        if noted != seal(folder, summary):
            raise ValueError("it is not as preprocess wrote it")
        train, val, test = (_read_names(folder / f"{part}.txt") for part in PARTS)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        raise UserError(f"{folder} is not complete ({reason}); run preprocess again") from None
    except ValueError as error:
        raise UserError(
            f"{folder} is damaged ({error}); delete it and run preprocess again"
        ) from None
    return Processed(train, val, test, vocabulary, summary)


def _read_names(path: Path) -> list[str]:
    # Names may hold characters at which str.splitlines would break them.
    return read_bytes(path, MOST_BYTES).decode("utf-8").split("\n")[:-1]
