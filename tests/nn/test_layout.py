import numpy as np
import pytest
import reference_network
from hypothesis import given
from hypothesis import strategies as st
from layouts import previous_rows

from neonym.nn import CELLS, RecurrentNetwork, pack
from neonym.nn.memory import CACHE_LINE, Workspace, aligned_empty
from neonym.nn.rows import sum_rows

ALIKE = [[1, 4, 2, 3], [1, 4, 2], [1, 4, 5, 5, 5], [5], [3, 3], [3, 1], [1, 4, 2, 3], [2, 1], [1]]

lists_of_ids = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=7), min_size=1, max_size=9)


def prefixes(layout):
    """What each row has read, by following the rows back."""
    read = [()] * layout.num_initial
    for token, previous in zip(layout.inputs, previous_rows(layout), strict=True):
        read.append((*read[previous], int(token)))
    return read[layout.num_initial :]


@given(lists_of_ids)
def test_each_target_is_predicted_from_a_row_that_has_read_what_precedes_it(sequences):
    batch = pack(sequences)
    for layout in (batch.plain, batch.shared):
        read = prefixes(layout)
        for token, head in enumerate(layout.target_heads):
            sequence = sequences[batch.order[batch.sequence_of_row[token]]]
            length = len(read[head])
            assert read[head] == (0, *sequence[: length - 1])
            assert batch.targets[token] == [*sequence, 0][length - 1]


@given(lists_of_ids)
def test_the_rows_that_a_step_continues_are_the_first_of_the_step_before(sequences):
    layout = pack(sequences).shared
    first = 0
    for step in layout.steps:
        places = range(step.size) if step.parents is None else step.parents
        assert step.previous == slice(first, first + step.continued)
        assert set(places) == set(range(step.continued))
        first = step.following.start


def test_each_distinct_prefix_has_one_row_until_few_are_shared():
    layout = pack([[1, 2, 3], [1, 2, 4], [1, 2, 3, 4], [1, 5, 5]]).shared
    assert prefixes(layout) == [
        (0,),
        (0, 1),
        (0, 1, 2),
        (0, 1, 5),
        (0, 1, 2, 3),
        (0, 1, 2, 4),
        (0, 1, 5, 5),
        (0, 1, 2, 3, 4),
    ]


def test_nothing_is_shared_from_the_step_on_where_nearly_all_differ():
    sequences = [[first, 9, 9] for first in (1, 2, 3, 4, 5, 6, 7, 8, 8)]
    assert [step.size for step in pack(sequences).shared.steps] == [1, 8, 8, 8]
    different = [[first, 9, 9] for first in (1, 2, 3, 4)] + [[4, 8]]
    assert [step.size for step in pack(different).shared.steps] == [1, 4, 5, 4]
    assert [step.size for step in pack([[1, 2], [3, 4]]).shared.steps] == [1, 2, 2]


@pytest.mark.parametrize("bias", [True, "single", False])
@pytest.mark.parametrize("embedding_size", [None, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_shared_prefixes_change_neither_loss_nor_gradients(cell, embedding_size, bias):
    network = RecurrentNetwork(
        6,
        cell,
        5,
        2,
        embedding_size=embedding_size,
        bias=bias,
        dtype="float64",
        trainable_initial_state=True,
    )
    network.parameters[:] = np.random.default_rng(0).normal(size=network.parameters.shape) / 2
    loss, gradients = network.loss_and_gradients(ALIKE)
    expected_loss, expected = reference_network.loss_and_gradients(network, ALIKE)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-10, atol=1e-13)


def test_with_dropout_equal_names_are_dropped_differently():
    network = RecurrentNetwork(6, "gru", 8, dtype="float64", input_dropout=0.5)
    batch = pack([[1, 2, 3, 4], [1, 2, 3, 4]])
    same = network.token_nats(batch).reshape(-1, 2)
    np.testing.assert_array_equal(same[:, 0], same[:, 1])
    dropped = network.token_nats(batch, np.random.default_rng(0)).reshape(-1, 2)
    assert (dropped[:, 0] != dropped[:, 1]).any()


@pytest.mark.parametrize("most", [0, 1 << 22])
@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_rows_of_equal_id_are_summed(most, ids):
    rows = np.random.default_rng(0).normal(size=(len(ids), 3))
    expected = np.zeros((6, 3))
    np.add.at(expected, ids, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neonym.nn.rows.MOST_MULTIPLICATIONS", most)
        np.testing.assert_allclose(sum_rows(rows, np.array(ids), 6), expected, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_start_with_a_cache_line(dtype):
    workspace = Workspace(dtype)
    for _ in range(2):  # at first without a block, then cut from one
        workspace.reset()
        arrays = [workspace.empty(3, 5), workspace.empty(1), workspace.empty(7)]
        arrays.append(aligned_empty((5,), dtype))
        assert [array.ctypes.data % CACHE_LINE for array in arrays] == [0] * 4
        for number, array in enumerate(arrays):
            array[...] = number
        assert [array.ravel().tolist() for array in arrays] == [[0] * 15, [1], [2] * 7, [3] * 5]
