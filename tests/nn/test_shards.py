import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.nn import RecurrentNetwork, Shards, pack

SEQUENCES = [[1, 4], [5, 2, 3, 1, 1, 2, 4], [3, 3, 2, 5], [2], [4, 4, 1]]


def make(cell="lstm", **options):
    return RecurrentNetwork(6, cell, 4, 2, dtype="float64", seed=3, **options)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("output", ["all", "last"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_shards_give_the_loss_and_gradients_of_the_whole_batch(cell, output, count):
    network = make(cell, trainable_initial_state=True, output=output)
    batch = network.pack(SEQUENCES)
    loss = network.forward_backward(batch)
    expected = network.gradients.copy()
    with Shards(network, count) as shards:
        assert shards.forward_backward(batch) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(network.gradients, expected, rtol=1e-9, atol=1e-14)


def test_the_same_shards_give_the_same_bytes():
    network = make(dropout=0.3, output_dropout=0.3)
    batch, results = pack(SEQUENCES * 20), []
    with Shards(network, 3) as shards:
        for _ in range(5):
            loss = shards.forward_backward(batch, np.random.default_rng(4))
            results.append((loss, network.gradients.tobytes()))
        other = shards.forward_backward(batch, np.random.default_rng(5))
    assert len(set(results)) == 1
    assert other != results[0][0]


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=9),
    st.integers(1, 4),
    st.sampled_from(["all", "last"]),
)
def test_split_deals_every_sequence_out_once(sequences, shards, output):
    parts = pack(sequences, output).split(shards)
    assert sorted(place for part in parts for place in part.order) == list(range(len(sequences)))
    for part in parts:
        again = pack([sequences[place] for place in part.order], output)
        for name in ("inputs", "targets", "batch_sizes"):
            np.testing.assert_array_equal(getattr(part, name), getattr(again, name))


def test_shards_refuse_a_number_that_is_not_positive_and_a_batch_that_does_not_fit():
    with pytest.raises(ValueError, match="count is 0, expected a positive integer"):
        Shards(make(), 0)
    with pytest.raises(ValueError, match="shards is 0, expected a positive integer"):
        pack(SEQUENCES).split(0)
    with Shards(make(), 2) as shards, pytest.raises(ValueError, match="holds the token id 9"):
        shards.forward_backward(pack([[9]]))


@np.errstate(over="ignore", invalid="ignore")
def test_overflow_is_treated_in_the_threads_as_around_them():
    network = make()
    network.parameters *= 1e200
    with Shards(network, 2) as shards:  # a warning in a thread would be an error here
        loss = shards.forward_backward(pack(SEQUENCES))
    assert not loss < 1e6
