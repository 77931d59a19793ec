"""PyTorch computes the same, from the same weights; run with `-m peer` where torch is installed."""

import itertools

import numpy as np
import pytest

from neonym.nn import Adagrad, Adam, AdamW, RecurrentNetwork, RmsProp, Sgd, pack

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peer

SEQUENCES = [[1, 4, 2, 3], [5], [3, 3], [2, 1, 5, 4], [4, 4, 4, 1, 2, 3, 5]]
CELLS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
KINDS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]


class Peer(torch.nn.Module):
    """The same network out of PyTorch's own modules, under the names of `state_dict`."""

    def __init__(self, options):
        super().__init__()
        self.options = options
        vocabulary, hidden = options["vocabulary_size"], options["hidden_size"]
        width = options["embedding_size"]
        if width:
            self.embedding = torch.nn.Embedding(vocabulary, width)
        kind = {"nonlinearity": options["nonlinearity"]} if options["cell"] == "rnn" else {}
        bias = bool(options["bias"])
        self.rnn = CELLS[options["cell"]](
            width or vocabulary, hidden, options["num_layers"], bias=bias, batch_first=True, **kind
        )
        self.head = torch.nn.Linear(hidden, vocabulary, bias=bias)
        self.to(getattr(torch, options["dtype"]))

    def forward(self, tokens):
        if self.options["embedding_size"]:
            x = self.embedding(tokens)
        else:
            one_hot = torch.nn.functional.one_hot(tokens, self.options["vocabulary_size"])
            x = one_hot.to(self.head.weight.dtype)
        return self.head(self.rnn(x)[0])

    def loss(self, sequences):
        total, count = 0, 0
        for sequence in sequences:
            tokens, targets = [0, *sequence], [*sequence, 0]
            if self.options["output"] == "last":
                tokens, targets = tokens[:-1], targets[-2:-1]
            logits = self(torch.tensor([tokens]))[0][-len(targets) :]
            target = torch.tensor(targets)
            total += torch.nn.functional.cross_entropy(logits, target, reduction="sum")
            count += len(targets)
        return total / count


def make(cell, nonlinearity, dtype, **options):
    network = RecurrentNetwork(
        6, cell, hidden_size=5, nonlinearity=nonlinearity, dtype=dtype, seed=4, **options
    )
    return network, Peer(network.options)


def to_torch(state):
    return {name: torch.from_numpy(array) for name, array in state.items()}


TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_outputs_loss_and_gradients_agree(cell, nonlinearity, layers, dtype):
    tolerance = TOLERANCES[dtype]
    for bias, width, output in itertools.product([True, False], [None, 3], ["all", "last"]):
        network, peer = make(
            cell,
            nonlinearity,
            dtype,
            num_layers=layers,
            bias=bias,
            embedding_size=width,
            output=output,
        )
        peer.load_state_dict(to_torch(network.state_dict()))
        loss, gradients = network.loss_and_gradients(SEQUENCES)
        expected = peer.loss(SEQUENCES)
        expected.backward()
        assert loss == pytest.approx(expected.item(), abs=tolerance)
        for name, parameter in peer.named_parameters():
            np.testing.assert_allclose(
                gradients[name], parameter.grad.numpy(), rtol=0, atol=tolerance
            )
        state, logits = network.initial_state(1), None
        for token in [0, *SEQUENCES[0]]:
            logits, state = network.step([token], state)
        behind = peer(torch.tensor([[0, *SEQUENCES[0]]]))[0, -1]
        np.testing.assert_allclose(logits[0], behind.detach().numpy(), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_a_pytorch_model_can_be_loaded(cell, nonlinearity):
    network, peer = make(cell, nonlinearity, "float64", num_layers=2, embedding_size=3)
    assert {name: tuple(array.shape) for name, array in peer.state_dict().items()} == {
        name: array.shape for name, array in network.state_dict().items()
    }
    network.load_state_dict({name: array.numpy() for name, array in peer.state_dict().items()})
    loss, _ = network.loss_and_gradients(SEQUENCES)
    assert loss == pytest.approx(peer.loss(SEQUENCES).item(), abs=1e-10)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_fifty_steps_of_adam_take_the_same_path(cell, nonlinearity):
    network, peer = make(cell, nonlinearity, "float64", num_layers=2)
    peer.load_state_dict(to_torch(network.state_dict()))
    optimizer, peer_optimizer = Adam(), torch.optim.Adam(peer.parameters(), lr=0.01)
    batch = pack(SEQUENCES)
    for _ in range(50):
        loss = network.forward_backward(batch)
        optimizer.step(network.parameters, network.gradients, 0.01)
        peer_optimizer.zero_grad()
        expected = peer.loss(SEQUENCES)
        expected.backward()
        peer_optimizer.step()
        assert loss == pytest.approx(expected.item(), abs=1e-8)
    for name, array in network.state_dict().items():
        np.testing.assert_allclose(array, peer.state_dict()[name].numpy(), rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (Sgd(), lambda p: torch.optim.SGD(p, 0.1)),
        (Sgd(0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
        (Sgd(0.9, True), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True)),
        (Adagrad(), lambda p: torch.optim.Adagrad(p, 0.1)),
        (RmsProp(), lambda p: torch.optim.RMSprop(p, 0.1)),
        (Adam(), lambda p: torch.optim.Adam(p, 0.1)),
        (AdamW(weight_decay=0.3), lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.3)),
    ],
)
def test_each_optimizer_is_pytorchs(mine, theirs):
    generator = np.random.default_rng(0)
    parameters = generator.normal(size=20)
    peer = torch.tensor(parameters, requires_grad=True)
    optimizer = theirs([peer])
    for _ in range(20):
        gradients = generator.normal(size=20)
        mine.step(parameters, gradients, 0.1)
        peer.grad = torch.tensor(gradients)
        optimizer.step()
    np.testing.assert_allclose(parameters, peer.detach().numpy(), rtol=1e-10)
