import numpy as np
import pytest

from neonym.base.errors import UserError
from neonym.generation.keeping import BLOCK, Wanted
from neonym.generation.many_prefixes import sample_each
from neonym.generation.sampling import sample
from neonym.models.choice import Choice
from neonym.nn import RecurrentNetwork
from table_model import TableModel

PREFIXES = [(), (1,), (2,), (1, 2), (2, 2, 1), (1,), ()]
SPACE = 2


def as_tuples(samples):
    return [tuple(ids.tolist()) for ids in samples.sequences]


def ids(*prefixes):
    return [np.array(prefix, dtype=np.int32) for prefix in prefixes]


@pytest.mark.parametrize("count", [1, 2, 7, 400, BLOCK, BLOCK + 3])
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(spaces=(SPACE,)), Wanted(distinct=True)])
def test_names_behind_many_prefixes_are_those_behind_each_alone(count, wanted):
    options = {"seed": 3, "max_length": 9, "choice": Choice(0.9), "wanted": wanted}
    prefixes = PREFIXES if count < BLOCK else PREFIXES[::2]  # of three lengths, one twice
    together = sample_each(TableModel(), ids(*prefixes), count, **options)
    for prefix, samples in zip(prefixes, together, strict=True):
        alone = sample(TableModel(), count, prefix=prefix, **options)
        assert as_tuples(samples) == as_tuples(alone)
        assert samples.ended.tolist() == alone.ended.tolist()
        np.testing.assert_allclose(samples.log_probs, alone.log_probs, rtol=1e-12)
        assert samples.draws == alone.draws


def test_names_of_a_network_are_the_same_too():
    network = RecurrentNetwork(27, "lstm", 24, seed=1)
    prefixes = ids(*[(a, b) for a in range(1, 27) for b in range(1, 27)])
    together = sample_each(network, prefixes, 1, seed=0, max_length=20)
    for place in range(0, len(prefixes), 97):
        alone = sample(network, 1, seed=0, max_length=20, prefix=prefixes[place])
        assert as_tuples(together[place]) == as_tuples(alone)


def test_a_prefix_as_long_as_the_cap_is_returned_as_it_is():
    found = sample_each(TableModel(), ids((1, 2), (2, 1)), 2, seed=0, max_length=2)
    assert [as_tuples(samples) for samples in found] == [[(1, 2)] * 2, [(2, 1)] * 2]


def test_there_are_no_names_where_none_may_be_drawn():
    options = {"seed": 0, "max_length": 9, "wanted": Wanted(distinct=True, max_draws=0)}
    found = [sample(TableModel(), 3, **options)]
    found += sample_each(TableModel(), ids((1,), (2,)), 3, **options)
    assert [(samples.sequences, samples.draws) for samples in found] == [([], 0)] * 3


def test_a_model_that_only_ends_is_given_up():
    model = TableModel()
    model.table[:, 0] = 1e3
    found = sample_each(model, ids((), ()), 5, seed=0, max_length=9, wanted=Wanted(spaces=()))
    assert [samples.draws for samples in found] == [BLOCK, BLOCK]
    assert [samples.sequences for samples in found] == [[], []]


@pytest.mark.parametrize(
    ("prefixes", "count", "options"),
    [([(1,)], 0, {}), ([(1,)], 1, {"seed": -1}), ([(1,), (1, 2, 1)], 1, {"max_length": 2})],
)
def test_what_makes_no_sense_is_refused(prefixes, count, options):
    with pytest.raises(UserError):
        sample_each(TableModel(), ids(*prefixes), count, **{"seed": 0, "max_length": 5} | options)
