import csv
import io
import logging
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.corpus.reading import Dropped, canonical, read_corpus
from neonym.settings import Data

MakeData = Callable[..., Data]
Write = Callable[..., Path]


def usable(name: str) -> bool:
    """Whether a name has no character that ends a line or is outside every alphabet."""
    return not any(
        unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} or letter == "\ufeff"
        for letter in name
    )


BREAK = "[\t\n\v\f\x85\u2028\u2029]"
ANY_NAME = st.text(min_size=1, max_size=20).filter(usable)


def test_byte_order_mark_line_ends_spaces_and_case_do_not_matter(make_data, write) -> None:
    path = write(b"\xef\xbb\xbfRex\r\n  Trex \r\n\r\nraptor\rlast")
    corpus = read_corpus(path, make_data())
    assert corpus.names == ["rex", "trex", "raptor", "last"]
    assert corpus.dropped == [Dropped(3, "", "empty", "")]
    assert corpus.read == 5


def test_decomposed_and_composed_letters_are_the_same_name(make_data, write) -> None:
    corpus = read_corpus(write("caf\u00e9\ncafe\u0301\n"), make_data())
    assert corpus.names == ["caf\u00e9"]
    assert corpus.dropped == [Dropped(2, "cafe\u0301", "duplicate", "of line 1")]


def test_case_is_kept_where_asked(make_data, write) -> None:
    corpus = read_corpus(write("Rex\nrex\n"), make_data(lowercase=False))
    assert corpus.names == ["Rex", "rex"]


def test_comments_are_counted_and_not_dropped(make_data, write) -> None:
    corpus = read_corpus(write("# a list\nrex\n  # more\n"), make_data())
    assert (corpus.names, corpus.dropped, corpus.comments, corpus.read) == (["rex"], [], 2, 3)


def test_a_number_sign_is_a_letter_where_there_are_no_comments(make_data, write) -> None:
    assert read_corpus(write("#rex\n"), make_data(comment=None)).names == ["#rex"]


def test_every_dropped_line_has_its_number_and_reason(make_data, write) -> None:
    path = write("abc\n\nabcdef\nABC\nax\na\tb\ncab\n")
    corpus = read_corpus(path, make_data(alphabet="ABC", max_length=5))
    assert corpus.names == ["abc", "cab"]
    assert corpus.dropped == [
        Dropped(2, "", "empty", ""),
        Dropped(3, "abcdef", "too long", "6 characters, at most 5"),
        Dropped(4, "ABC", "duplicate", "of line 1"),
        Dropped(5, "ax", "outside the alphabet", "'x' (U+0078) at position 2"),
        Dropped(6, "a\tb", "outside the alphabet", "'\\t' (U+0009) at position 2"),
    ]
    assert corpus.dropped_by_reason() == {
        "duplicate": 1,
        "empty": 1,
        "outside the alphabet": 2,
        "too long": 1,
    }
    assert corpus.read == len(corpus.names) + len(corpus.dropped)


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\x0b"])
@pytest.mark.parametrize("alphabet", [None, "ab\x00\x1b\x7f\x85\u2028\x0b"])
def test_control_characters_are_outside_any_alphabet(make_data, write, control, alphabet) -> None:
    corpus = read_corpus(write(f"a{control}b\nab\n"), make_data(alphabet=alphabet))
    assert corpus.names == ["ab"]
    assert [(entry.line, entry.reason) for entry in corpus.dropped] == [(1, "outside the alphabet")]


def test_a_long_line_is_cut_in_the_report(make_data, write) -> None:
    corpus = read_corpus(write("x" * 5000 + "\nab\n"), make_data())
    assert corpus.dropped[0].text == "x" * 99 + "…"
    assert corpus.dropped[0].detail == "5000 characters, at most 64"


def test_any_space_separates_words(make_data, write) -> None:
    corpus = read_corpus(write("This  is\thouse\nthis is house\n"), make_data(unit="word"))
    assert corpus.names == ["this is house"]
    assert corpus.vocabulary.symbols == ("", "house", "is", "this")


def test_words_are_counted_where_the_unit_is_the_word(make_data, write) -> None:
    corpus = read_corpus(write("a bb ccc\na b c d\n"), make_data(unit="word", max_length=3))
    assert corpus.names == ["a bb ccc"]
    assert corpus.dropped[0].detail == "4 words, at most 3"


def test_an_alphabet_of_letters_allows_spaces_between_words(make_data, write) -> None:
    data = make_data(unit="word", alphabet="ab")
    assert read_corpus(write("a bb\na c\n"), data).names == ["a bb"]


def test_a_column_of_a_csv_is_read_with_line_numbers_of_the_file(make_data, write) -> None:
    text = '# from a museum\nid,"genus "\n1,Rex\n# gone\n2,"#2 ""Rex"""\n"3\n#4",\n5\n6,rex\n'
    corpus = read_corpus(write(text, "list.csv"), make_data(column="genus"))
    assert corpus.names == ["rex", '#2 "rex"']
    assert corpus.dropped == [
        Dropped(6, "", "empty", ""),
        Dropped(8, "", "empty", ""),
        Dropped(9, "rex", "duplicate", "of line 3"),
    ]
    assert (corpus.comments, corpus.read) == (1, 6)


