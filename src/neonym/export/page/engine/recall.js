/**
 * What a model remembers of a name: how much the log-probability of a token depends on each input in
 * front of it. Measured by the length of its gradient by what that input gives the first layer,
 * W_ih x + b, backward through time; of several networks by the length of all together. What an n-gram
 * counted has no gradient and takes no part. `neonym.evaluation.recall` computes the same.
 */
class Recall {
  /**
   * @param {Model} model
   * @param {number[]} ids of a name
   */
  constructor(model, ids) {
    this.places = model.spell(ids);
    this.networks = model.members
      .filter(({ predictor }) => predictor instanceof Network)
      .map(({ predictor, weight }) => ({ predictor, weight, steps: read(predictor, [0, ...ids]) }));
  }

  /**
   * For the token at a place of the name, or behind it: a length for the start and each token before.
   * @returns {Float64Array} (place + 1,)
   */
  at(place, token) {
    const squares = new Float64Array(place + 1);
    for (const { predictor, weight, steps } of this.networks) {
      const expected = predictor.logProbabilities(steps[place].state, 0);
      const share = weight * Math.exp(expected[token] - this.places[place][token]);
      backward(predictor, steps, expected, place, token).forEach((square, input) => {
        squares[input] += share * share * square;
      });
    }
    return squares.map(Math.sqrt);
  }
}

/** The steps of a network through some tokens: the state after each, and what each layer took. */
function read(network, tokens) {
  let state = network.initialState();
  return tokens.map((token) => {
    const layers = [];
    state = network.step([token], [0], state, layers);
    return { state, layers };
  });
}

/** The squared length of the gradient of a token's log-probability by each input up to a place. */
function backward(network, steps, expected, place, token) {
  const { cell, size, spec: { hidden } } = network;
  const wrong = expected.map((logProbability, id) => (id === token ? 1 : 0) - Math.exp(logProbability));
  const empty = () => ({ h: new Float64Array(hidden), c: new Float64Array(hidden) });
  let gradients = network.layers.map(empty); // by the state after a step, layer by layer
  multiplyBack(network.head, wrong, hidden, size, gradients[gradients.length - 1].h);
  const squares = new Float64Array(place + 1);
  for (let input = place; input >= 0; input--) {
    const before = network.layers.map(empty);
    for (let number = network.layers.length - 1; number >= 0; number--) {
      const layer = network.layers[number];
      const taken = steps[input].layers[number];
      const dx = new Float64Array(network.width), dp = new Float64Array(network.width);
      cell.back(taken, gradients[number], before[number], dx, dp, hidden, layer.options);
      multiplyBack(layer.recurrent, dp, hidden, network.width, before[number].h);
      if (number > 0) multiplyBack(layer.input, dx, hidden, network.width, gradients[number - 1].h);
      else squares[input] = dx.reduce((sum, each) => sum + each * each, 0);
    }
    gradients = before;
  }
  return squares;
}
