import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neonym.base.text import exact, inert

ANY = st.text(st.sampled_from(list("='+-@\t\r\n＝a;,|\"")), max_size=7)


@given(ANY)
def test_the_escape_can_be_undone(text: str) -> None:
    assert exact(inert(text)) == text
    assert inert(text)[:1] not in tuple("=+-@\t\r\n＝")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "\na", "＝1", "'="])
def test_what_could_be_a_formula_gets_an_apostrophe_in_front(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "rex"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("separator", list(",;\t|"))
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@given(text=ANY)
@example(text="x;=1+cmd|' /C calc'!A0;y")
@example(text='x;"=1+1')
def test_whatever_separates_cells_none_of_them_is_a_formula(separator, quoting, text) -> None:
    table = io.StringIO()
    csv.writer(table, quoting=quoting, lineterminator="\n").writerow(["1", inert(text), "why"])
    for line in table.getvalue().splitlines():
        for row in csv.reader([line], delimiter=separator):
            assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "＝"))] == []


@pytest.mark.parametrize(
    "text", ["a, b", "rock'n'roll", "x=1", "saint-denis", "a; b", "a,b", "y@z"]
)
def test_separators_alone_make_no_formula(text: str) -> None:
    assert inert(text) == text
