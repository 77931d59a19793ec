"""Several blocks of names are drawn at the same time, and are as if each were drawn by itself."""

from itertools import islice, pairwise

import numpy as np
import pytest

from neonym.base.streams import Purpose, generator
from neonym.base.threads import one_blas_thread
from neonym.generation.keeping import BLOCK, Wanted
from neonym.generation.language_model import END
from neonym.generation.lockstep import MOST_DISTINCT, groups
from neonym.generation.sampling import sample
from neonym.models.choice import Choice, log_softmax
from neonym.models.mixture import Mixture
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from table_model import TableModel

SEED = 4


@one_blas_thread()  # as names are drawn; more may cut the sums of a product elsewhere
def drawn_by_itself(network, block, *, max_length, prefix, choice):
    """The names of one block and their nats: the plain loop, for one block alone."""
    stream = generator(SEED, Purpose.SAMPLING, block)
    logits, state = network.step([END], network.initial_state(1))
    nats = np.zeros(BLOCK)
    for token in prefix:
        nats += log_softmax(logits)[0, token]
        logits, state = network.step([token], state)
    names = [list(prefix) for _ in range(BLOCK)]
    going = np.arange(BLOCK)
    rows = np.zeros(BLOCK, dtype=int)  # of the logits, of each name that goes on
    shares = True
    while True:
        picked = choice.pick(logits, stream.random(BLOCK)[going], rows)
        full = len(names[going[0]]) == max_length
        there = picked != END
        counts = ~there if full else np.ones_like(there)  # a name that is cut off has no end
        nats[going[counts]] += log_softmax(logits)[rows, picked][counts]
        going, rows, picked = going[there], rows[there], picked[there]
        if full or not len(going):
            return [tuple(name) for name in names], nats
        for name, token in zip(going, picked, strict=True):
            names[name].append(int(token))
        before, tokens, places = rows, picked, np.arange(len(going))
        if shares:
            pairs, inverse = np.unique(np.stack([rows, picked]), axis=1, return_inverse=True)
            shares = pairs.shape[1] <= MOST_DISTINCT * len(going)
            if shares:
                (before, tokens), places = pairs, inverse.ravel()
        logits, state = network.step(tokens, state.take(before))
        rows = places


def compare(network, count, *, max_length=40, prefix=(), choice=None, threads=1):
    choice = choice or Choice()
    options = {"max_length": max_length, "prefix": prefix, "choice": choice}
    drawn = sample(network, count, seed=SEED, threads=threads, **options)
    names, nats = [], []
    for block in range(-(-count // BLOCK)):
        more = drawn_by_itself(network, block, **options)
        names += more[0]
        nats += more[1].tolist()
    assert [tuple(ids.tolist()) for ids in drawn.sequences] == names[:count]
    assert drawn.log_probs.tobytes() == np.array(nats[:count]).tobytes()


def network_of(cell, hidden, **options):
    """A network that is sure of most letters, whose blocks end with a few long names."""
    network = RecurrentNetwork(27, cell, hidden, seed=6, **options)
    network.parameters[network.parameter_slices["head.weight"]] *= 12
    network.parameters[network.parameter_slices["head.bias"]][END] += 2.5
    return network


NETWORKS = [
    network_of("rnn", 128),
    network_of("rnn", 9, nonlinearity="relu", num_layers=3),
    network_of("gru", 70, embedding_size=5, trainable_initial_state=True),
    network_of("lstm", 16, num_layers=2, dtype="float64"),
]


MIXTURES = [
    Mixture(NETWORKS[1:3]),
    Mixture(NETWORKS[2:3], fit([np.array([2, 3, 9, 2]), np.array([3, 9])], 27, 3), 0.3),
]


@pytest.mark.parametrize("network", NETWORKS + MIXTURES)
def test_blocks_drawn_together_have_the_names_of_each_by_itself_to_the_last_bit(network):
    compare(network, 3 * BLOCK)


class Together(TableModel):
    """A table, whose rows are what they are, however many of them are looked up."""

    def step_apart(self, tokens, state, rows, sizes):
        assert sum(sizes) == len(tokens)
        return self.step(tokens, state.take(rows))


@pytest.mark.parametrize("choice", [Choice(), Choice(top_p=0.9)])
def test_so_have_blocks_of_which_one_row_alone_is_left(choice):
    for seed in range(20):
        model = Together(27, seed)
        model.table[0] = np.where(np.arange(27) == 1, 0, -1e3)  # all names begin with 1
        compare(model, 2 * BLOCK, max_length=2, choice=choice)


@pytest.mark.parametrize(
    "choice",
    [Choice(temperature=0.8), Choice(temperature=0), Choice(top_k=4), Choice(top_p=0.8)],
)
def test_so_have_they_by_any_choice(choice):
    compare(NETWORKS[2], 2 * BLOCK, choice=choice)


@pytest.mark.parametrize(
    ("count", "prefix", "max_length"),
    [(1, (), 40), (2 * BLOCK + 5, (), 1), (BLOCK + 1, (5, 3), 40), (BLOCK + 1, (5, 3), 3)],
)
def test_so_have_they_behind_a_prefix_and_up_to_a_cap(count, prefix, max_length):
    compare(NETWORKS[2], count, prefix=prefix, max_length=max_length)


@pytest.mark.parametrize("threads", [2, 3])
def test_so_have_they_on_several_threads(threads, monkeypatch):
    monkeypatch.setattr("neonym.generation.sampling.WORTH_THREADS", 0)
    compare(NETWORKS[2], 5 * BLOCK, threads=threads)


@pytest.mark.parametrize("together", [1, 2, 7])
@pytest.mark.parametrize("distinct", [False, True])
def test_names_do_not_depend_on_how_many_blocks_are_drawn_together(together, distinct, monkeypatch):
    options = {"seed": 0, "max_length": 20, "wanted": Wanted(distinct=distinct)}
    expected = sample(NETWORKS[2], 4 * BLOCK, **options)
    monkeypatch.setattr("neonym.generation.sampling.BLOCKS_TOGETHER", together)
    found = sample(NETWORKS[2], 4 * BLOCK, **options)
    assert all(map(np.array_equal, found.sequences, expected.sequences))
    assert found.log_probs.tobytes() == expected.log_probs.tobytes()
    assert found.draws == expected.draws


@pytest.mark.parametrize(
    ("needed", "most", "threads", "sizes"),
    [
        (1, 5, 2, [1]),
        (2, 5, 2, [1, 1]),
        (2, 5, 1, [2]),
        (10, 5, 2, [5, 5]),
        (11, 5, 1, [3, 4, 4]),
        (11, 5, 2, [2, 3, 3, 3]),
        (3, 1, 1, [1, 1, 1]),
    ],
)
def test_blocks_that_are_needed_are_shared_evenly(needed, most, threads, sizes):
    found = list(groups(needed, needed, most, threads))
    assert [len(group) for group in found] == sizes
    assert [block for group in found for block in group] == list(range(needed))


def test_where_names_are_refused_at_most_an_eighth_more_is_drawn_at_once():
    found = list(islice(groups(2, 10**9, 5, 1), 40))
    assert [len(group) for group in found[:3]] == [2, 1, 1]
    assert len(found[-1]) == 5
    assert all(len(group) <= max(1, group.start / 8) for group in found[1:])
    assert all(after.start == before.stop for before, after in pairwise(found))
    assert [len(group) for group in groups(1, 3, 5, 1)] == [1, 1, 1]
