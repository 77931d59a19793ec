import numpy as np
import pytest

from neonym.evaluation.measures import Drawn
from neonym.evaluation.page import to_page
from neonym.settings import Sample

DRAWN = Drawn(["rexo", "rapt"] * 600, np.ones(1200, bool))


def sample(**changes: object) -> Sample:
    values = {"count": 1200, "temperature": 1.0, "top_k": None, "top_p": None, "prefix": ""}
    return Sample.model_validate(
        values | {"max_length": None, "distinct": False, "novel": False} | changes
    )


def page(make_lists, grouped: bool = True, drawn: Drawn = DRAWN, **changes: object) -> str:
    options = {name: changes.pop(name) for name in tuple(changes) if name in Sample.model_fields}
    return to_page({}, drawn, make_lists(**changes), grouped=grouped, sample=sample(**options))


def test_the_page_says_how_names_were_drawn_and_which_split_judges_them(make_lists) -> None:
    assert page(make_lists).splitlines()[2] == (
        "1,200 names were drawn (temperature 1). The list has 9 in train, 1 in val, 2 in test: "
        "names one edit apart are on the same side."
    )
    assert "2 in test: a plain split." in page(make_lists, grouped=False)
    same = {part: ["rex", "trex"] for part in ("train", "val", "test")}
    assert "2 in test: nothing is held out." in page(make_lists, grouped=False, **same)


def test_the_page_says_why_no_real_name_is_a_near_copy(make_lists) -> None:
    for grouped in (True, False):
        assert (
            "`names.near_copy` of real names is 0" in page(make_lists, grouped=grouped)
        ) is grouped


def test_the_page_tells_every_option_that_changes_what_is_drawn(make_lists) -> None:
    text = page(make_lists, temperature=0.8, top_k=5, top_p=0.9, prefix="re", novel=True)
    assert "drawn (temperature 0.8, top_k 5, top_p 0.9, prefix, novel)." in text


@pytest.mark.parametrize("few", [True, False])
def test_what_is_too_little_is_at_the_end(make_lists, few: bool) -> None:
    names = [f"{a}{b}" for a in "abcdefghijk" for b in "abcdefghijk"]
    text = page(make_lists) if few else page(make_lists, train=["no"], val=names, test=names)
    assert ("- test has 2 names: too few to judge by" in text) == few
    assert ("Too little" in text) == few
