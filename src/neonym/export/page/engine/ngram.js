/**
 * An interpolated Witten-Bell n-gram (method C), counted from the tokens of all names, each with the
 * end token 0 behind it:
 *
 *   P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h))
 *
 * h' is h without its oldest token; a context that was never seen leaves P(w | h') as it is. Contexts
 * reach back to the start token and not beyond.
 */
class Ngram {
  /**
   * @param {ArrayLike<number>} counted
   * @param {number} order tokens of the longest n-gram: the predicted one and its context
   * @param {number} size of the vocabulary
   */
  constructor(counted, order, size) {
    this.order = order;
    this.size = size;
    // A context is known by the id of the one that is a token shorter, and that token.
    this.contexts = Array.from({ length: order }, () => new Map());
    this.contexts[0].set(0, 0);
    this.totals = [0]; // c(h) of each context
    this.types = [0]; // T(h)
    this.first = [-1]; // the followers of each context are a chain of pairs
    this.pairs = new Map();
    this.pairToken = [];
    this.pairCount = [];
    this.pairNext = [];
    let history = [0];
    for (let place = 0; place < counted.length; place++) {
      const token = counted[place];
      this.count(history, token);
      if (token === 0) history = [0];
      else history.push(token);
    }
  }

  count(history, token) {
    let id = 0;
    this.add(id, token);
    for (let reach = 1; reach < this.order && reach <= history.length; reach++) {
      const key = id * this.size + history[history.length - reach];
      let found = this.contexts[reach].get(key);
      if (found === undefined) {
        found = this.totals.length;
        this.contexts[reach].set(key, found);
        this.totals.push(0);
        this.types.push(0);
        this.first.push(-1);
      }
      id = found;
      this.add(id, token);
    }
  }

  add(id, token) {
    this.totals[id] += 1;
    const key = id * this.size + token;
    const pair = this.pairs.get(key);
    if (pair !== undefined) {
      this.pairCount[pair] += 1;
      return;
    }
    this.pairs.set(key, this.pairToken.length);
    this.types[id] += 1;
    this.pairToken.push(token);
    this.pairCount.push(1);
    this.pairNext.push(this.first[id]);
    this.first[id] = this.pairToken.length - 1;
  }

  /** A state is the tokens that are still seen, of each row; before the start token none. */
  initialState() {
    return [[]];
  }

  step(tokens, parents, state) {
    return Array.from(tokens, (token, row) =>
      [...state[parents[row]], token].slice(-Math.max(1, this.order - 1)));
  }

  logProbabilities(state, row) {
    const seen = state[row];
    const p = new Float64Array(this.size).fill(1 / this.size);
    let id = 0;
    for (let reach = 0; reach < this.order && reach <= seen.length; reach++) {
      if (reach > 0) id = this.contexts[reach].get(id * this.size + seen[seen.length - reach]);
      if (id === undefined) break;
      const total = this.totals[id], types = this.types[id];
      for (let token = 0; token < p.length; token++) p[token] *= types / (total + types);
      for (let pair = this.first[id]; pair >= 0; pair = this.pairNext[pair]) {
        p[this.pairToken[pair]] += this.pairCount[pair] / (total + types);
      }
    }
    return p.map(Math.log);
  }
}
