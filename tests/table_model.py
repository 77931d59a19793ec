"""A language model small enough to know the probability of each of its names exactly."""

import itertools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TableState:
    tokens: np.ndarray

    def take(self, rows):
        return TableState(self.tokens[rows])


class TableModel:
    """The next token depends on the last one only; its logits are a row of the table."""

    def __init__(self, vocabulary_size=3, seed=0):
        self.vocabulary_size = vocabulary_size
        self.table = np.random.default_rng(seed).normal(size=(vocabulary_size, vocabulary_size))

    def initial_state(self, batch_size):
        return TableState(np.zeros(batch_size, dtype=int))

    def step(self, tokens, state):
        assert len(tokens) == len(state.tokens)
        return self.table[tokens], TableState(np.asarray(tokens))

    def probabilities(self, choice):
        """Of the token in the column after the token in the row."""
        return choice.probabilities(self.table)

    def names(self, max_length, choice, prefix=()):
        """The probability of each name that begins with the prefix, whole (True) or cut (False)."""
        p = self.probabilities(choice)
        exact = {}
        for length in range(max_length - len(prefix) + 1):
            for rest in itertools.product(range(1, self.vocabulary_size), repeat=length):
                path = (prefix[-1] if prefix else 0, *rest)
                likely = float(np.prod([p[i, j] for i, j in itertools.pairwise(path)]))
                name = (*prefix, *rest)
                exact[name, True] = likely * p[path[-1], 0]
                if len(name) == max_length:
                    exact[name, False] = likely * (1 - p[path[-1], 0])
        return exact
