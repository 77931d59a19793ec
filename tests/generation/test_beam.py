import itertools

import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.generation.beam import most_probable
from neonym.generation.keeping import Wanted
from neonym.models.choice import Choice
from table_model import TableModel


def as_tuples(samples):
    return [tuple(ids.tolist()) for ids in samples.sequences]


@pytest.mark.parametrize("prefix", [(), (2, 1)])
@pytest.mark.parametrize("seed", range(5))
def test_with_beams_enough_the_names_are_exactly_the_most_probable(seed, prefix):
    model = TableModel(seed=seed)
    exact = model.names(5, Choice(), prefix)
    p = model.probabilities(Choice())
    of_prefix = np.log([p[i, j] for i, j in itertools.pairwise((0, *prefix))]).sum()
    whole = {name: np.log(q) + of_prefix for (name, ended), q in exact.items() if ended and name}
    found = most_probable(model, 7, max_length=5, prefix=prefix, width=1000)
    assert len(set(as_tuples(found))) == 7
    np.testing.assert_allclose(found.log_probs, sorted(whole.values(), reverse=True)[:7])
    np.testing.assert_allclose(found.log_probs, [whole[name] for name in as_tuples(found)])
    assert found.ended.all()


def test_one_beam_follows_the_most_probable_token():
    model = TableModel()
    model.table[:] = [[0, 2, 1], [1, -9, 3], [3, 1, 2]]
    found = most_probable(model, 1, max_length=9, width=1)
    assert as_tuples(found) == [(1, 2)]


def test_names_longer_than_the_cap_are_not_given():
    model = TableModel()
    model.table[:, 0] = -5
    found = most_probable(model, 100, max_length=2)
    assert sorted(as_tuples(found)) == [(1,), (1, 1), (1, 2), (2,), (2, 1), (2, 2)]


def test_the_empty_name_is_none_however_probable_it_is():
    model = TableModel()
    model.table[:] = [[9, 2, 1], [1, 0, 0], [1, 0, 0]]
    assert as_tuples(most_probable(model, 2, max_length=1)) == [(1,), (2,)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "0 names were asked for; ask for at least 1"),
        ({"width": 0}, "0 beams were asked for; ask for at least 1"),
        ({"max_length": 0}, "the length cap is 0; it must be at least 1"),
        (
            {"prefix": (1, 1, 1), "max_length": 2},
            "the prefix has 3 tokens, more than the length cap of 2; shorten the prefix",
        ),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=f"^{message}"):
        most_probable(TableModel(), **{"count": 1, "max_length": 5} | options)


def test_names_that_are_not_whole_are_left_out_but_followed():
    every = as_tuples(most_probable(TableModel(), 200, max_length=4, width=1000))
    whole = most_probable(TableModel(), 200, max_length=4, width=1000, wanted=Wanted(spaces=(2,)))
    assert as_tuples(whole) == [name for name in every if 2 not in (name[0], name[-1])]
    assert any(2 in name for name in as_tuples(whole))
