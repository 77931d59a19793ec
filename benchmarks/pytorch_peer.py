"""The training step in PyTorch, as a good user of it would write it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_sequence

VOCABULARY = 27
PADDING = -100  # what cross_entropy ignores


class Network(torch.nn.Module):  # type: ignore[misc] # torch need not be there
    """One-hot input, recurrent layers, linear head; PyTorch's own modules."""

    def __init__(self, cell: str, hidden: int, layers: int) -> None:
        super().__init__()
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
        self.rnn = kind(VOCABULARY, hidden, layers, batch_first=True)
        self.head = torch.nn.Linear(hidden, VOCABULARY)

    def forward(self, x: Any) -> Any:
        """Logits of a padded tensor, or of the data of a packed one."""
        outputs, _ = self.rnn(x)
        return self.head(outputs.data if isinstance(outputs, PackedSequence) else outputs)


class TrainingStep:
    """Forward, backward, clipping by norm and Adam (fused) on one batch prepared beforehand."""

    def __init__(self, cell: str, hidden: int, layers: int, compiled: bool = False) -> None:
        torch.manual_seed(0)
        self.network: Any = Network(cell, hidden, layers)
        self.parameters = list(self.network.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, fused=True)
        if compiled:
            self.network = torch.compile(self.network)

    def __call__(self, x: Any, targets: Any) -> float:
        """Loss of the batch, before the step."""
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.network(x)
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, VOCABULARY), targets.reshape(-1), ignore_index=PADDING
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return float(loss.detach())


def padded(names: Sequence[np.ndarray]) -> tuple[Any, Any]:
    """One-hot inputs (batch, longest, vocabulary) and targets (batch, longest)."""
    inputs, targets = _inputs_and_targets(names)
    x = pad_sequence([_one_hot(tokens) for tokens in inputs], batch_first=True)
    return x, pad_sequence(targets, batch_first=True, padding_value=PADDING)


def packed(names: Sequence[np.ndarray]) -> tuple[Any, Any]:
    """The same as packed sequences, longest first."""
    inputs, targets = _inputs_and_targets(sorted(names, key=len, reverse=True))
    x = pack_sequence([_one_hot(tokens) for tokens in inputs])
    return x, pack_sequence(targets).data


def _one_hot(tokens: Any) -> Any:
    return torch.nn.functional.one_hot(tokens, VOCABULARY).float()


def _inputs_and_targets(names: Sequence[np.ndarray]) -> tuple[list[Any], list[Any]]:
    whole = [torch.from_numpy(np.concatenate([[0], name, [0]])) for name in names]
    return [tokens[:-1] for tokens in whole], [tokens[1:] for tokens in whole]
