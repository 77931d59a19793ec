import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.corpus.capitals import capitalized, capitals_of


@pytest.mark.parametrize(
    ("texts", "way"),
    [
        (["Loire", "Rhône", "Élorn"], "first"),
        (["Gil-galad", "Saint-Denis"], None),
        (["Gil-galad", "Arwen", "Elrond", "Idril", "Beleg"], "first"),
        (["New York", "Los Angeles", "Paris"], "words"),
        (["Black forest", "Old town"], "first"),
        (["LOIRE", "SEINE"], "all"),
        (["loire", "seine"], None),
        (["さくら", "ひなた"], None),
        (["さくら", " Anna "], "first"),
        (["1,2-Xylol", "3a"], None),
        ([], None),
    ],
)
def test_capitals_are_those_of_four_names_in_five(texts: list[str], way: str | None) -> None:
    assert capitals_of(texts) == way


@pytest.mark.parametrize(
    ("name", "way", "written"),
    [
        ("élorn du nord", "first", "Élorn du nord"),
        ("élorn du nord", "words", "Élorn Du Nord"),
        ("saint-denis", "words", "Saint-denis"),
        ("ßa", "first", "ßa"),
        ("élorn du nord", "all", "ÉLORN DU NORD"),
        ("", "first", ""),
        ("loire", None, "loire"),
        ("loire", "of a later version", "loire"),
    ],
)
def test_a_name_is_written_with_them(name: str, way: str | None, written: str) -> None:
    assert capitalized(name, way) == written


@given(st.text(st.characters(categories=["Ll", "Lo", "Zs"]), max_size=12))
def test_only_capitals_are_added(name: str) -> None:
    for way in ("first", "words", "all"):
        assert len(capitalized(name, way)) == len(name)
        assert all(
            new in (old, old.upper()) for old, new in zip(name, capitalized(name, way), strict=True)
        )
