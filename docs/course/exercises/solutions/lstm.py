"""Solutions of the exercises of notebook 4, Remembering: the LSTM, a step forward and back."""

import numpy as np


def sigmoid(z):
    """1 / (1 + exp(-z)), entry by entry; its derivative is sigmoid (1 - sigmoid)."""
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    """One step of the LSTM for a batch of m.

    G_u  = sigmoid(W_ux x<t> + W_ua a<t-1> + b_u)      update gate
    G_f  = sigmoid(W_fx x<t> + W_fa a<t-1> + b_f)      forget gate
    c~   = tanh(W_cx x<t> + W_ca a<t-1> + b_c)
    G_o  = sigmoid(W_ox x<t> + W_oa a<t-1> + b_o)      output gate
    c<t> = G_u * c~ + G_f * c<t-1>
    a<t> = G_o * tanh(c<t>)

    xt: (n_x, m); a_prev, c_prev: (n_a, m)
    parameters: dict with Wux Wfx Wcx Wox (n_a, n_x), Wua Wfa Wca Woa (n_a, n_a),
        bu bf bc bo (n_a, 1)
    returns: a_next (n_a, m), c_next (n_a, m), and a cache of your choice for lstm_cell_backward
    """
    p = parameters
    gate_u = sigmoid(p["Wux"] @ xt + p["Wua"] @ a_prev + p["bu"])
    gate_f = sigmoid(p["Wfx"] @ xt + p["Wfa"] @ a_prev + p["bf"])
    gate_o = sigmoid(p["Wox"] @ xt + p["Woa"] @ a_prev + p["bo"])
    c_new = np.tanh(p["Wcx"] @ xt + p["Wca"] @ a_prev + p["bc"])
    c_next = gate_u * c_new + gate_f * c_prev
    a_next = gate_o * np.tanh(c_next)
    return a_next, c_next, (xt, a_prev, c_prev, gate_u, gate_f, gate_o, c_new, c_next, p)


def lstm_cell_backward(da_next, dc_next, cache):
    """One step back, from the gradients of a<t> and c<t>.

    With dG_o the gradient of the output gate, ds_o that of the sum inside its sigmoid, and so on:

    dG_o = da * tanh(c<t>)                       ds_o = dG_o * G_o * (1 - G_o)
    dc   = dc_next + da * G_o * (1 - tanh(c<t>)^2)
    dG_u = dc * c~                               ds_u = dG_u * G_u * (1 - G_u)
    dG_f = dc * c<t-1>                           ds_f = dG_f * G_f * (1 - G_f)
    dc~  = dc * G_u                              ds_c = dc~ * (1 - c~^2)
    dW_kx = ds_k x<t>^T, dW_ka = ds_k a<t-1>^T, db_k = sum of ds_k over the batch, for k = u f c o

    da_next, dc_next: (n_a, m), what arrives from the output and from the step after
    cache: what lstm_cell_forward returned
    returns: dict with dxt (n_x, m), da_prev and dc_prev (n_a, m), and dWux, dWua, dbu, … of the
        shapes of the parameters
    """
    xt, a_prev, c_prev, gate_u, gate_f, gate_o, c_new, c_next, p = cache
    dc = dc_next + da_next * gate_o * (1 - np.tanh(c_next) ** 2)
    sums = {
        "u": dc * c_new * gate_u * (1 - gate_u),
        "f": dc * c_prev * gate_f * (1 - gate_f),
        "c": dc * gate_u * (1 - c_new**2),
        "o": da_next * np.tanh(c_next) * gate_o * (1 - gate_o),
    }
    gradients = {
        "dxt": sum(p[f"W{k}x"].T @ ds for k, ds in sums.items()),
        "da_prev": sum(p[f"W{k}a"].T @ ds for k, ds in sums.items()),
        "dc_prev": dc * gate_f,
    }
    for k, ds in sums.items():
        gradients[f"dW{k}x"] = ds @ xt.T
        gradients[f"dW{k}a"] = ds @ a_prev.T
        gradients[f"db{k}"] = ds.sum(axis=1, keepdims=True)
    return gradients
