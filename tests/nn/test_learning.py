"""What networks must be able to learn, in seconds."""

import math

import numpy as np
import pytest

from neonym.nn import CELLS, Adam, RecurrentNetwork, clip_by_norm, pack


def train(network, batches, lr=0.01):
    optimizer = Adam()
    for batch in batches:
        network.forward_backward(batch)
        clip_by_norm(network.gradients, 1.0)
        optimizer.step(network.parameters, network.gradients, lr)


@pytest.mark.parametrize("cell", CELLS)
def test_twenty_names_are_memorised_as_far_as_they_can_be(cell):
    """Which of the 20 comes next cannot be known: ln 20 nats a name remain; no more than that."""
    generator = np.random.default_rng(0)
    names = [generator.integers(1, 27, length) for length in generator.integers(4, 15, 20)]
    network = RecurrentNetwork(27, cell, 64)
    train(network, [pack(names)] * 250)
    excess = network.negative_log_likelihood(names) - math.log(20)
    assert excess.sum() / pack(names).num_tokens < 0.05


@pytest.mark.parametrize("cell", CELLS)
def test_what_came_before_the_mark_is_copied_behind_it(cell):
    generator = np.random.default_rng(0)

    def draw(count):
        first = generator.integers(1, 5, (count, 3))
        return pack(list(np.column_stack([first, np.full(count, 5), first])))

    network = RecurrentNetwork(6, cell, 32)
    train(network, (draw(32) for _ in range(800)), lr=0.02 if cell == "lstm" else 0.01)
    nats = network.token_nats(draw(100)).reshape(-1, 100)  # (steps, sequences)
    assert nats[4:].max() < 0.1


def recall(network, delay=20, steps=600):
    """Train to name the first token after `delay` others; nats of new examples."""
    generator = np.random.default_rng(0)

    def draw(count):
        first, noise = generator.integers(1, 4, count), generator.integers(4, 7, (count, delay))
        return list(np.column_stack([first, noise, np.full(count, 7), first]))

    train(network, (network.pack(draw(32)) for _ in range(steps)))
    return network.negative_log_likelihood(draw(100))


def test_gates_remember_over_a_long_delay():
    assert recall(RecurrentNetwork(8, "gru", 24, output="last")).max() < 0.01
    lstm = RecurrentNetwork(
        8, "lstm", 24, output="last", orthogonal_recurrent=True, forget_bias=3.0
    )
    assert recall(lstm).max() < 0.01


def test_without_gates_the_same_training_does_not_suffice():
    assert recall(RecurrentNetwork(8, "rnn", 24, output="last")).mean() > 0.3
