"""Solutions of the exercises of notebook 4, Remembering: the GRU, a step forward and back."""

import numpy as np


def sigmoid(z):
    """1 / (1 + exp(-z)), entry by entry; its derivative is sigmoid (1 - sigmoid)."""
    return 1 / (1 + np.exp(-z))


def gru_cell_forward(xt, a_prev, parameters):
    """One step of the GRU, in PyTorch's form, for a batch of m.

    G_r  = sigmoid(W_rx x<t> + W_ra a<t-1> + b_r)                      reset gate
    G_u  = sigmoid(W_ux x<t> + W_ua a<t-1> + b_u)                      update gate
    a~   = tanh(W_ax x<t> + b_a + G_r * (W_aa a<t-1> + b_h))
    a<t> = (1 - G_u) * a~ + G_u * a<t-1>

    xt: (n_x, m); a_prev: (n_a, m)
    parameters: dict with Wrx Wux Wax (n_a, n_x), Wra Wua Waa (n_a, n_a), br bu ba bh (n_a, 1)
    returns: a_next (n_a, m), and a cache of your choice for gru_cell_backward
    """
    p = parameters
    gate_r = sigmoid(p["Wrx"] @ xt + p["Wra"] @ a_prev + p["br"])
    gate_u = sigmoid(p["Wux"] @ xt + p["Wua"] @ a_prev + p["bu"])
    inner = p["Waa"] @ a_prev + p["bh"]
    a_new = np.tanh(p["Wax"] @ xt + p["ba"] + gate_r * inner)
    a_next = (1 - gate_u) * a_new + gate_u * a_prev
    return a_next, (xt, a_prev, gate_r, gate_u, inner, a_new, p)


def gru_cell_backward(da_next, cache):
    """One step back, from the gradient of a<t>.

    With ds_a the gradient of the sum inside tanh, ds_r and ds_u those inside the sigmoids, and
    h = W_aa a<t-1> + b_h:

    ds_a = da * (1 - G_u) * (1 - a~^2)
    dh   = ds_a * G_r
    ds_r = ds_a * h * G_r * (1 - G_r)
    ds_u = da * (a<t-1> - a~) * G_u * (1 - G_u)
    da<t-1> = G_u * da + W_ra^T ds_r + W_ua^T ds_u + W_aa^T dh

    da_next: (n_a, m)
    cache: what gru_cell_forward returned
    returns: dict with dxt (n_x, m), da_prev (n_a, m), and dWrx, dWra, dbr, … of the shapes of the
        parameters
    """
    xt, a_prev, gate_r, gate_u, inner, a_new, p = cache
    ds = {"a": da_next * (1 - gate_u) * (1 - a_new**2)}
    ds["r"] = ds["a"] * inner * gate_r * (1 - gate_r)
    ds["u"] = da_next * (a_prev - a_new) * gate_u * (1 - gate_u)
    behind = ds | {"a": ds["a"] * gate_r}  # what the products with a_prev get
    gradients = {
        "dxt": sum(p[f"W{k}x"].T @ d for k, d in ds.items()),
        "da_prev": gate_u * da_next + sum(p[f"W{k}a"].T @ d for k, d in behind.items()),
        "dbh": behind["a"].sum(axis=1, keepdims=True),
    }
    for k in "rua":
        gradients[f"dW{k}x"] = ds[k] @ xt.T
        gradients[f"dW{k}a"] = behind[k] @ a_prev.T
        gradients[f"db{k}"] = ds[k].sum(axis=1, keepdims=True)
    return gradients
