"""The head: from the last layer's outputs to a logit for each token, and back.

    logits = W_head x + b_head                  y^<t> = softmax(W_ya a<t> + b_y)

in PyTorch's letters and in those of the teaching documents; the softmax is in `loss`. The logits
of a row stand in a column, as `loss` needs them.
"""

from collections.abc import Sequence

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.matrices import Matrices
from neonym.nn.memory import Workspace
from neonym.nn.products import multiply, multiply_apart, multiply_over_rows


def prepared_head(matrices: Matrices) -> Floats:
    """A transposed copy of the weight, (hidden, vocabulary), with which products are faster."""
    return np.ascontiguousarray(matrices.head.T)


def write_logits(
    matrices: Matrices,
    prepared: Floats,
    x: Floats,
    buffer: Floats,
    *,
    out: Floats,
    parts: Sequence[slice] = (slice(None),),
) -> Floats:
    """Write the logits of inputs x, (rows, hidden), to `out`, (vocabulary, rows), and return it.

    `prepared` is what `prepared_head` returned; `buffer`, (rows, vocabulary), is overwritten. Each
    of the parts of the rows is multiplied by itself.
    """
    multiply_apart(x, prepared[None], parts, buffer[None])
    bias = 0 if matrices.head_bias is None else matrices.head_bias[:, None]
    return np.add(buffer.T, bias, out=out)


def backward_of_logits(
    matrices: Matrices, gradients: Matrices, x: Floats, d_logits: Floats, workspace: Workspace
) -> Floats:
    """Write the gradients of the head, given that of the logits; return that of x."""
    multiply_over_rows(d_logits, x, out=gradients.head)
    if gradients.head_bias is not None:
        np.sum(d_logits, axis=1, out=gradients.head_bias)
    d_x = workspace.empty(*x.shape)  # (rows, hidden)
    d_rows = workspace.empty(*d_logits.shape[::-1])  # (rows, vocabulary)
    d_rows[...] = d_logits.T
    multiply(d_rows, matrices.head[None], d_x[None])
    return d_x
