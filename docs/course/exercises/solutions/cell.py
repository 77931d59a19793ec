"""Solutions of the exercises of notebook 2, A network that spells dinosaurs.

p holds the parameters: "Wax" (n_a, n_x), "Waa" (n_a, n_a), "ba" (n_a, 1), "Wya" (n_y, n_a) and
"by" (n_y, 1). Columns are the m names of a batch.
"""

import numpy as np


def softmax(z):
    """Positive numbers that sum to 1, for each column of z."""
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def rnn_cell_forward(xt, a_prev, p):
    """One step of the network.

    a<t> = tanh(W_ax x<t> + W_aa a<t-1> + b_a)
    y<t> = softmax(W_ya a<t> + b_y)

    xt: (n_x, m), the input of this step
    a_prev: (n_a, m), the memory of the step before
    returns: a_next (n_a, m), yt_pred (n_y, m), and the cache (a_next, a_prev, xt)
    """
    a_next = np.tanh(p["Wax"] @ xt + p["Waa"] @ a_prev + p["ba"])
    yt_pred = softmax(p["Wya"] @ a_next + p["by"])
    return a_next, yt_pred, (a_next, a_prev, xt)


def rnn_cell_backward(da_next, cache, p):
    """The way back through one step, from what comes after it.

    With ds = (1 - a<t>^2) da<t>, where da<t> is da_next:
    dx = W_ax^T ds, da<t-1> = W_aa^T ds, and each weight gets what it gave its part to.

    da_next: (n_a, m), the gradient of the loss by a<t>, from the output and from later steps
    cache: (a_next, a_prev, xt), as rnn_cell_forward returns it
    returns: dict of the gradients "dxt" (n_x, m), "da_prev" (n_a, m), "dWax" (n_a, n_x),
        "dWaa" (n_a, n_a) and "dba" (n_a, 1)
    """
    a_next, a_prev, xt = cache
    ds = (1 - a_next**2) * da_next
    return {
        "dxt": p["Wax"].T @ ds,
        "da_prev": p["Waa"].T @ ds,
        "dWax": ds @ xt.T,
        "dWaa": ds @ a_prev.T,
        "dba": ds.sum(axis=1, keepdims=True),
    }


def clip(gradients, largest):
    """No entry of a gradient beyond `largest`, up or down.

    gradients: dict of arrays, which stay as they are
    largest: float > 0
    returns: dict of arrays of the same names and shapes
    """
    return {name: np.clip(array, -largest, largest) for name, array in gradients.items()}


def sample(p, random, beginning, longest):
    """A name, symbol by symbol, as numbers from 1 to n_x - 1; 0 begins and ends it.

    Feed 0 and the beginning, one-hot, then draw what comes next by its probability, feed it, and so
    on until 0 is drawn or the name is `longest` symbols long. The memory begins at zero.

    p: the parameters, with n_x = n_y
    random: numpy Generator; one number is drawn for each symbol, with random.choice(n_y, p=…)
    beginning: list of int
    longest: int
    returns: list of int, the beginning in front, without the 0 of the end
    """
    n_y, n_a = p["Wya"].shape
    identity, a, name, waiting = np.eye(n_y), np.zeros((n_a, 1)), [], list(beginning)
    symbol = 0
    while len(name) < longest:
        a, y_pred, _ = rnn_cell_forward(identity[:, [symbol]], a, p)
        symbol = waiting.pop(0) if waiting else int(random.choice(n_y, p=y_pred[:, 0]))
        if symbol == 0:
            break
        name.append(symbol)
    return name
