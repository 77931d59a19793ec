/** A stream of numbers from 0 to below 1 (sfc32 by Chris Doty-Humphrey). */
function randomStream(seed) {
  let a = seed[0] | 0, b = seed[1] | 0, c = seed[2] | 0, counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/**
 * Where the probabilities of each token end when they are laid side by side, (size,).
 * At temperature 0 the most probable token has everything.
 */
function cumulative(logProbabilities, temperature) {
  const ends = new Float64Array(logProbabilities.length);
  const largest = logProbabilities.reduce((most, x) => (x > most ? x : most), -Infinity);
  let sum = 0, isTaken = false;
  for (let token = 0; token < ends.length; token++) {
    const below = logProbabilities[token] - largest;
    if (temperature > 0) sum += Math.exp(below / temperature);
    else if (below === 0 && !isTaken) sum = isTaken = 1;
    ends[token] = sum;
  }
  return ends;
}

/** The token at which a number from 0 to below 1 falls. */
function pick(ends, uniform) {
  const wanted = uniform * ends[ends.length - 1];
  let low = 0, high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Draw some names. Names that are equal so far share a row, which is computed once.
 *
 * @param {Model} model
 * @param {number} count
 * @param {{prefix: number[], state: any, temperature: number, cap: number}} options
 *     `state` is that behind the prefix; a name that has not ended after `cap` tokens is given up
 * @param {() => number} random
 * @returns {(number[]|null)[]} the tokens of each name, prefix included; null for one given up
 */
function drawNames(model, count, { prefix, state, temperature, cap }, random) {
  const names = Array.from({ length: count }, () => [...prefix]);
  let going = names.map((ids, i) => ({ ids, i, row: 0 }));
  let rows = 1;
  while (going.length) {
    const ends = Array.from({ length: rows }, (_, row) =>
      cumulative(model.logProbabilities(state, row), temperature));
    const places = new Map(), tokens = [], parents = [], next = [];
    for (const name of going) {
      const token = pick(ends[name.row], random());
      if (token === 0) continue;
      if (name.ids.length >= cap) {
        names[name.i] = null;
        continue;
      }
      name.ids.push(token);
      const key = name.row * model.size + token;
      if (!places.has(key)) {
        places.set(key, tokens.length);
        tokens.push(token);
        parents.push(name.row);
      }
      next.push({ ids: name.ids, i: name.i, row: places.get(key) });
    }
    going = next;
    rows = tokens.length;
    if (rows) state = model.step(tokens, parents, state);
  }
  return names;
}
