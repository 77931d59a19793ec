/**
 * The cells, in PyTorch's form and order of gates. Each takes what the input and the state give,
 *   x = W_ih x_t + b        (rows, gates * hidden)
 *   p = W_hh h_(t-1)        (rows, gates * hidden)
 * and writes the state after the step: h and, for the LSTM, c, each (rows, hidden). `before` is the
 * state in front of it, `newBias` the GRU's b_hn, which stands within the product with r.
 *
 * `back` undoes a step of one row: from the gradients d by the state after it to those by x and p, and
 * by the state before it but for what goes through p, which are added to `dBefore`.
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
    back({ after }, d, dBefore, dx, dp, hidden, { nonlinearity }) {
      for (let k = 0; k < hidden; k++) {
        const h = after.h[k];
        const slope = nonlinearity === "relu" ? Number(h > 0) : 1 - h * h;
        dx[k] = dp[k] = d.h[k] * slope;
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
    back({ x, p, before }, d, dBefore, dx, dp, hidden, { newBias }) {
      for (let r = 0; r < hidden; r++) {
        const u = r + hidden, n = u + hidden;
        const reset = sigmoid(x[r] + p[r]);
        const update = sigmoid(x[u] + p[u]);
        const held = p[n] + (newBias ? newBias[r] : 0);
        const fresh = tanh(x[n] + reset * held);
        dx[n] = d.h[r] * (1 - update) * (1 - fresh * fresh);
        dp[n] = dx[n] * reset;
        dx[r] = dp[r] = dx[n] * held * reset * (1 - reset);
        dx[u] = dp[u] = d.h[r] * (before.h[r] - fresh) * update * (1 - update);
        dBefore.h[r] += d.h[r] * update;
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
    back({ x, p, before, after }, d, dBefore, dx, dp, hidden) {
      for (let i = 0; i < hidden; i++) {
        const f = i + hidden, g = f + hidden, o = g + hidden;
        const input = sigmoid(x[i] + p[i]), forget = sigmoid(x[f] + p[f]);
        const fresh = tanh(x[g] + p[g]), output = sigmoid(x[o] + p[o]);
        const shown = tanh(after.c[i]);
        const dc = d.c[i] + d.h[i] * output * (1 - shown * shown);
        dx[i] = dp[i] = dc * fresh * input * (1 - input);
        dx[f] = dp[f] = dc * before.c[i] * forget * (1 - forget);
        dx[g] = dp[g] = dc * input * (1 - fresh * fresh);
        dx[o] = dp[o] = d.h[i] * shown * output * (1 - output);
        dBefore.c[i] += dc * forget;
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
