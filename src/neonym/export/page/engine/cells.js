/**
 * The cells, in PyTorch's form and order of gates. Each takes what the input and the state give,
 *   x = W_ih x_t + b        (rows, gates * hidden)
 *   p = W_hh h_(t-1)        (rows, gates * hidden)
 * and writes the state after the step: h and, for the LSTM, c, each (rows, hidden). `before` is the
 * state in front of it, `newBias` the GRU's b_hn, which stands within the product with r.
 */
const CELLS = {
  // h_t = tanh(x + p), or max(0, x + p)
  rnn: {
    gates: 1,
    hasMemory: false,
    step(x, p, before, after, rows, hidden, { nonlinearity }) {
      for (let i = 0; i < rows * hidden; i++) {
        const sum = x[i] + p[i];
        after.h[i] = nonlinearity === "relu" ? Math.max(0, sum) : tanh(sum);
      }
    },
  },

  // r, u = sigmoid(x + p);  n = tanh(x_n + r * (p_n + b_hn));  h_t = (1 - u) * n + u * h
  gru: {
    gates: 3,
    hasMemory: false,
    step(x, p, before, after, rows, hidden, { newBias }) {
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < hidden; k++) {
          const r = row * 3 * hidden + k, u = r + hidden, n = u + hidden;
          const reset = sigmoid(x[r] + p[r]);
          const update = sigmoid(x[u] + p[u]);
          const fresh = tanh(x[n] + reset * (p[n] + (newBias ? newBias[k] : 0)));
          const place = row * hidden + k;
          after.h[place] = (1 - update) * fresh + update * before.h[place];
        }
      }
    },
  },

  // i, f, o = sigmoid(x + p);  g = tanh(x + p);  c_t = f * c + i * g;  h_t = o * tanh(c_t)
  lstm: {
    gates: 4,
    hasMemory: true,
    step(x, p, before, after, rows, hidden) {
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < hidden; k++) {
          const i = row * 4 * hidden + k, f = i + hidden, g = f + hidden, o = g + hidden;
          const place = row * hidden + k;
          const memory =
            sigmoid(x[f] + p[f]) * before.c[place] + sigmoid(x[i] + p[i]) * tanh(x[g] + p[g]);
          after.c[place] = memory;
          after.h[place] = sigmoid(x[o] + p[o]) * tanh(memory);
        }
      }
    },
  },
};

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** Several times as fast as Math.tanh, and right to the fifteenth digit after the point. */
function tanh(x) {
  return 1 - 2 / (Math.exp(2 * x) + 1);
}
