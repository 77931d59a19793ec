import itertools

import numpy as np
import pytest
import reference_network

from neonym.nn import CELLS, RecurrentNetwork, gradcheck

RAGGED = [[1, 4, 2, 3], [5], [3, 3], [2, 1, 5, 4]]


def make(cell="rnn", layers=1, hidden_size=3, **options):
    """A small network whose weights are large enough for differences to be exact."""
    return RecurrentNetwork(
        6,
        cell,
        hidden_size=hidden_size,
        num_layers=layers,
        dtype="float64",
        seed=7,
        initialization_scale=1.0,
        **options,
    )


def randomise_initial_states(network):
    """So that a test of a trainable initial state does not start at zero."""
    generator = np.random.default_rng(3)
    for name, where in network.parameter_slices.items():
        if name.startswith(("rnn.h0", "rnn.c0")):
            shape = network.parameters[where].shape
            network.parameters[where] = generator.normal(size=shape)
    return network


def assert_gradients_right(network, sequences, **options):
    errors = gradcheck(network, sequences, **options)
    assert set(errors) == set(network.state_dict())
    assert max(errors.values()) < 1e-6, errors


def errors_along(network, sequences, dropout_seed=None, directions=2, eps=5e-5):
    """As `gradcheck`, along random directions of each array instead of all of its axes.

    A wrong gradient is next to never at right angles to both, and few differences are needed.
    """
    batch, random = network.pack(sequences), np.random.default_rng(11)

    def loss(values):
        network.parameters[where] = values
        generator = None if dropout_seed is None else np.random.default_rng(dropout_seed)
        return network.token_nats(batch, generator).mean()

    generator = None if dropout_seed is None else np.random.default_rng(dropout_seed)
    network.forward_backward(batch, generator)
    errors = {}
    for name, where in network.parameter_slices.items():
        values, slopes = network.parameters[where].copy(), []
        gradient = network.gradients[where]
        drawn = random.normal(size=(directions, values.size))
        units = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        for unit in units:
            slopes.append((loss(values + eps * unit) - loss(values - eps * unit)) / (2 * eps))
        network.parameters[where] = values
        # of a vector's square, each direction has on average its share
        scale = np.sqrt(values.size / directions)
        apart = scale * np.linalg.norm(units @ gradient - slopes)
        total = np.linalg.norm(gradient) + scale * np.linalg.norm(slopes)
        errors[name] = apart / total if total > 0 else 0.0
    return errors


KINDS = [*CELLS, "relu"]
BIASES = [True, "single", False]


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_agree_with_central_differences(cell, layers, bias):
    embedding = 3 if layers == 2 else None
    network = make(cell, layers, bias=bias, embedding_size=embedding)
    assert_gradients_right(network, RAGGED)


@pytest.mark.parametrize("output", ["all", "last"])
@pytest.mark.parametrize("embedding_size", [None, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_agree_under_dropout_and_with_learned_initial_states(
    cell, embedding_size, output
):
    network = make(
        cell,
        2,
        embedding_size=embedding_size,
        dropout=0.3,
        input_dropout=0.2,
        output_dropout=0.4,
        trainable_initial_state=True,
        output=output,
    )
    assert_gradients_right(randomise_initial_states(network), RAGGED, dropout_seed=1)


@pytest.mark.parametrize("sequences", [[[3]], [[1, 2, 3]], [[1, 2], [2, 3], [4, 5]]])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_agree_for_a_single_token_a_single_sequence_and_equal_lengths(cell, sequences):
    assert_gradients_right(make(cell), sequences)


def test_gradients_of_the_relu_cell_agree():
    assert_gradients_right(make("rnn", 2, nonlinearity="relu"), RAGGED)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_gradients_agree_for_every_combination_of_options(cell, layers):
    # Of three rectified units in a layer all may be asleep, and no gradient is left to compare
    relu = {"cell": "rnn", "nonlinearity": "relu", "hidden_size": 4}
    kind = relu if cell == "relu" else {"cell": cell, "hidden_size": 2}
    batches = [RAGGED, [[3]], [[1, 2, 3]], [[1, 2], [2, 3], [4, 5]]]
    choices = itertools.product(
        BIASES, [None, 3], ["all", "last"], [False, True], [False, True], batches
    )
    for bias, embedding_size, output, drops, learns_initial, sequences in choices:
        rates = (
            {
                "input_dropout": 0.2,
                "output_dropout": 0.4,
                "dropout": 0.3 if layers > 1 else 0.0,
            }
            if drops
            else {}
        )
        network = make(
            **kind,
            layers=layers,
            bias=bias,
            embedding_size=embedding_size,
            output=output,
            trainable_initial_state=learns_initial,
            **rates,
        )
        randomise_initial_states(network)
        errors = errors_along(network, sequences, dropout_seed=2 if drops else None)
        assert set(errors) == set(network.state_dict())
        assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("output", ["all", "last"])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_the_fused_steps_agree_with_the_plain_reference(cell, layers, bias, output):
    kind = {"cell": "rnn", "nonlinearity": "relu"} if cell == "relu" else {"cell": cell}
    for embedding_size, learns_initial in itertools.product([None, 3], [False, True]):
        network = make(
            **kind,
            layers=layers,
            bias=bias,
            embedding_size=embedding_size,
            output=output,
            trainable_initial_state=learns_initial,
        )
        randomise_initial_states(network)
        loss, gradients = network.loss_and_gradients(RAGGED)
        expected_loss, expected = reference_network.loss_and_gradients(network, RAGGED)
        assert loss == pytest.approx(expected_loss, rel=1e-10)
        assert list(gradients) == list(network.state_dict())
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, expected[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_large_vocabularies_sum_rows_to_the_same_gradient(cell):
    network = RecurrentNetwork(
        300, cell, hidden_size=3, embedding_size=2, dtype="float64", input_dropout=0.2
    )
    sequences = [[299, 5, 5], [7, 299], [5]]
    _, gradients = network.loss_and_gradients(sequences)
    _, expected = reference_network.loss_and_gradients(network, sequences)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("check", [gradcheck, errors_along])
def test_a_wrong_gradient_is_seen(monkeypatch, check):
    network = make()
    right = network.forward_backward

    def wrong(batch, generator=None):
        loss = right(batch, generator)
        network.gradients[network.parameter_slices["rnn.weight_hh_l0"]] *= 1.001
        return loss

    monkeypatch.setattr(network, "forward_backward", wrong)
    errors = check(network, RAGGED)
    # of a few directions each has more or less of it
    near = {"rel": 1e-2} if check is gradcheck else {"abs": 0.0004}
    assert errors.pop("rnn.weight_hh_l0") == pytest.approx(0.0005, **near)
    assert max(errors.values()) < 1e-6


def test_gradcheck_does_not_take_nan_for_right():
    network = make()
    network.parameters[network.parameter_slices["head.bias"]] = np.nan
    assert set(gradcheck(network, RAGGED).values()) == {np.inf}


def test_gradcheck_leaves_the_parameters_as_they_were():
    network = make()
    before = network.parameters.copy()
    gradcheck(network, [[1]])
    np.testing.assert_array_equal(network.parameters, before)


def test_gradcheck_refuses_float32_and_a_step_that_is_not_positive():
    with pytest.raises(ValueError, match="network has dtype float32, expected float64"):
        gradcheck(RecurrentNetwork(3, "rnn", 2), [[1]])
    with pytest.raises(ValueError, match="eps is 0, expected a positive number"):
        gradcheck(make(), [[1]], eps=0)
