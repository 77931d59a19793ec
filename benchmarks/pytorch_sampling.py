"""Drawing names in PyTorch, as a good user of it would write it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

VOCABULARY = 27
END = 0


class Sampler:
    """Draws batches of names; names that have ended leave the batch.

    The input is a look-up, also where it is one-hot: a row of the identity.
    """

    def __init__(
        self, cell: str, hidden: int, embedding: int | None, state: Mapping[str, np.ndarray]
    ) -> None:
        torch.manual_seed(0)
        kind = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}[cell]
        self.cell: Any = kind(embedding or VOCABULARY, hidden)
        self.head: Any = torch.nn.Linear(hidden, VOCABULARY)
        weights = {name: torch.from_numpy(array) for name, array in state.items()}
        self.input: Any = weights.get("embedding.weight", torch.eye(VOCABULARY))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.cell.load_state_dict({name: weights[f"rnn.{name}_l0"] for name in names})
        self.head.load_state_dict({name: weights[f"head.{name}"] for name in ("weight", "bias")})

    @torch.inference_mode()  # type: ignore[untyped-decorator,unused-ignore] # torch need not be there
    def names(self, count: int, batch: int, max_length: int) -> list[np.ndarray]:
        """Token ids of each name, without the end."""
        drawn: list[np.ndarray] = []
        while len(drawn) < count:
            tokens = self._batch(min(batch, count - len(drawn)), max_length)
            lengths = (tokens == END).astype(np.int8).argmax(axis=1)
            drawn += [row[:length] for row, length in zip(tokens, lengths.tolist(), strict=True)]
        return drawn

    def _batch(self, size: int, max_length: int) -> np.ndarray:
        """Tokens, shape (size, max_length + 1), filled up with ends."""
        tokens = torch.zeros(size, max_length + 1, dtype=torch.long)
        rows, last, state = torch.arange(size), torch.zeros(size, dtype=torch.long), None
        for step in range(max_length):
            state = self.cell(self.input[last], state)
            outputs = state[0] if isinstance(state, tuple) else state
            probabilities = torch.softmax(self.head(outputs), dim=-1)
            last = torch.multinomial(probabilities, 1)[:, 0]
            tokens[rows, step] = last
            going = last != END
            if not going.all():
                rows, last = rows[going], last[going]
                if isinstance(state, tuple):
                    state = (state[0][going], state[1][going])
                else:
                    state = state[going]
            if not len(rows):
                break
        result: np.ndarray = tokens.numpy()
        return result
