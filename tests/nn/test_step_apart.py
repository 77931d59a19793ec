"""Several batches in one step: the products of each are those that it has by itself."""

from itertools import accumulate, pairwise

import numpy as np
import pytest

from neonym.nn import RecurrentNetwork

SIZES = [1, 5, 300, 1, 61, 700, 2]


@pytest.mark.parametrize(
    ("cell", "hidden", "options"),
    [
        ("rnn", 128, {}),
        ("rnn", 12, {"nonlinearity": "relu", "dtype": "float64"}),
        ("gru", 96, {"num_layers": 2, "bias": "single"}),
        ("gru", 300, {"bias": False}),
        ("lstm", 128, {"embedding_size": 20}),
        ("lstm", 64, {"num_layers": 3}),
    ],
)
def test_each_batch_gets_what_a_step_of_its_own_gives_to_the_last_bit(cell, hidden, options):
    network = RecurrentNetwork(27, cell, hidden, seed=1, **options)
    stream = np.random.default_rng(2)
    first = stream.integers(27, size=400)
    logits, state = network.step(first, network.initial_state(400))
    rows, tokens = stream.integers(400, size=sum(SIZES)), stream.integers(27, size=sum(SIZES))
    logits, after = network.step_apart(tokens, state, rows, SIZES)
    for start, stop in pairwise(accumulate(SIZES, initial=0)):
        those = slice(start, stop)
        expected, by_itself = network.step(tokens[those], state.take(rows[those]))
        np.testing.assert_array_equal(logits[those], expected)
        for layer, other in zip(after.layers, by_itself.layers, strict=True):
            for array, values in zip(layer, other, strict=True):
                np.testing.assert_array_equal(array[those], values)
