/**
 * A recurrent network, fed token by token for many names at once.
 *
 * A state is an array of layers {h, c}, each (rows, hidden); c is the LSTM's alone.
 * @typedef {{h: Float64Array, c: ?Float64Array}} LayerState
 */
class Network {
  /**
   * @param {Spec} spec
   * @param {(name: string) => ?Float32Array} array the network's arrays by name
   * @param {number} size of the vocabulary
   */
  constructor(spec, array, size) {
    this.spec = spec;
    this.size = size;
    this.cell = CELLS[spec.cell];
    this.width = this.cell.gates * spec.hidden;
    this.embedding = array("embedding"); // (size, inputs), or null where `inputs` is whole
    this.table = array("inputs") || new Float32Array(size * this.width); // W_ih x + b of each token
    this.isInTable = new Uint8Array(size).fill(this.embedding ? 0 : 1);
    this.layers = Array.from({ length: spec.layers }, (_, number) => ({
      input: array(`weight_ih_l${number}`), // (width, inputs); the first layer's may be in the table
      bias: array(`bias_l${number}`), // (width,)
      recurrent: array(`weight_hh_l${number}`), // (width, hidden)
      h0: array(`h0_l${number}`), // (hidden,), where it is learned
      c0: array(`c0_l${number}`),
      options: { nonlinearity: spec.nonlinearity, newBias: array(`new_bias_l${number}`) },
    }));
    this.head = array("head"); // (size, hidden)
    this.headBias = array("head_bias"); // (size,)
  }

  /** The state before the start token, of one row. */
  initialState() {
    const { hidden } = this.spec;
    return this.layers.map(({ h0, c0 }) => ({
      h: Float64Array.from(h0 || new Float64Array(hidden)),
      c: this.cell.hasMemory ? Float64Array.from(c0 || new Float64Array(hidden)) : null,
    }));
  }

  /**
   * Feed each row a token.
   * @param {ArrayLike<number>} tokens (rows,)
   * @param {ArrayLike<number>} parents (rows,) which row of the state each continues
   * @param {LayerState[]} state
   * @param {?Object[]} tape gets what each layer took and gave
   * @returns {LayerState[]}
   */
  step(tokens, parents, state, tape = null) {
    const rows = tokens.length;
    const { hidden } = this.spec;
    let x = this.inputsOf(tokens);
    let below = null;
    return this.layers.map((layer, number) => {
      if (number > 0) {
        x = new Float64Array(rows * this.width);
        multiply(layer.input, below, rows, hidden, this.width, x);
        if (layer.bias) addToRows(x, rows, layer.bias);
      }
      const before = taken(state[number], parents, hidden);
      const products = new Float64Array(rows * this.width);
      multiply(layer.recurrent, before.h, rows, hidden, this.width, products);
      const after = {
        h: new Float64Array(rows * hidden),
        c: this.cell.hasMemory ? new Float64Array(rows * hidden) : null,
      };
      this.cell.step(x, products, before, after, rows, hidden, layer.options);
      if (tape) tape.push({ x, p: products, before, after });
      below = after.h;
      return after;
    });
  }

  /** The log-probability of each token after a row of the state, (size,). */
  logProbabilities(state, row) {
    const { hidden } = this.spec;
    const logits = new Float64Array(this.size);
    const h = state[state.length - 1].h.subarray(row * hidden, (row + 1) * hidden);
    multiply(this.head, h, 1, hidden, this.size, logits);
    if (this.headBias) addToRows(logits, 1, this.headBias);
    toLogProbabilities(logits);
    return logits;
  }

  /** W_ih x + b of each token's input x, (rows, width). */
  inputsOf(tokens) {
    const x = new Float64Array(tokens.length * this.width);
    for (let row = 0; row < tokens.length; row++) {
      const start = tokens[row] * this.width;
      if (!this.isInTable[tokens[row]]) this.putIntoTable(tokens[row]);
      x.set(this.table.subarray(start, start + this.width), row * this.width);
    }
    return x;
  }

  /** Of a large vocabulary only what is used is computed. */
  putIntoTable(token) {
    const { input, bias } = this.layers[0];
    const inputs = this.embedding.length / this.size;
    const x = Float64Array.from(this.embedding.subarray(token * inputs, (token + 1) * inputs));
    const products = new Float64Array(this.width);
    multiply(input, x, 1, inputs, this.width, products);
    if (bias) addToRows(products, 1, bias);
    this.table.set(products, token * this.width);
    this.isInTable[token] = 1;
  }
}

/** The given rows of a layer's state. */
function taken({ h, c }, parents, hidden) {
  const take = (from) => {
    const rows = new Float64Array(parents.length * hidden);
    for (let row = 0; row < parents.length; row++) {
      const start = parents[row] * hidden;
      rows.set(from.subarray(start, start + hidden), row * hidden);
    }
    return rows;
  };
  return { h: take(h), c: c && take(c) };
}
