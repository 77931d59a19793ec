"""What a model remembers of a name."""

import numpy as np
import pytest

from neonym.evaluation.recall import recall
from neonym.models.mixture import Mixture
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork, input_gradients
from small_training import NAMES, VOCABULARY

IDS = VOCABULARY.encode_all(NAMES)
SIZE = len(VOCABULARY)


def made(seed: int) -> RecurrentNetwork:
    return RecurrentNetwork(
        SIZE, "lstm", 6, seed=seed, dtype="float64", initialization_scale=0.7, embedding_size=4
    )


def test_of_a_network_it_is_the_length_of_the_gradient() -> None:
    network = made(0)
    found = recall(network, IDS[0])
    expected = np.sqrt((input_gradients(network, IDS[0]) ** 2).sum(axis=2))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.shape == (len(IDS[0]) + 1, len(IDS[0]) + 1)
    assert not np.triu(found, 1).any()


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_of_a_mixture_it_is_that_of_what_all_predict_together(weight: float) -> None:
    """d log p = (sum of w p_m d log p_m) / p, by the inputs of all networks side by side."""
    networks, name = [made(0), made(1)], IDS[1]
    mixture = Mixture(networks, fit(IDS, SIZE, 3) if weight else None, weight)
    rows = []
    for place, token in enumerate([*name, 0]):
        state = mixture.initial_state(1)
        states = [network.initial_state(1) for network in networks]
        for each in [0, *name[:place]]:
            logs, state = mixture.step(np.array([each]), state)
            steps = [n.step([each], s) for n, s in zip(networks, states, strict=True)]
            states = [after for _, after in steps]
        together = np.exp(logs[0, token])
        parts = [
            (1 - weight) / 2 * np.exp(logits[0, token]) / np.exp(logits[0]).sum() / together
            for logits, _ in steps
        ]
        whole = [
            part * input_gradients(network, name)[place]
            for part, network in zip(parts, networks, strict=True)
        ]
        rows.append(np.linalg.norm(np.hstack(whole), axis=1))
    np.testing.assert_allclose(recall(mixture, name), rows, rtol=1e-9)


def test_a_mixture_of_one_network_remembers_as_that() -> None:
    network = made(0)
    np.testing.assert_allclose(recall(Mixture([network]), IDS[2]), recall(network, IDS[2]))
