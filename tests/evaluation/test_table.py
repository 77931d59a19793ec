import math

import pytest

from neonym.evaluation.measures import Drawn
from neonym.evaluation.table import NameRow, names_table

TRAIN = ["tyranno", "tyrannop", "stegosaur", "allosaur", "apasaur", "rex"]


def test_a_row_says_what_a_name_is_and_what_it_is_made_of(make_lists) -> None:
    lists = make_lists(train=TRAIN, test=["troodon"])
    drawn = Drawn(["Tyrannosaur", "rex", "tyranno!", "re", "rexx", ""], [1, 1, 1, 1, 0, 1])
    rows = names_table(drawn, lists, nats=[6.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    assert rows[0] == NameRow(
        *("tyrannosaur", False, "length", True, "tyrannop"),
        *(pytest.approx(4 / 11), 0.5, "tyranno", "saur"),
    )
    assert rows[1] == NameRow("rex", True, "", False, "rex", 0.0, 0.5, "", "")
    assert (rows[2].broken, rows[2].nearest) == ("alphabet", "")
    assert math.isnan(rows[2].distance)
    assert (rows[3].broken, rows[3].nearest) == ("length", "rex")
    assert (rows[4].broken, rows[4].novel) == ("unfinished", True)
    assert (rows[5].broken, rows[5].nats_per_token) == ("empty", 1.0)


def test_lines_of_words_have_nearest_lines_and_no_parts(make_lists) -> None:
    lists = make_lists(
        train=["he is male", "this is house"], val=["he is tall"], test=["she is tall"], unit="word"
    )
    rows = names_table(Drawn(["she is male", "he walks"], [True, True]), lists)
    assert (rows[0].nearest, rows[0].beginning) == ("he is male", "")
    assert rows[0].distance == pytest.approx(1 / 3)
    assert math.isnan(rows[0].nats_per_token)
    assert (rows[1].broken, rows[1].nearest) == ("alphabet", "")
