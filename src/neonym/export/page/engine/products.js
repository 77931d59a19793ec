/**
 * out = x W^T for some rows of x. Two rows of W are taken with four rows of x at a time, so that each
 * number that is read takes part in several products; what is left over follows.
 *
 * @param {Float32Array} weights (outputs, inputs)
 * @param {Float64Array} x (rows, inputs)
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @param {Float64Array} out (rows, outputs)
 */
function multiply(weights, x, rows, inputs, outputs, out) {
  const inFours = rows - (rows % 4);
  const inTwos = outputs - (outputs % 2);
  for (let j = 0; j < inTwos; j += 2) {
    const start = j * inputs, end = start + inputs;
    for (let row = 0; row < inFours; row += 4) {
      let a = row * inputs, b = a + inputs, c = b + inputs, d = c + inputs;
      let a0 = 0, b0 = 0, c0 = 0, d0 = 0, a1 = 0, b1 = 0, c1 = 0, d1 = 0;
      for (let k = start, l = end; k < end; k++, l++) {
        const w0 = weights[k], w1 = weights[l];
        const xa = x[a++], xb = x[b++], xc = x[c++], xd = x[d++];
        a0 += w0 * xa; b0 += w0 * xb; c0 += w0 * xc; d0 += w0 * xd;
        a1 += w1 * xa; b1 += w1 * xb; c1 += w1 * xc; d1 += w1 * xd;
      }
      let place = row * outputs + j;
      out[place] = a0; out[place + 1] = a1; place += outputs;
      out[place] = b0; out[place + 1] = b1; place += outputs;
      out[place] = c0; out[place + 1] = c1; place += outputs;
      out[place] = d0; out[place + 1] = d1;
    }
  }
  for (let row = 0; row < rows; row++) {
    for (let j = row < inFours ? inTwos : 0; j < outputs; j++) {
      let sum = 0;
      for (let k = j * inputs, a = row * inputs; k < (j + 1) * inputs; k++, a++) sum += weights[k] * x[a];
      out[row * outputs + j] = sum;
    }
  }
}

/** out += d W for one row d of gradients, (outputs,); W as in `multiply`, out (inputs,). */
function multiplyBack(weights, d, inputs, outputs, out) {
  for (let j = 0; j < outputs; j++) {
    const factor = d[j];
    for (let k = 0, place = j * inputs; k < inputs; k++, place++) out[k] += factor * weights[place];
  }
}

/** Add a bias to each row; x is (rows, bias.length). */
function addToRows(x, rows, bias) {
  for (let i = 0; i < rows * bias.length; i++) x[i] += bias[i % bias.length];
}

/** In place: logits to log-probabilities. */
function toLogProbabilities(logits) {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i] > largest) largest = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest);
  const total = largest + Math.log(sum);
  for (let i = 0; i < logits.length; i++) logits[i] -= total;
}
