import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.nn import RecurrentNetwork, TokenSequences, pack

lists_of_ids = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=7), min_size=1, max_size=6)


@given(lists_of_ids)
def test_together_sequences_are_what_they_were_apart(sequences):
    together = TokenSequences.of(sequences)
    assert [ids.tolist() for ids in together] == sequences
    assert [together[place].tolist() for place in range(len(sequences))] == sequences
    assert together[-1].tolist() == sequences[-1]
    assert [ids.tolist() for ids in together[1:]] == sequences[1:]
    assert TokenSequences.of(together) is together


@given(lists_of_ids, st.data())
def test_those_taken_come_in_the_order_asked_for(sequences, data):
    places = data.draw(st.lists(st.integers(0, len(sequences) - 1), max_size=8))
    taken = TokenSequences.of(sequences).take(np.array(places, dtype=np.intp))
    assert [ids.tolist() for ids in taken] == [sequences[place] for place in places]


@given(lists_of_ids)
def test_columns_are_filled_up(sequences):
    columns = TokenSequences.of(sequences).columns(np.arange(len(sequences)), fill=-1)
    longest = max(map(len, sequences))
    padded = [ids + [-1] * (longest + 1 - len(ids)) for ids in sequences]
    assert columns.T.tolist() == padded


@given(lists_of_ids)
def test_a_batch_is_the_same_from_sequences_together_or_apart(sequences):
    apart, together = pack(sequences), pack(TokenSequences.of(sequences))
    for name in ("inputs", "targets", "batch_sizes", "order"):
        np.testing.assert_array_equal(getattr(together, name), getattr(apart, name))


def test_likelihoods_are_the_same_together_and_apart():
    network = RecurrentNetwork(5, "rnn", 3)
    sequences = [[1, 2, 3], [1], [4, 4], [1, 2]]
    apart = network.negative_log_likelihood(sequences)
    together = network.negative_log_likelihood(TokenSequences.of(sequences))
    np.testing.assert_array_equal(together, apart)


def test_none_are_none():
    none = TokenSequences.of([])
    assert len(none) == 0
    assert list(none) == []
    assert len(none.take(np.array([], dtype=np.intp))) == 0


@pytest.mark.parametrize(
    ("sequences", "error", "message"),
    [
        ([[1], []], ValueError, r"sequences\[1\] is empty, expected at least one token id"),
        ([[1], 2], ValueError, r"sequences\[1\] has shape \(\), expected one dimension"),
        ([[1], [[2, 3]]], ValueError, r"sequences\[1\] has shape \(1, 2\), expected one"),
        ([[[1]], [[2]]], ValueError, r"sequences\[0\] has shape \(1, 1\), expected one"),
        ([[1], [1, [2]]], ValueError, r"sequences\[1\] is nested unevenly, expected one"),
        ([[1], [0.5]], TypeError, r"sequences\[1\] has dtype float64, expected integers"),
        ([[1], ["a"]], TypeError, r"sequences\[1\] has dtype <U1, expected integers"),
        (
            [np.array([1], dtype=np.uint64), np.array([1], dtype=np.int64)],
            TypeError,
            "sequences mixes signed with unsigned 64-bit integers",
        ),
    ],
)
def test_what_is_no_sequence_of_ids_is_named(sequences, error, message):
    with pytest.raises(error, match=message):
        TokenSequences.of(sequences)
