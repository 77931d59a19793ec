"""Learning a long list in PyTorch: the loop that a good user of it would write."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from neonym.settings import Settings
from neonym.training.schedules import learning_rate

PADDING = -100  # what cross_entropy ignores
JUDGED = 512  # names at once where there are no gradients


class Network(torch.nn.Module):  # type: ignore[misc] # torch need not be there
    """Embedding, one LSTM layer, head; PyTorch's own modules."""

    def __init__(self, vocabulary: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, embedding)
        self.rnn = torch.nn.LSTM(embedding, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, vocabulary)

    def forward(self, tokens: Any) -> Any:
        """Logits of padded tokens, (names, longest), or of the data of packed ones."""
        if not isinstance(tokens, PackedSequence):
            return self.head(self.rnn(self.embedding(tokens))[0])
        x = PackedSequence(self.embedding(tokens.data), tokens.batch_sizes)
        return self.head(self.rnn(x)[0].data)


class Names(NamedTuple):
    """All names of a list as tensors, made once."""

    inputs: Any  # (names, longest), the start token in front
    targets: Any  # the same one further on, the end token behind
    lengths: Any  # of both

    @classmethod
    def of(cls, names: Sequence[np.ndarray]) -> "Names":
        """The tensors of token ids without start and end."""
        lengths = np.array([len(name) + 1 for name in names])
        steps = np.arange(lengths.max())
        tokens = np.zeros((len(names), len(steps) + 1), dtype=np.int64)
        tokens[:, 1:][steps < lengths[:, None] - 1] = np.concatenate(names)
        targets = np.where(steps < lengths[:, None], tokens[:, 1:], PADDING)
        inputs = torch.from_numpy(tokens[:, :-1].copy())
        return cls(inputs, torch.from_numpy(targets), torch.from_numpy(lengths))

    def batch(self, places: Any, kind: str) -> tuple[Any, Any]:
        """Inputs and targets of some names, packed or padded to their longest."""
        lengths, order = self.lengths[places].sort(descending=True)
        places, longest = places[order], int(lengths[0])
        x, targets = self.inputs[places, :longest], self.targets[places, :longest]
        if kind == "padded":
            return x, targets.reshape(-1)
        targets = pack_padded_sequence(targets, lengths, batch_first=True).data
        return pack_padded_sequence(x, lengths, batch_first=True), targets


def learn(
    train: Sequence[np.ndarray],
    val: Sequence[np.ndarray],
    settings: Settings,
    state: Mapping[str, np.ndarray],
    kind: str,
) -> Iterator[float]:
    """Train from these weights, with the loss and the steps of the settings: val nll by epoch.

    After each epoch it judges both lists, as the stage does.
    """
    torch.manual_seed(settings.seed)
    vocabulary, embedding = state["embedding.weight"].shape
    network = Network(vocabulary, embedding, settings.model.hidden_size)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    optimizer, rate = _optimizer(network, settings, len(train))
    names, judged = Names.of(train), Names.of(val)
    step = 0
    for _ in range(settings.train.epochs):
        network.train()
        for places in torch.randperm(len(train)).split(settings.train.batch_size):
            x, targets = names.batch(places, kind)
            optimizer.zero_grad(set_to_none=True)
            logits = network(x).reshape(-1, vocabulary)
            cross_entropy(logits, targets, ignore_index=PADDING).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.train.clip_norm)
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
            optimizer.step()
            step += 1
        nll(network, names, kind)
        yield nll(network, judged, kind)


def _optimizer(
    network: Network, settings: Settings, count: int
) -> tuple[Any, Callable[[int], float]]:
    """AdamW, fused, and the learning rate of each step."""
    options = settings.optimizer.model_dump()
    decayed = [p for name, p in network.named_parameters() if _is_decayed(name)]
    others = [p for name, p in network.named_parameters() if not _is_decayed(name)]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": options["weight_decay"]},
            {"params": others, "weight_decay": 0.0},
        ],
        betas=(options["beta1"], options["beta2"]),
        eps=options["eps"],
        fused=True,
    )
    batches = -(-count // settings.train.batch_size)
    total = settings.train.epochs * batches
    return optimizer, learning_rate(
        settings.schedule, options["lr"], lambda step: step // batches, total
    )


def _is_decayed(name: str) -> bool:
    return name.startswith(("rnn.weight", "head.weight"))


def nll(network: Network, names: Names, kind: str) -> float:
    """Nats a token of all names, those of similar length together."""
    network.eval()
    total = 0.0
    with torch.inference_mode():
        for places in names.lengths.argsort(descending=True).split(JUDGED):
            x, targets = names.batch(places, kind)
            logits = network(x)
            logits = logits.reshape(-1, logits.shape[-1])
            total += float(
                cross_entropy(logits, targets, ignore_index=PADDING, reduction="sum").double()
            )
    return total / int(names.lengths.sum())
