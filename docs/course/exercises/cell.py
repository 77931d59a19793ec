"""Exercises of notebook 2, A network that spells dinosaurs.

Write the bodies, then: pytest docs/course/exercises/test_cell.py

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
    raise NotImplementedError("write rnn_cell_forward")


def rnn_cell_backward(da_next, cache, p):
    """The way back through one step, from what comes after it.

    With ds = (1 - a<t>^2) da<t>, where da<t> is da_next:
    dx = W_ax^T ds, da<t-1> = W_aa^T ds, and each weight gets what it gave its part to.

    da_next: (n_a, m), the gradient of the loss by a<t>, from the output and from later steps
    cache: (a_next, a_prev, xt), as rnn_cell_forward returns it
    returns: dict of the gradients "dxt" (n_x, m), "da_prev" (n_a, m), "dWax" (n_a, n_x),
        "dWaa" (n_a, n_a) and "dba" (n_a, 1)
    """
    raise NotImplementedError("write rnn_cell_backward")


def clip(gradients, largest):
    """No entry of a gradient beyond `largest`, up or down.

    gradients: dict of arrays, which stay as they are
    largest: float > 0
    returns: dict of arrays of the same names and shapes
    """
    raise NotImplementedError("write clip")


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
    raise NotImplementedError("write sample")
