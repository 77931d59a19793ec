/** No name has what no member expects at all, and no logarithm. */
const TINY = 2.2250738585072014e-308;

/**
 * What predicts the next token: a network, or the weighted mean of several and of an n-gram.
 * A state holds one of each member.
 */
class Model {
  /**
   * @param {Header} header
   * @param {ArrayBuffer} buffer
   */
  constructor(header, buffer) {
    const arrays = arraysOf(header, buffer);
    this.header = header;
    this.symbols = header.symbols;
    this.size = header.symbols.length;
    this.known = arrays.known || null; // Uint32Array of header.known hashes, see known.js
    this.ids = new Map(header.symbols.map((symbol, id) => [symbol, id]));
    const { networks, ngram } = header;
    const share = (1 - (ngram ? ngram.weight : 0)) / networks.length;
    this.members = networks.map((spec, number) => ({
      predictor: new Network(spec, (name) => arrays[`${number}.${name}`] || null, this.size),
      weight: share,
    }));
    if (ngram) {
      const predictor = new Ngram(arrays["ngram.counted"], ngram.order, this.size);
      this.members.push({ predictor, weight: ngram.weight });
    }
  }

  /** The state after the start token, of one row. */
  start() {
    return this.members.map(({ predictor }) =>
      predictor.step([0], [0], predictor.initialState()));
  }

  /** The state after one more token for each row; `parents` says which row each continues. */
  step(tokens, parents, state) {
    return this.members.map(({ predictor }, i) => predictor.step(tokens, parents, state[i]));
  }

  /** The log-probability of each token after a row of the state, (size,). */
  logProbabilities(state, row) {
    if (this.members.length === 1) return this.members[0].predictor.logProbabilities(state[0], row);
    const total = new Float64Array(this.size);
    this.members.forEach(({ predictor, weight }, i) => {
      const member = predictor.logProbabilities(state[i], row);
      for (let token = 0; token < total.length; token++) {
        total[token] += weight * Math.exp(member[token]);
      }
    });
    return total.map((p) => Math.log(Math.max(p, TINY)));
  }

  /** The state after the start token and these. */
  read(ids) {
    return ids.reduce((state, id) => this.step([id], [0], state), this.start());
  }

  /** The log-probabilities at each place of a name and behind it, (ids.length + 1) x (size,). */
  spell(ids) {
    let state = this.start();
    const places = [this.logProbabilities(state, 0)];
    for (const id of ids) {
      state = this.step([id], [0], state);
      places.push(this.logProbabilities(state, 0));
    }
    return places;
  }

  /** The tokens of a name in canonical form, or the first that is unknown. */
  encode(name) {
    const tokens = this.tokensOf(name);
    const unknown = tokens.find((token) => !this.ids.has(token));
    return { ids: tokens.map((token) => this.ids.get(token)), unknown };
  }

  tokensOf(name) {
    return this.header.unit === "word" ? name.split(/\s+/u).filter(Boolean) : [...name];
  }

  decode(ids) {
    return Array.from(ids, (id) => this.symbols[id]).join(this.header.unit === "word" ? " " : "");
  }

  /** A name as the list that was learned from would have it. */
  canonical(name) {
    let text = name.normalize("NFC");
    if (this.header.lowercase) text = text.toLowerCase().normalize("NFC");
    return this.header.unit === "word" ? text.split(/\s+/u).filter(Boolean).join(" ") : text.trim();
  }
}
