import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import previous_rows

from neonym.nn import pack

lists_of_ids = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1, max_size=6)


def unpack(batch):
    """Inputs and targets of each sequence, in the order they were given in."""
    inputs, targets = ([[] for _ in batch.order] for _ in range(2))
    row = 0
    for size in batch.batch_sizes:
        for place in batch.order[:size]:
            inputs[place].append(int(batch.inputs[row]))
            targets[place].append(int(batch.targets[row]))
            row += 1
    assert row == len(batch.inputs)
    return inputs, targets


@given(lists_of_ids)
def test_packed_rows_hold_every_sequence_with_start_and_end(sequences):
    inputs, targets = unpack(pack(sequences))
    assert inputs == [[0, *sequence] for sequence in sequences]
    assert targets == [[*sequence, 0] for sequence in sequences]


@given(lists_of_ids)
def test_with_output_last_the_last_token_is_the_only_target(sequences):
    batch = pack(sequences, "last")
    assert [sequences[place][-1] for place in batch.order] == batch.targets.tolist()
    inputs = [[] for _ in sequences]
    for row, place in zip(batch.inputs, batch.order[batch.sequence_of_row], strict=True):
        inputs[place].append(int(row))
    assert inputs == [[0, *sequence[:-1]] for sequence in sequences]


@given(lists_of_ids, st.sampled_from(["all", "last"]))
def test_rows_of_a_step_belong_to_the_longest_sequences(sequences, output):
    batch = pack(sequences, output)
    lengths = [len(sequences[place]) + (output == "all") for place in batch.order]
    assert batch.lengths.tolist() == lengths == sorted(lengths, reverse=True)
    assert batch.sequence_of_row.tolist() == [
        place for step in batch.plain.steps for place in range(step.size)
    ]
    assert [step.size for step in batch.plain.steps] == batch.batch_sizes.tolist()
    ends = [max(np.flatnonzero(batch.sequence_of_row == place)) for place in range(len(lengths))]
    assert batch.last_rows.tolist() == ends


@given(lists_of_ids)
def test_the_previous_row_belongs_to_the_same_sequence_one_step_before(sequences):
    batch = pack(sequences)
    owner = np.concatenate([np.arange(len(sequences)), batch.sequence_of_row])
    step = np.repeat(np.arange(len(batch.plain.steps) + 1), [len(sequences), *batch.batch_sizes])
    rows = len(sequences) + np.arange(len(batch.inputs))
    previous = previous_rows(batch.plain)
    np.testing.assert_array_equal(owner[previous], owner[rows])
    np.testing.assert_array_equal(step[previous], step[rows] - 1)


@given(lists_of_ids)
def test_equal_lengths_keep_their_order(sequences):
    order = pack(sequences).order
    keys = [(-len(sequences[place]), place) for place in order]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "sequences is empty"),
        ([[1], []], r"sequences\[1\] is empty"),
        ([[1], [[1, 2]]], r"sequences\[1\] has shape \(1, 2\), expected one dimension"),
    ],
)
def test_what_cannot_be_packed_is_named(sequences, message):
    with pytest.raises(ValueError, match=message):
        pack(sequences)


def test_ids_must_be_integers():
    with pytest.raises(TypeError, match=r"sequences\[0\] has dtype float64, expected integers"):
        pack([[1.0]])


def test_an_unknown_output_is_refused():
    with pytest.raises(ValueError, match='output is \'first\', expected "all" or "last"'):
        pack([[1]], "first")
