"""How what is predicted at each place of a sequence depends on each input in front of it."""

import numpy as np
from numpy.typing import ArrayLike

from neonym.nn.arrays import Floats
from neonym.nn.network import RecurrentNetwork


def input_gradients(network: RecurrentNetwork, sequence: ArrayLike) -> Floats:
    """Gradients of the log-probability of each token by what each input gave the first layer.

    What an input gives is W_ih x + b, which is the same for one-hot input and for an embedding.
    Dropout is off. All places are computed at once, each in a copy of the sequence of which one
    token alone counts: backpropagation through time as in training (Werbos, 1990).

    Parameters
    ----------
    network
        Predicts at every step (`output="all"`).
    sequence : integers, shape (tokens,)
        Token ids without start and end.

    Returns
    -------
    ndarray, shape (tokens + 1, tokens + 1, gates * hidden)
        The first place is that of the token, the end behind the last; the second that of the input,
        the start first. Zero where the input stands behind what the token is predicted from.

    Raises
    ------
    ValueError
        If the network predicts behind the last step alone, or an id is outside the vocabulary.
    """
    if network.output != "all":
        raise ValueError(f'output is {network.output!r}, expected "all"')
    ids = np.asarray(sequence, dtype=np.int64)
    places = np.arange(len(ids) + 1)
    batch = network.pack([ids] * len(places))
    network.check_batch(batch)
    _, run = network.new_run()
    propagation, layout = run.propagation, batch.plain
    run.workspace.reset()
    initial = propagation.initial_layers(layout.num_initial)
    logits, tape = propagation.forward(layout, initial, None, run.workspace)
    # Rows are step by step, in each step copy by copy: of copy t the token at place t counts
    counting = places * len(places) + places
    d_logits = np.zeros_like(logits)  # (vocabulary, rows)
    odds = np.exp(logits[:, counting] - logits[:, counting].max(axis=0))
    d_logits[:, counting] = -odds / odds.sum(axis=0)
    d_logits[np.append(ids, 0), counting] += 1
    d_products = propagation.backward(run.gradients, layout, tape, d_logits)
    shape = (len(places), len(places), -1)  # (inputs, copies, gates * hidden)
    return d_products.reshape(shape).swapaxes(0, 1).copy()
