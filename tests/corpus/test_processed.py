import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from neonym.base.errors import UserError
from neonym.corpus.processed import data_fingerprint, read_processed, write_processed
from neonym.corpus.reading import read_corpus
from neonym.corpus.splits import split_names
from neonym.settings import Data

TEXT = "# list\nTyranno rex\ntyranno rex\nvélocé\nraptor\nsteno\n猫\n\n" + "x" * 70 + "\n"


def preprocess(path: Path, data: Data, folder: Path) -> None:
    corpus = read_corpus(path, data)
    splits = split_names(corpus.names, data.split, data.unit)
    write_processed(folder, corpus, splits, data)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(make_data: Callable[..., Data], write: Callable[..., Path], tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "processed"
    preprocess(write(TEXT), make_data(), folder)
    return folder


def test_what_was_written_is_read_back(folder) -> None:
    processed = read_processed(folder)
    names = processed.train + processed.val + processed.test
    assert sorted(names) == sorted(["tyranno rex", "vélocé", "raptor", "steno", "猫"])
    assert processed.vocabulary.decode(processed.vocabulary.encode("vélocé")) == "vélocé"


def test_the_summary_accounts_for_every_line(folder) -> None:
    summary = read_processed(folder).summary
    assert summary["dropped"] == {
        "duplicate": 1,
        "empty": 1,
        "outside the alphabet": 0,
        "too long": 1,
    }
    assert (summary["read"], summary["kept"], summary["comments"]) == (9, 5, 1)
    assert (summary["train"], summary["val"], summary["test"]) == (3, 1, 1)
    assert (summary["shortest"], summary["longest"]) == (1, 11)
    assert (summary["unit"], summary["lowercase"], summary["grouped"]) == ("character", True, True)
    assert summary["vocabulary_size"] == len("acelnoprstvxyé 猫") + 1


def test_the_table_of_dropped_lines_names_line_and_reason(folder) -> None:
    with (folder / "dropped.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["line"], row["reason"], row["detail"]) for row in csv.DictReader(file)]
    assert rows == [
        ("3", "duplicate", "of line 2"),
        ("8", "empty", ""),
        ("9", "too long", "70 characters, at most 64"),
    ]


def test_every_cell_of_dropped_lines_is_quoted_and_none_is_a_formula(
    make_data, write, tmp_path
) -> None:
    text = "x;=1+cmd|' /C calc'!A0;y\n"
    path = write(f"{TEXT}{text}{text}turned\u200faround\nturned\u200faround\n")
    preprocess(path, make_data(), tmp_path / "made")
    lines = (tmp_path / "made" / "dropped.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == '"line","text","reason","detail"'
    assert lines[-2] == '"11","x;\'=1+cmd|\'\' /C calc\'!A0;y","duplicate","of line 10"'
    assert lines[-1] == '"13","turned\\u200faround","duplicate","of line 12"'


def test_the_same_list_gives_the_same_bytes_wherever_it_lies(
    folder, make_data, write, tmp_path
) -> None:
    elsewhere = write(TEXT, "moved.txt")
    preprocess(elsewhere, make_data(path=str(elsewhere)), tmp_path / "other")
    assert contents(tmp_path / "other") == contents(folder)


def test_an_earlier_folder_is_replaced_whole(folder, make_data, write) -> None:
    (folder / "left_over.txt").write_text("old", encoding="utf-8")
    preprocess(write("anna\nbert\ncarl\ndora\nemil\n"), make_data(), folder)
    assert set(contents(folder)) == {
        *("train.txt", "val.txt", "test.txt", "vocabulary.json", "dropped.csv", "corpus.json"),
    }
    assert [path.name for path in folder.parent.iterdir()] == ["processed"]


def test_a_failure_leaves_the_earlier_folder_as_it_was(folder, make_data, write, monkeypatch):
    before = contents(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neonym.corpus.processed._write_names", fail)
    with pytest.raises(UserError, match="cannot be written: No space left"):
        preprocess(write("anna\nbert\ncarl\ndora\nemil\n"), make_data(), folder)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["processed"]


def test_the_fingerprint_changes_with_the_file_and_how_it_is_read(make_data, write) -> None:
    path = write("rex\n")
    other = write("rex\nrap\n", "other.txt")
    fingerprints = {
        data_fingerprint(make_data(), path),
        data_fingerprint(make_data(), other),
        data_fingerprint(make_data(lowercase=False), path),
        data_fingerprint(make_data(path="names.tsv"), path),
    }
    assert len(fingerprints) == 4


def test_the_fingerprint_is_the_one_in_the_folder_whatever_rules_name_and_place(
    folder, make_data, write
) -> None:
    rules = {"at_least_one_of": {"vowel": "a"}, "max_repeat": 1}
    data = make_data(rules=rules, name="other", path="/elsewhere/names.txt")
    assert data_fingerprint(data, write(TEXT)) == read_processed(folder).summary["fingerprint"]


def test_the_fingerprint_of_a_missing_file_is_a_user_error(make_data, tmp_path) -> None:
    with pytest.raises(UserError, match=r"does not exist; set data\.path"):
        data_fingerprint(make_data(), tmp_path / "none.txt")


@pytest.mark.parametrize("missing", ["vocabulary.json", "corpus.json", "test.txt"])
def test_an_incomplete_folder_is_a_user_error(folder, missing) -> None:
    (folder / missing).unlink()
    with pytest.raises(UserError, match=missing.replace(".", r"\.")):
        read_processed(folder)


def test_a_missing_or_damaged_folder_is_a_user_error(folder) -> None:
    (folder / "corpus.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="is damaged"):
        read_processed(folder)
    shutil.rmtree(folder)
    with pytest.raises(UserError, match=r"vocabulary\.json cannot be read"):
        read_processed(folder)


def test_the_summary_is_plain_json_with_sorted_keys(folder) -> None:
    text = (folder / "corpus.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))
