"""How what is predicted depends on each input, against differences and training's gradients."""

import numpy as np
import pytest

from neonym.nn import CELLS, RecurrentNetwork, input_gradients

SIZE, NAME = 7, [3, 1, 5, 2]


def made(cell: str, layers: int, **options: object) -> RecurrentNetwork:
    options |= {"num_layers": layers, "dtype": "float64", "initialization_scale": 0.8}
    network = RecurrentNetwork(SIZE, cell, 3, seed=1, **options)
    random = np.random.default_rng(0)
    state = network.state_dict()
    for name in state:
        if "bias" in name:  # which begin as zeros
            state[name] = random.normal(scale=0.5, size=state[name].shape)
    network.load_state_dict(state)
    return network


def log_probs(network: RecurrentNetwork, name: list[int]) -> np.ndarray:
    """Of each token of a name and of its end."""
    state, found = network.initial_state(1), []
    for read, next_one in zip([0, *name], [*name, 0], strict=True):
        logits, state = network.step([read], state)
        found.append(logits[0, next_one] - np.log(np.exp(logits[0]).sum()))
    return np.array(found)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_they_are_what_differences_give(cell: str, layers: int) -> None:
    """Tokens are one-hot and all different: a column of W_ih is what one of the inputs gives."""
    network, step = made(cell, layers), 1e-5
    found = input_gradients(network, NAME)
    state = network.state_dict()
    weights = state["rnn.weight_ih_l0"]
    expected = np.zeros((len(NAME) + 1, len(NAME) + 1, len(weights)))
    for place, token in enumerate([0, *NAME]):
        for unit in range(len(weights)):
            around = []
            for sign in (1, -1):
                changed = weights.copy()
                changed[unit, token] += sign * step
                network.load_state_dict(state | {"rnn.weight_ih_l0": changed})
                around.append(log_probs(network, NAME))
            expected[:, place, unit] = (around[0] - around[1]) / (2 * step)
    lengths = np.linalg.norm(expected, axis=2)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), lengths, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=0, atol=1e-9)
    assert (lengths[np.tril_indices(len(lengths))] > 1e-6).all()
    assert not found[np.triu_indices(len(lengths), 1)].any()


@pytest.mark.parametrize("embedding_size", [None, 4])
def test_together_they_are_the_gradient_that_training_follows(embedding_size: int | None) -> None:
    name = [2, 2, 6, 2]  # a token that comes several times
    network = made("gru", 1, embedding_size=embedding_size)
    total = -input_gradients(network, name).sum(axis=0) / (len(name) + 1)  # of the mean nats
    read = np.array([0, *name])
    _, gradients = network.loss_and_gradients([name])
    state = network.state_dict()
    if embedding_size is None:
        expected = [gradients["rnn.weight_ih_l0"][:, token] for token in range(SIZE)]
        found = [total[read == token].sum(axis=0) for token in range(SIZE)]
        np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=0, atol=1e-12)
    else:
        by_input = total @ state["rnn.weight_ih_l0"]
        found = [by_input[read == token].sum(axis=0) for token in range(SIZE)]
        np.testing.assert_allclose(found, gradients["embedding.weight"], rtol=0, atol=1e-12)


def test_a_network_that_predicts_once_or_an_unknown_token_is_refused() -> None:
    with pytest.raises(ValueError, match=r'^output is .last., expected "all"$'):
        input_gradients(RecurrentNetwork(SIZE, "rnn", 3, output="last"), NAME)
    with pytest.raises(ValueError, match="7"):
        input_gradients(made("rnn", 1), [SIZE])
