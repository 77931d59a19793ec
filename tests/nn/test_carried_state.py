import numpy as np
import pytest

from neonym.nn import CELLS, RecurrentNetwork, pack

SEQUENCES = [[1, 4], [5, 2, 3, 1, 1, 2, 4], [3, 3, 2, 5]]


def make(cell, **options):
    return RecurrentNetwork(6, cell, 4, 2, dtype="float64", seed=3, **options)


@pytest.mark.parametrize("steps", [1, 3, 5, 100])
@pytest.mark.parametrize("cell", CELLS)
def test_windows_with_the_state_carried_see_what_the_whole_batch_sees(cell, steps):
    network, batch = make(cell), pack(SEQUENCES)
    state, nats, rows = network.initial_state(3), 0.0, 0
    for window in batch.windows(steps):
        loss, state = network.forward_backward_from(state, window)
        nats, rows = nats + loss * window.num_tokens, rows + window.num_tokens
        assert len(window.batch_sizes) <= steps
    assert rows == batch.num_tokens
    assert nats / rows == pytest.approx(network.loss(batch), rel=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_carried_state_is_the_one_behind_each_sequence_in_the_order_given(cell):
    network = make(cell)
    _, state = network.forward_backward_from(network.initial_state(3), pack(SEQUENCES))
    for place, sequence in enumerate(SEQUENCES):
        alone = network.initial_state(1)
        for token in [0, *sequence]:
            _, alone = network.step([token], alone)
        for carried, expected in zip(state.take([place]).layers, alone.layers, strict=True):
            np.testing.assert_allclose(carried, expected, rtol=1e-12)


def test_a_carried_state_changes_the_next_batch_and_is_left_as_it_is():
    network, batch = make("lstm"), pack(SEQUENCES)
    _, state = network.forward_backward_from(network.initial_state(3), batch)
    first, after = network.forward_backward_from(state, batch)
    again, _ = network.forward_backward_from(state, batch)
    assert first == again != network.forward_backward(batch)
    assert not np.array_equal(state.layers[0][0], after.layers[0][0])


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_a_carried_state_are_right(cell):
    network, batch = make(cell), pack(SEQUENCES)
    _, state = network.forward_backward_from(network.initial_state(3), batch)
    network.forward_backward_from(state, batch)
    gradients, eps = network.gradients.copy(), 1e-6
    for place in range(0, len(gradients), 7):
        losses = []
        for sign in (1, -1):
            network.parameters[place] += sign * eps
            # The table inside a state belongs to the old weights, but is not used here.
            losses.append(network.forward_backward_from(state, batch)[0])
            network.parameters[place] -= sign * eps
        numeric = (losses[0] - losses[1]) / (2 * eps)
        assert gradients[place] == pytest.approx(numeric, rel=1e-5, abs=1e-9)


def test_only_the_first_window_reaches_a_trainable_initial_state():
    network = make("gru", trainable_initial_state=True)
    where = network.parameter_slices["rnn.h0_l0"]
    first, second = pack([[1, 2, 3, 4]]).windows(3)
    _, state = network.forward_backward_from(network.initial_state(1), first)
    assert network.gradients[where].all()
    network.forward_backward_from(state, second)
    assert not network.gradients[where].any()


def test_windows_need_a_length_and_a_target_at_every_step():
    with pytest.raises(ValueError, match="steps is 0, expected a positive integer"):
        pack(SEQUENCES).windows(0)
    with pytest.raises(ValueError, match='output is "last", expected "all"'):
        pack(SEQUENCES, "last").windows(2)
