import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.text import exact, inert


@given(st.text(st.sampled_from(list("='+-@\t\r\n＝a")), max_size=5))
def test_the_escape_can_be_undone(text: str) -> None:
    assert exact(inert(text)) == text
    assert inert(text)[:1] not in tuple("=+-@\t\r\n＝")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "\na", "＝1", "'="])
def test_what_could_be_a_formula_gets_an_apostrophe_in_front(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "rex"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text