def test_tabs_separate_the_columns_of_a_tsv(make_data, write) -> None:
    path = write("id\tgenus\n1\trex, the\n", "list.tsv")
    assert read_corpus(path, make_data(column="genus")).names == ["rex, the"]


def test_what_was_dropped_is_in_the_log(make_data, write, caplog) -> None:
    with caplog.at_level(logging.INFO, "neonym"):
        read_corpus(write("rex\nrex\n\n"), make_data())
        read_corpus(write("# ours\nrex\n"), make_data())
        read_corpus(write("rex\nr\tx\nr\ty\n"), make_data())
    told = [message for message in caplog.messages if "kept" in message]
    assert told[0].endswith("kept 1 of 3 lines; dropped: 1 duplicate, 1 empty")
    assert told[1].endswith("kept 1 of 2 lines; dropped: none; comments: 1")
    example = "2 outside the alphabet (the first on line 2: '\\t' (U+0009) at position 2)"
    assert told[2].endswith(f"kept 1 of 3 lines; dropped: {example}")


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        ("", {}, "is empty"),
        ("\ufeff \r\n", {}, "is empty"),
        (b"ab\r\nb\xe9b\n", {}, r", line 2: not UTF-8 \(byte 0xe9 at offset 5\)"),
        (b"\xef\xbb\xbfab\n\xff", {}, r", line 2: not UTF-8 \(byte 0xff at offset 6\)"),
        ("# only\n#this\n", {}, "holds no names, only 2 comments"),
        (
            "名前\n\n名\n",
            {"alphabet": "abc"},
            r"no line can be used \(2 outside the alphabet, 1 empty; the first on line 1: "
            r"'名' \(U\+540D\) at position 1\); extend data.alphabet",
        ),
        (
            "abc\n",
            {"max_length": 2},
            r"\(1 too long; .*\); give one name a line, or raise data.max_length",
        ),
        ("id,genus\n1,rex\n", {"column": "name"}, "line 1: no column 'name'; .*'id', 'genus'"),
        ("# c\n", {"column": "name"}, r"no column 'name'"),
        ('genus\n"rex\nrap\n', {"column": "genus"}, "line 2: not valid CSV"),
        ('genus\nrex\n"a"b\n', {"column": "genus"}, "line 3: not valid CSV"),
    ],
)
def test_a_list_that_cannot_be_used_is_explained_in_one_line(
    make_data, write, content, settings, message
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_corpus(write(content), make_data(**settings))
    assert "names.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_list_is_explained(make_data, tmp_path) -> None:
    with pytest.raises(UserError, match=r"none\.txt does not exist; set data\.path"):
        read_corpus(tmp_path / "none.txt", make_data())


def test_a_directory_is_no_list(make_data, tmp_path) -> None:
    with pytest.raises(UserError, match=r"is a directory; data\.path must name a file"):
        read_corpus(tmp_path, make_data())


@given(st.text())
@example("İΣ")
@example("Å ")
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    for unit in ("character", "word"):
        once = canonical(text, lowercase=True, unit=unit)
        assert canonical(once, lowercase=True, unit=unit) == once
        assert unicodedata.is_normalized("NFC", once)


@given(st.lists(ANY_NAME, min_size=1, max_size=10), st.booleans())
def test_any_unicode_name_survives_reading_encoding_and_decoding(
    tmp_path_factory, make_data, names: list[str], lowercase: bool
) -> None:
    expected = [canonical(name, lowercase) for name in names]
    expected = [name for name in dict.fromkeys(expected) if name]
    path = tmp_path_factory.mktemp("list") / "names.txt"
    path.write_bytes("\n".join([*names, "x"]).encode())
    corpus = read_corpus(path, make_data(comment=None, lowercase=lowercase))
    assert corpus.names == list(dict.fromkeys([*expected, "x"]))
    ids = corpus.vocabulary.encode_all(corpus.names)
    assert [corpus.vocabulary.decode(row) for row in ids] == corpus.names


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6))
def test_a_csv_column_gives_the_names_that_were_written_to_it(
    tmp_path_factory, make_data, names: list[str]
) -> None:
    names = ["first", *[name.replace("\r", "") for name in names]]
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([["n", "x"], *[[name, 1] for name in names]])
    path = tmp_path_factory.mktemp("list") / "names.csv"
    path.write_bytes(table.getvalue().encode())
    corpus = read_corpus(path, make_data(comment=None, column="n", lowercase=False))
    spaced = [re.sub(rf"[ \t]*{BREAK}[\s\x85]*", " ", name.strip()) for name in names]
    kept = [name for name in map(str.strip, spaced) if name and usable(name)]
    assert corpus.names == list(dict.fromkeys(unicodedata.normalize("NFC", n) for n in kept))
    assert corpus.read == len(names)
