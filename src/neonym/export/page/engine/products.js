/**
 * out = x W^T for some rows of x: each row of W is read once for four rows of x.
 *
 * @param {Float32Array} weights (outputs, inputs)
 * @param {Float64Array} x (rows, inputs)
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @param {Float64Array} out (rows, outputs)
 */
function multiply(weights, x, rows, inputs, outputs, out) {
  const whole = rows - (rows % 4);
  for (let j = 0; j < outputs; j++) {
    const start = j * inputs;
    const end = start + inputs;
    let row = 0;
    for (; row < whole; row += 4) {
      let a = row * inputs, b = a + inputs, c = b + inputs, d = c + inputs;
      let sumA = 0, sumB = 0, sumC = 0, sumD = 0;
      for (let k = start; k < end; k++) {
        const weight = weights[k];
        sumA += weight * x[a++];
        sumB += weight * x[b++];
        sumC += weight * x[c++];
        sumD += weight * x[d++];
      }
      const place = row * outputs + j;
      out[place] = sumA;
      out[place + outputs] = sumB;
      out[place + 2 * outputs] = sumC;
      out[place + 3 * outputs] = sumD;
    }
    for (; row < rows; row++) {
      let a = row * inputs, sum = 0;
      for (let k = start; k < end; k++) sum += weights[k] * x[a++];
      out[row * outputs + j] = sum;
    }
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
