"""Lines that are surely no names are told, with the line that shows it; names are not."""

import logging
from pathlib import Path

import pytest

from neonym.corpus.columns import Layout
from neonym.corpus.hints import hints, oddest
from neonym.corpus.reading import read_corpus
from neonym.corpus.vocabulary import Vocabulary

RAW = Path(__file__).parents[2] / "data/raw"
ODD = [
    ("1. anna", "begins with a number"),
    ("12) anna", "begins with a number"),
    ("(3) anna", "begins with a number"),
    ("4 anna", "begins with a number"),
    ("- anna", "begins with a bullet"),
    ("• anna", "begins with a bullet"),
    ('"anna"', "is in quotes"),
    ("'anna',", "is in quotes"),
    ("„anna”".replace("„", "“"), "is in quotes"),
    ("«anna»", "is in quotes"),
    ("[", "looks like JSON"),
    ('{"name": "anna"},', "looks like JSON"),
    ('"name": "anna"', "looks like JSON"),
    ("https://example.org/anna", "is an address"),
    ("www.example.org", "is an address"),
    ("anna@example.org", "is an e-mail address"),
    ("<li>anna</li>", "holds HTML"),
    ("anna<br/>", "holds HTML"),
    ("anna &amp; bob", "holds an HTML entity"),
    ("| anna | F |", "is a row of a table"),
    ("name=anna", "is a key and a value"),
    ("name: anna", "is a key and a value"),
    ("// towns", "looks like a comment"),
    ("-- towns", "looks like a comment"),
    ("caf\\u00e9", "holds an escape sequence"),
    ("caf%C3%A9", "is percent-encoded"),
    ("cafÃ©", "holds garbled letters"),
    ("caf\ufffd", "holds garbled letters"),
    ("7065", "is a number"),
    ("2020-01-31", "is a number"),
    ("123e4567-e89b-12d3-a456-426614174000", "is a number"),
    ("anna,", "ends with a separator"),
    ("an\u200bna", "holds a letter that nobody sees"),
    ("an\u00adna", "holds a letter that nobody sees"),
]

NAMES = [
    "anna",
    "Saint-Étienne",
    "'s-Hertogenbosch",
    "L'Aquila",
    "O'Neil, Pat",
    "St. John's",
    "Łódź",
    "名前",
    "می\u200cخواهم",
    "AT&T",
    "R2-D2",
    "C-3PO",
    "3M",
    "Ulm a. d. Donau",
    "Bad Burg (Ost)",
    "Ma'an",
    "Llanfair P.G.",
    "São João",
    "Âncora",
    "Nuku'alofa",
    "e.e. cummings",
    "Villefranche/Saône",
    "Y",
    "St Mary-le-Bow",
    "Sutton-cum-Lound",
    "Ho! Ward",
    "Remagen",
    "Remscheid",
]


@pytest.mark.parametrize(("text", "what"), ODD)
def test_a_line_that_is_no_name_is_told_with_where_it_stands(text, what) -> None:
    [hint] = hints([(1, "rex"), (7, text), (8, "trex")])
    assert hint.startswith(f"line 7: {text!r} {what}; ")


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_no_line_to_wonder_about(text) -> None:
    assert hints([(1, "rex"), (2, text), (3, "trex"), (4, "rap")]) == []


def test_a_kind_is_told_once_with_how_many_there_are() -> None:
    lines = [(n, f"{n}. anna") for n in range(1, 1001)]
    assert hints(lines) == [
        "line 1: '1. anna' begins with a number, as do 999 others; take the numbers off"
    ]


@pytest.mark.parametrize(("count", "others"), [(2, "as is another"), (3, "as are 2 others")])
def test_what_a_line_is_the_others_are(count, others) -> None:
    [hint] = hints([(n, f'"anna{n}"') for n in range(1, count + 1)])
    assert hint.startswith(f"line 1: '\"anna1\"' is in quotes, {others}; take them off")


def test_many_kinds_do_not_fill_the_screen() -> None:
    told = hints(list(enumerate([text for text, _ in ODD], 1)))
    assert len(told) == 6
    assert told[-1].startswith("and ")


def test_a_header_of_one_column_is_told_unless_it_was_named() -> None:
    lines = [(1, "Name"), (2, "anna")]
    assert hints(lines) == ["line 1: 'Name' looks like a header; set data.column to it"]
    assert hints(lines, Layout(1)) != []
    assert hints(lines, Layout("name")) == []


def test_a_table_whose_rows_differ_is_told() -> None:
    lines = [(1, "anna,F"), (2, "mary,F,2604"), (3, "eva"), (4, "ida,F,1,2")]
    [hint] = hints(lines)
    assert hint.startswith("line 1: 'anna,F' holds ',' (U+002C), as do 2 others; set data.column")
    assert hints(lines, Layout(separator="line")) == []


def test_hints_are_in_the_log_beside_the_file(make_data, write, caplog) -> None:
    path = write("1. anna\n2. bob\n")
    with caplog.at_level(logging.WARNING, "neonym"):
        read_corpus(path, make_data())
    assert caplog.messages[0] == (
        f"{path}, line 1: '1. anna' begins with a number, as does another; take the numbers off"
    )


def test_no_list_of_ours_makes_one_wonder(make_data, caplog) -> None:
    with caplog.at_level(logging.WARNING, "neonym"):
        read_corpus(RAW / "dinosaurs.csv", make_data())
        read_corpus(RAW / "next_word.txt", make_data(unit="word"))
    assert caplog.messages == []


def test_oddest_are_those_with_pairs_that_are_rare() -> None:
    names = ["banana", "bananas", "anna", "nanna", "xq", "banan"]
    assert oddest(names, Vocabulary.from_names(names, "character"), 1) == ["xq"]
    words = ["i like dogs", "i like cats", "cats like dogs", "no"]
    assert oddest(words, Vocabulary.from_names(words, "word"), 1) == ["no"]
