"""Names in a column of a table: what separates it, which one, and what is no plain list."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from neonym.base.errors import UserError
from neonym.corpus.columns import Layout, found_separator
from neonym.corpus.processed import data_fingerprint
from neonym.corpus.reading import Dropped, read_corpus, read_names
from neonym.settings import Data

MakeData = Callable[..., Data]
Write = Callable[..., Path]

NAMES = ["ulm", "bad burg", "aue"]
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def table(separator: str, *above: str) -> str:
    rows = [["id", "name", "country"], *([str(n), name, "de"] for n, name in enumerate(NAMES))]
    return "\n".join([*above, *(separator.join(row) for row in rows), ""])


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_a_column_is_found_by_its_name_whatever_separates_it(make_data, write, separator) -> None:
    path = write(table(separator))
    assert read_corpus(path, make_data(column="name")).names == NAMES
    said = "tab" if separator == "\t" else separator
    assert read_corpus(path, make_data(column="name", separator=said)).names == NAMES


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_a_table_of_which_no_column_is_named_is_refused_with_its_columns(
    make_data, write, separator
) -> None:
    path = write(table(separator, "# towns"), "towns.csv")
    with pytest.raises(UserError) as caught:
        read_corpus(path, make_data())
    assert str(caught.value) == (
        f"{path}, line 2: a table with the columns 'id', 'name', 'country', separated by "
        f"{separator!r}; set data.column to the name of one, or to a number (1 to 3) if these are "
        "no header; where each line is a name, data.separator=line"
    )


def test_a_separator_that_separates_nothing_is_told(make_data, write) -> None:
    with pytest.raises(UserError, match=r"line 1: ';' separates no columns there; leave data\."):
        read_corpus(write(table(",")), make_data(separator=";"))


@pytest.mark.parametrize("bad", ['9,"hof,de', '9,"hof" an der aue,de', '9,hof,"de'])
def test_a_table_with_a_stray_quote_is_no_list(make_data, write, bad) -> None:
    path = write(table(",") + bad + "\n")
    with pytest.raises(UserError, match=r"line 1: a table with the columns 'id', 'name', 'coun"):
        read_corpus(path, make_data())
    with pytest.raises(UserError, match=r"line 5: not valid CSV .*; correct the line"):
        read_corpus(path, make_data(column="country"))


@pytest.mark.parametrize("header", ["name;size", '"name";"size"'])
def test_what_separates_the_header_too_separates_columns(make_data, write, header) -> None:
    path = write("\n".join([header, *(f"town {n};2,5" for n in range(30))]))
    with pytest.raises(UserError, match=r"line 1: a table with the columns 'name', 'size', separ"):
        read_corpus(path, make_data())
    assert read_corpus(path, make_data(column=1)).names[:2] == ["name", "town 0"]


@pytest.mark.parametrize("first", ["[", "Towns of 2020"])
def test_a_first_line_that_is_no_row_of_the_table_below_is_told(make_data, write, first) -> None:
    path = write("\n".join([first, *(f'"town {n}",' for n in range(30)), ""]))
    with pytest.raises(UserError) as caught:
        read_corpus(path, make_data())
    assert str(caught.value) == (
        f"{path}, line 1: {first!r} is one column, while ',' separates other rows; if it is a "
        "title or JSON, take what is no row out and set data.column; where each line is a name, "
        "data.separator=line"
    )


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_first_line_that_names_the_separator_is_obeyed(make_data, write, first) -> None:
    path = write(table(";", first))
    assert read_corpus(path, make_data(column="name")).names == NAMES
    with pytest.raises(UserError, match=r"line 2: a table with the columns 'id', 'name', 'coun"):
        read_corpus(path, make_data())


def test_names_with_commas_are_a_list_where_that_is_said(make_data, write) -> None:
    path = write("Smith, John\nDoe, Jane\n")
    with pytest.raises(UserError, match=r"columns 'Smith', 'John', .* data\.separator=line"):
        read_corpus(path, make_data())
    names = ["smith, john", "doe, jane"]
    assert read_corpus(path, make_data(separator="line")).names == names


@pytest.mark.parametrize(
    "text",
    [
        "rex\ntrex\n",
        'rex\ntrex\nraptor\n"quoted", and a comma\n',  # which csv.Sniffer takes for a table
        "L'Aquila\n's Gravenhage, 'x'\nD'Este\n",  # this too
        "Paris, Texas\nRome\nOslo\n",
        "a, b\n",
    ],
)
def test_some_commas_make_no_table(text) -> None:
    assert found_separator(text.splitlines(), None) is None


def test_what_separates_is_what_gives_all_rows_equally_many_columns() -> None:
    assert found_separator(["id;name", "1;a,b", "2;c,d,e", "3;f"], None) == ";"
    assert found_separator(['1,"a;b",x', '2,"c",y'], None) == ","


def test_a_table_without_a_header_is_read_by_number(make_data, write) -> None:
    path = write("# census\nanna,F,7065\nmary,F,2604\n")
    assert read_corpus(path, make_data(column=1)).names == ["anna", "mary"]
    assert read_corpus(path, make_data(column=3)).names == ["7065", "2604"]
    with pytest.raises(UserError, match=r"line 2: no column 4; the first row has 3: 'anna', 'F'"):
        read_corpus(path, make_data(column=4))


@pytest.mark.parametrize(
    ("header", "column", "names"),
    [
        ("#,Name,Type", "Name", ["rex", "trex"]),
        ("#,Name,Type", "#", ["1", "2"]),
        ("#id,Name,Type", "id", ["1", "2"]),
        ("#id,Name,Type", "#id", ["1", "2"]),
        ("# Id, Name, Type", "Name", ["rex", "trex"]),
    ],
)
def test_a_header_may_begin_like_a_comment(make_data, write, header, column, names) -> None:
    path = write(f"# all of them, really\n{header}\n1,Rex,x\n2,Trex,y\n")
    assert read_corpus(path, make_data(column=column)).names == names


def test_a_header_like_a_comment_is_offered_where_the_column_is_wrong(make_data, write) -> None:
    path = write("#,Name,Type\n1,Rex,x\n2,Trex,y\n")
    for data in (make_data(column="genus"), make_data()):
        with pytest.raises(UserError, match="'#', 'Name', 'Type'"):
            read_corpus(path, data)


def test_a_comment_above_is_not_taken_for_the_header(make_data, write) -> None:
    path = write("# id, name\nid,name\n1,rex\n2,rap\n")
    assert read_corpus(path, make_data(column="name")).names == ["rex", "rap"]
    path = write("# made by Ann, 2020\nid,genus\n1,rex\n2,rap\n")
    with pytest.raises(UserError, match=r"set data\.column to one of 'id', 'genus', or to null"):
        read_corpus(path, make_data(column="name"))


def test_columns_of_one_name_are_numbered(make_data, write) -> None:
    path = write("name,name,id\nrex,tyrant,1\nrap,thief,2\n")
    with pytest.raises(UserError, match=r"2 columns are called 'name'; .* 'name\.1', 'name\.2'"):
        read_corpus(path, make_data(column="name"))
    assert read_corpus(path, make_data(column="name.2")).names == ["tyrant", "thief"]


def test_a_row_with_more_columns_than_the_header_is_dropped(make_data, write) -> None:
    path = write("id,name\n1,rex\n2,rex, the\n3,rap,,\n")
    corpus = read_corpus(path, make_data(column="name"))
    assert corpus.names == ["rex", "rap"]
    detail = "3 columns, the first row has 2"
    assert corpus.dropped == [Dropped(3, "2,rex,the", "more columns", detail)]


def test_the_header_of_a_file_that_was_joined_is_no_name(make_data, write) -> None:
    path = write('\ufeffname,id\nrex,1\n\ufeffname,id\n\ufeff"rap",2\n')
    corpus = read_corpus(path, make_data(column="name"))
    assert corpus.names == ["rex", "rap"]
    assert corpus.dropped == [Dropped(3, "name", "header", "again")]


def test_byte_order_marks_where_files_were_joined_are_no_letters(make_data, write) -> None:
    corpus = read_corpus(write("\ufeffanna\nbob\n\ufeffanna\nio\ufeffeva\n"), make_data())
    assert corpus.names == ["anna", "bob"]
    assert corpus.dropped == [
        Dropped(3, "anna", "duplicate", "of line 1"),
        Dropped(4, "io\ufeffeva", "outside the alphabet", "'\\ufeff' (U+FEFF) at position 3"),
    ]


@pytest.mark.parametrize("character", ["\t", "\n", "\r\n", " \n  ", "\v", "\u2028", "\x85"])
def test_a_break_within_a_field_is_a_space(make_data, write, character) -> None:
    path = write(f'name,id\n"rex{character}the",1\nrap,2\n')
    assert read_corpus(path, make_data(column="name")).names == ["rex the", "rap"]


def test_a_list_of_tabs_gets_a_remedy_that_helps(make_data, write) -> None:
    with pytest.raises(UserError, match=r"take it out, or set data\.column if tabs separate"):
        read_corpus(write("a\tb\nc\td\te\n"), make_data(separator="line"))


def test_a_space_before_quotes_does_not_split_the_field(make_data, write) -> None:
    path = write('id, name\n1, "rex, the"\n2, rap\n')
    assert read_corpus(path, make_data(column="name")).names == ["rex, the", "rap"]


@pytest.mark.parametrize(
    "changes", [{"separator": "ab"}, {"separator": '"'}, {"separator": " "}, {"column": 0}]
)
def test_what_separates_nothing_is_refused(make_data, changes) -> None:
    with pytest.raises(ValidationError):
        make_data(**changes)


def test_a_list_has_no_column(make_data) -> None:
    with pytest.raises(ValidationError, match="separator: line has no columns"):
        make_data(separator="line", column="name")


def test_what_was_recorded_before_there_was_a_separator_stays_equal(make_data, write) -> None:
    found, said = make_data(column="name"), make_data(column="name", separator=";")
    assert "separator" not in found.model_dump(mode="json")
    assert said.model_dump(mode="json")["separator"] == ";"
    before = {key: value for key, value in found.model_dump().items() if key != "separator"}
    assert Data.model_validate(before) == found
    path = write(table(";"))
    assert data_fingerprint(found, path) != data_fingerprint(said, path)


LIKE_THE_MODELS = Layout(None, None, "#", "--", "name")


@pytest.mark.parametrize(
    ("text", "layout", "names"),
    [
        ("rex\n\n#rap\n", Layout(), ["rex", "#rap"]),
        ("rex\n\n#rap\n", LIKE_THE_MODELS, ["rex"]),
        (table(";"), LIKE_THE_MODELS, NAMES),
        (table(","), Layout(3, usual="name"), ["country", "de", "de", "de"]),
        ("name\nrex\n", LIKE_THE_MODELS, ["rex"]),
        ("anna,F\nmary,F\n", Layout(usual=1), ["anna", "mary"]),
        ("anna\nmary\n", Layout(usual=1), ["anna", "mary"]),
        ("Smith, J\nDoe, J\n", Layout(separator="line", usual="name"), ["Smith, J", "Doe, J"]),
    ],
)
def test_the_command_line_reads_as_the_models_list_was_read(write, text, layout, names) -> None:
    assert [entry.text for entry in read_names(str(write(text)), layout)] == names


def test_the_command_line_is_told_of_its_own_options(write) -> None:
    path = write(table(","))
    with pytest.raises(UserError, match=r"set --column to the name of one.*, --separator line$"):
        read_names(str(path), Layout(prefix="--"))
    with pytest.raises(UserError, match="set --column to one of 'id', 'name', 'country'"):
        read_names(str(path), Layout("genus", prefix="--"))


def test_the_first_and_the_oddest_names_are_in_the_log(make_data, write, caplog) -> None:
    with caplog.at_level(logging.INFO, "neonym"):
        names = [f"{a}{b}saurus" for a in "bdlm" for b in "aeo"]
        read_corpus(write("\n".join([*names, "xxqzx"])), make_data())
    assert caplog.messages[1].startswith("first: 'basaurus', 'besaurus', 'bosaurus', 'dasaurus', ")
    assert "; oddest: 'xxqzx', " in caplog.messages[1]
