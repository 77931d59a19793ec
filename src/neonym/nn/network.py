"""A recurrent network that predicts the next token."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.architecture import Architecture, Bias, Initialization
from neonym.nn.arrays import Floats, Integers
from neonym.nn.cells.rnn import Nonlinearity
from neonym.nn.head import prepared_head
from neonym.nn.initialization import initialize
from neonym.nn.likelihood import negative_log_likelihood
from neonym.nn.loss import cross_entropy
from neonym.nn.matrices import Matrices
from neonym.nn.memory import Workspace
from neonym.nn.packing import Output, PackedSequences, pack
from neonym.nn.parameters import NamedArrays
from neonym.nn.propagation import Propagation, Run
from neonym.nn.sequences import check_tokens
from neonym.nn.state import State
from neonym.nn.stepping import Stepping

WORTH_THREADS = 64_000_000
"""Sequences times parameters; below, threads wait for the interpreter as long as they save."""


class RecurrentNetwork:
    """Stacked recurrent layers between a token's input and a softmax over the next token.

    Parameters
    ----------
    vocabulary_size : int
        Number of token ids; 0 stands for start and end.
    cell : str, default "lstm"
        Kind of the recurrent layers, a key of `neonym.nn.CELLS`: "rnn", "gru" or "lstm".
    hidden_size : int, default 128
        Width of each layer's state.
    num_layers : int, default 1
        Number of recurrent layers.
    embedding_size : int or None, default None
        Width of the learned embedding; None for one-hot input.
    bias : True, "single" or False, default True
        Two biases a layer as in PyTorch, one, or none, which also leaves out the head's.
    dropout : float, default 0.0
        Probability with which an entry is dropped between layers.
    dtype : "float32" or "float64", default "float32"
        Type of everything.
    seed : int or numpy SeedSequence, default 0
        What the initial parameters are drawn from.
    nonlinearity : "tanh" or "relu", default "tanh"
        Of the "rnn" cell.
    input_dropout, output_dropout : float, default 0.0
        The same for the first layer's input, and for the head's.
    trainable_initial_state : bool, default False
        Whether the state before the first token is learned; otherwise it is zero.
    output : "all" or "last", default "all"
        Whether a token is predicted at every step, or once, after the whole sequence.
    initialization : "uniform" or "normal", default "uniform"
        How parameters start: as PyTorch's, or normal with zero biases.
    initialization_scale : float, optional
        Limit of the uniform, deviation of the normal numbers; 1 / sqrt(hidden_size) by default.
    orthogonal_recurrent : bool, default False
        Whether each gate's recurrent matrix starts orthogonal.
    forget_bias : float, optional
        What the bias of an LSTM's forget gate starts at, instead of a number drawn.

    Attributes
    ----------
    architecture : Architecture
        The arguments above without `seed`.
    parameters : ndarray, shape (total,)
        All parameters. The matrices are views into it, so whoever changes it changes the network.
    gradients : ndarray, shape (total,)
        The same for the gradients; `forward_backward` fills it.
    parameter_slices : dict of str to slice
        Where in `parameters` the array of each name lies.
    decayed : list of slice
        Where in `parameters` weight decay should act: not biases, embeddings, initial states.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(  # noqa: PLR0917 - the order is part of what other programs rely on
        self,
        vocabulary_size: int,
        cell: str = "lstm",
        hidden_size: int = 128,
        num_layers: int = 1,
        embedding_size: int | None = None,
        bias: Bias = True,
        dropout: float = 0.0,
        dtype: str = "float32",
        seed: int | np.random.SeedSequence = 0,
        *,
        nonlinearity: Nonlinearity = "tanh",
        input_dropout: float = 0.0,
        output_dropout: float = 0.0,
        trainable_initial_state: bool = False,
        output: Output = "all",
        initialization: Initialization = "uniform",
        initialization_scale: float | None = None,
        orthogonal_recurrent: bool = False,
        forget_bias: float | None = None,
    ) -> None:
        self.architecture = Architecture(
            vocabulary_size=vocabulary_size,
            cell=cell,
            hidden_size=hidden_size,
            num_layers=num_layers,
            embedding_size=embedding_size,
            bias=bias,
            dropout=dropout,
            dtype=dtype,
            nonlinearity=nonlinearity,
            input_dropout=input_dropout,
            output_dropout=output_dropout,
            trainable_initial_state=trainable_initial_state,
            output=output,
            initialization=initialization,
            initialization_scale=initialization_scale,
            orthogonal_recurrent=orthogonal_recurrent,
            forget_bias=forget_bias,
        )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"dropout is {dropout}, but it acts between layers and num_layers is 1",
                stacklevel=2,
            )
        self.vocabulary_size, self.hidden_size = vocabulary_size, hidden_size
        self.num_layers, self.embedding_size = num_layers, embedding_size
        self.output, self.dtype = output, np.dtype(dtype)
        self.cell = self.architecture.make_cell()
        self._arrays = NamedArrays(self.architecture.parameter_shapes(), self.dtype)
        self.parameters, self.parameter_slices = self._arrays.flat, self._arrays.slices
        self.decayed = [
            where
            for name, where in self.parameter_slices.items()
            if name.startswith(("rnn.weight", "head.weight"))
        ]
        matrices = Matrices.of(self._arrays.views, num_layers, self.cell)
        self._propagation = Propagation(self.cell, matrices, self.architecture.dropout_rates())
        self._stepping = Stepping(self.cell, matrices)
        self._gradients, self._run = self.new_run()
        self.gradients = self._gradients.flat
        initialize(self._arrays, self.architecture, self.cell, np.random.default_rng(seed))

    @property
    def options(self) -> dict[str, Any]:
        """The architecture as a dictionary; `RecurrentNetwork(**options)` is of the same shape."""
        return asdict(self.architecture)

    @property
    def threads(self) -> int:
        """How many threads compute a batch: one at first; never more than two, whatever is set.

        They decide nothing but the time.
        """
        return self._run.workspace.background.threads

    @threads.setter
    def threads(self, count: int) -> None:
        self._run.workspace.background.threads = count

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are built anew, or their matrices were no views into `parameters`."""
        return _rebuild, (self.options, self.parameters.copy())

    def state_dict(self) -> dict[str, Floats]:
        """The parameters under PyTorch's names and in its layout, as copies."""
        return self._arrays.copies()

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Take over parameters; the network stays as it is if any of them does not fit.

        Parameters
        ----------
        state : mapping of str to array
            As `state_dict` returns it, or PyTorch.

        Raises
        ------
        ValueError
            If names are missing or unknown, a shape differs, or a value is not finite in the
            network's type.
        """
        self._arrays.load(state)

    def pack(self, sequences: Sequence[ArrayLike]) -> PackedSequences:
        """Pack sequences as this network's output needs it; see `neonym.nn.pack`."""
        return pack(sequences, self.output)

    def forward_backward(
        self, batch: PackedSequences, generator: np.random.Generator | None = None
    ) -> float:
        """Loss of a batch; its gradient is in `gradients` afterwards.

        Parameters
        ----------
        batch : PackedSequences
            What `pack` returned.
        generator : numpy Generator, optional
            Where dropout masks are drawn from; without it there is no dropout.

        Returns
        -------
        float
            Mean nats per target.

        Raises
        ------
        ValueError
            If a token id is outside the vocabulary, or the batch was packed for another output.
        """
        self.check_batch(batch)
        nats, _ = self._run.forward_backward(batch, generator, batch.num_tokens)
        return nats / batch.num_tokens

    def forward_backward_from(
        self, state: State, batch: PackedSequences, generator: np.random.Generator | None = None
    ) -> tuple[float, State]:
        """As `forward_backward`, but continue from a state and return the one after the batch.

        For sequences longer than backpropagation should reach (`PackedSequences.windows`), or for
        a state that is carried from one name to the next. Gradients do not flow into what came
        before; only the state of `initial_state` passes them on to a trainable initial state.

        Parameters
        ----------
        state : State
            A row for each sequence, in the order in which they were given to `pack`; left as it is.
        batch, generator
            As for `forward_backward`.

        Returns
        -------
        float
            Mean nats per target.
        State
            Rows of sequences that are not in the batch are as before.

        Raises
        ------
        ValueError
            As `forward_backward`, or if the state is of another network or has too few rows.
        """
        self.check_batch(batch)
        self._check_state(state)
        rows = int(batch.order.max()) + 1
        if rows > state.batch_size:
            raise ValueError(
                f"state has {state.batch_size} rows, expected one for each of {rows} sequences"
            )
        nats, after = self._run.forward_backward_from(state, batch, generator)
        return nats / batch.num_tokens, after

    def loss(self, batch: PackedSequences, generator: np.random.Generator | None = None) -> float:
        """Loss of a batch, without its gradient.

        Parameters
        ----------
        batch, generator
            As for `forward_backward`.

        Returns
        -------
        float
            Mean nats per target.
        """
        return float(self.token_nats(batch, generator).mean())

    def token_nats(
        self,
        batch: PackedSequences,
        generator: np.random.Generator | None = None,
        workspace: Workspace | None = None,
    ) -> Floats:
        """Nats of every target.

        Parameters
        ----------
        batch, generator
            As for `forward_backward`.
        workspace : Workspace, optional
            Of a caller that has many batches; reset before use.

        Returns
        -------
        ndarray, float64, shape (targets,)
            In packed order.
        """
        self.check_batch(batch)
        workspace = workspace or Workspace(self.dtype)
        workspace.reset()
        layout = self._propagation.layout_of(batch, generator)
        initial = self._propagation.initial_layers(layout.num_initial)
        logits, _ = self._propagation.forward(layout, initial, generator, workspace)
        return cross_entropy(logits, batch.targets, layout.target_heads)

    def loss_and_gradients(self, sequences: Sequence[ArrayLike]) -> tuple[float, dict[str, Floats]]:
        """Loss of sequences of token ids and its gradients, without dropout.

        Parameters
        ----------
        sequences : sequence of integer arrays
            Without start and end, which are added.

        Returns
        -------
        float
            Mean nats per target.
        dict of str to ndarray
            Gradients under the names of `state_dict`, as copies.
        """
        loss = self.forward_backward(self.pack(sequences))
        return loss, self._gradients.copies()

    def negative_log_likelihood(self, sequences: Sequence[ArrayLike], threads: int = 1) -> Floats:
        """Exact nats of each whole sequence, end token included, without dropout.

        Parameters
        ----------
        sequences : sequence of integer arrays
            Without start and end, which are added.
        threads : int, default 1
            How many blocks of sequences are computed at the same time, where that is faster: it
            decides nothing but the time. From 512 sequences on there are two blocks or more.

        Returns
        -------
        ndarray, float64, shape (len(sequences),)
            In the order of the sequences.
        """
        if len(sequences) * self.parameters.size < WORTH_THREADS:
            threads = 1
        return negative_log_likelihood(self, sequences, threads)

    def initial_state(self, batch_size: int) -> State:
        """The state before the start token, for `step`.

        The state belongs to the parameters as they are now: make a new one when they change.
        """
        layers = self._propagation.initial_layers(batch_size)
        return State(layers, self._stepping.prepare(), is_initial=True)

    def step(self, tokens: ArrayLike, state: State) -> tuple[Floats, State]:
        """Feed one token to each sequence of a batch.

        Parameters
        ----------
        tokens : integers, shape (batch,)
            0, the start, at first.
        state : State
            What `initial_state` or the step before returned; left as it is.

        Returns
        -------
        logits : ndarray, shape (batch, vocabulary)
            Of the next token.
        state : State
            After these tokens.

        Raises
        ------
        ValueError
            If a token id is outside the vocabulary, or the state is not one for these tokens.
        """
        ids = np.asarray(tokens)
        check_tokens("tokens", ids, self.vocabulary_size)
        self._check_state(state)
        if ids.shape != (state.batch_size,):
            raise ValueError(f"tokens has shape {ids.shape}, expected ({state.batch_size},)")
        logits, layers = self._stepping.step(ids, state.weights, state.layers)
        return logits, State(layers, state.weights, is_initial=False)

    def step_apart(
        self, tokens: Integers, state: State, rows: Integers, sizes: Sequence[int]
    ) -> tuple[Floats, State]:
        """What `step` from `state.take(rows)` gives for each of several batches, to the last bit.

        Batches of few rows take less time so than one after the other.

        Parameters
        ----------
        tokens : integers, shape (rows,)
            Those of one batch behind those of the other. Within the vocabulary: they are not
            checked.
        state : State
            Of this network.
        rows : integers, shape (rows,)
            The row of the state that each token continues.
        sizes : sequence of int
            How many rows each batch has.

        Returns
        -------
        logits : ndarray, shape (rows, vocabulary)
            Of the next token.
        state : State
            After these tokens.
        """
        weights = state.weights
        logits, layers = self._stepping.step_apart(tokens, weights, state.layers, rows, sizes)
        return logits, State(layers, weights, is_initial=False)

    def step_from(self, tokens: Integers, state: State, rows: Integers) -> tuple[Floats, State]:
        """As `step` from `state.take(rows)`, but each row is multiplied with the weights only once.

        Last digits may differ from those of `step`, and the logits are left to `logits`.

        Parameters
        ----------
        tokens : integers, shape (batch,)
            Within the vocabulary: they are not checked.
        state : State
            Of this network.
        rows : integers, shape (batch,)
            The row of the state that each token continues, in ascending order.

        Returns
        -------
        outputs : ndarray, shape (batch, hidden)
            Of the last layer.
        state : State
            After these tokens.
        """
        layers = self._stepping.step_from(tokens, state.weights, state.layers, rows)
        return layers[-1][0], State(layers, state.weights, is_initial=False)

    def logits(self, outputs: Floats) -> Floats:
        """Logits of the next token, (batch, vocabulary), of the last layer's outputs."""
        return self._stepping.logits(outputs, prepared_head(self._stepping.matrices))

    def new_run(
        self, gradients: Floats | None = None, parameters: Floats | None = None
    ) -> tuple[NamedArrays, Run]:
        """What a thread or process needs that computes gradients.

        Parameters
        ----------
        gradients : ndarray, shape (total,), optional
            Where they go; memory of their own by default.
        parameters : ndarray, shape (total,), optional
            What it reads instead of the network's parameters.

        Returns
        -------
        NamedArrays
            The gradients.
        Run
            What computes them.
        """
        shapes, propagation = self._arrays.shapes, self._propagation
        if parameters is not None:
            arrays = NamedArrays(shapes, self.dtype, parameters)
            matrices = Matrices.of(arrays.views, self.num_layers, self.cell)
            propagation = propagation._replace(matrices=matrices)
        written = NamedArrays(shapes, self.dtype, gradients)
        matrices = Matrices.of(written.views, self.num_layers, self.cell)
        return written, Run(propagation, matrices, Workspace(self.dtype))

    def check_batch(self, batch: PackedSequences) -> None:
        """Raise ValueError unless the batch fits this network."""
        if batch.output != self.output:
            raise ValueError(
                f'batch was packed for output "{batch.output}", expected "{self.output}"'
            )
        check_tokens("batch.inputs", batch.inputs, self.vocabulary_size)
        check_tokens("batch.targets", batch.targets, self.vocabulary_size)

    def _check_state(self, state: State) -> None:
        """Raise ValueError unless the state has the shape of this network's."""
        widths = [[array.shape[1] for array in layer] for layer in state.layers]
        expected = [[self.hidden_size] * len(self.cell.state_names)] * self.num_layers
        if widths != expected:
            raise ValueError(
                f"state has the widths {widths}, expected {expected}: it is of another network"
            )


def _rebuild(options: dict[str, Any], parameters: Floats) -> RecurrentNetwork:
    network = RecurrentNetwork(**options)
    network.parameters[...] = parameters
    return network
