"""The training step in PyTorch, as a good user of it would write it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_sequence,
)

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
        loss = cross_entropy(
            logits.reshape(-1, VOCABULARY), targets.reshape(-1), ignore_index=PADDING
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return float(loss.detach())


@cache
def can_compile() -> bool:
    """Whether `torch.compile` works here; it needs a C++ compiler."""
    try:
        return bool(torch.compile(lambda x: x + 1)(torch.zeros(1)) == 1)
    except RuntimeError:
        return False


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


def from_state(cell: str, state: Mapping[str, np.ndarray]) -> Network:
    """A network of one layer with these parameters."""
    network = Network(cell, state["head.weight"].shape[1], 1)
    load_state(network, state)
    return network


def load_state(network: Network, state: Mapping[str, np.ndarray]) -> None:
    """Give a network these parameters."""
    network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})


def likelihood(network: Network, names: Sequence[np.ndarray], batch: int, kind: str) -> np.ndarray:
    """Nats of each name, computed in batches of names of similar length."""
    nats = np.empty(len(names))
    order = np.argsort([len(name) for name in names], kind="stable")[::-1]
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            nats[places] = _nats([names[place] for place in places], network, kind)
    return nats


def _padded_tokens(names: Sequence[np.ndarray]) -> tuple[Any, Any, np.ndarray]:
    """Inputs, one-hot, and targets of names sorted by falling length; how many each has."""
    lengths = np.array([len(name) + 1 for name in names])
    tokens = np.zeros((len(names), lengths[0] + 1), dtype=np.int64)
    is_letter = np.arange(lengths[0]) < lengths[:, None] - 1
    tokens[:, 1:][is_letter] = np.concatenate(names)
    x, targets = _one_hot(torch.from_numpy(tokens[:, :-1])), torch.from_numpy(tokens[:, 1:])
    return x, targets, lengths


class LossAndGradients:
    """From names as they come to their loss and its gradients."""

    def __init__(self, cell: str, hidden: int, layers: int, kind: str) -> None:
        torch.manual_seed(0)
        self.network, self.kind = Network(cell, hidden, layers), kind

    def __call__(self, names: Sequence[np.ndarray]) -> tuple[float, dict[str, Any]]:
        """Mean nats a token, and the gradients, which are nobody else's."""
        x, targets, lengths = _padded_tokens(sorted(names, key=len, reverse=True))
        present = torch.from_numpy(np.arange(lengths[0]) < lengths[:, None])
        if self.kind == "packed":
            x = pack_padded_sequence(x, torch.from_numpy(lengths), batch_first=True)
            targets = targets.T[present.T]
        else:
            targets = torch.where(present, targets, PADDING)
        self.network.zero_grad(set_to_none=True)
        logits = self.network(x).reshape(-1, VOCABULARY)
        loss = cross_entropy(logits, targets.reshape(-1), ignore_index=PADDING)
        loss.backward()
        return float(loss.detach()), {name: p.grad for name, p in self.network.named_parameters()}


def _nats(names: Sequence[np.ndarray], network: Network, kind: str) -> np.ndarray:
    """Nats of names that are sorted by falling length."""
    x, targets, lengths = _padded_tokens(names)
    present = np.arange(lengths[0]) < lengths[:, None]
    if kind == "packed":
        inputs = pack_padded_sequence(x, torch.from_numpy(lengths), batch_first=True)
        mask = torch.from_numpy(present.T)
        of_name = np.nonzero(present.T)[1]
        each = cross_entropy(network(inputs), targets.T[mask], reduction="none").numpy()
        return np.bincount(of_name, weights=each, minlength=len(names))
    each = cross_entropy(network(x).transpose(1, 2), targets, reduction="none").numpy()
    return np.asarray((each * present).sum(axis=1))
