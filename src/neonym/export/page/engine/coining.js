const SECONDS = 20; // without another name, after which coining gives up
const MOST_SECONDS = 120; // in all
const FIRST_BLOCK = 16; // names drawn at once: few at first, so that some are seen at once
const MOST_AT_ONCE = 512;
const BLOCK_MS = 120; // what a block should take
const STALE = 2000; // names that fit in a row, none of them another: there are no others
const TO_CHOOSE_FROM = 10; // where the nearest in spelling are wanted: for each asked for

/**
 * Draw names until enough fit. Names that fit are the model's own under the condition: it draws them
 * behind the beginning that is wished, and those that do not fit are drawn again.
 *
 * @param {Model} model
 * @param {Memory} memory
 * @param {{count: number, temperature: number, seed: number[], wanted: Wanted}} request
 * @yields {Report} after each block; the last one has `end`
 *
 * @typedef {Object} Report
 * @property {{name: string, isKnown: ?boolean}[]} names all so far, each once
 * @property {number} drawn
 * @property {number} fitting of these, repetitions included
 * @property {?("enough"|"time"|"stale"|"problem")} end
 * @property {?string} problem
 * @property {?{text: string, had: number, asked: number}} hardest
 */
function* coin(model, memory, { count, temperature, seed, wanted }) {
  const wishes = new Wishes(model, memory, wanted);
  const found = new Map();
  let drawn = 0, fitting = 0, stale = 0;
  const report = (end) => {
    const hardest = wishes.hardest();
    return {
      names: ranked([...found.values()], wishes.like, count),
      drawn,
      fitting,
      end,
      problem: wishes.problem,
      hardest: hardest && { text: hardest.text, had: hardest.had, asked: hardest.asked },
    };
  };
  if (wishes.problem) {
    yield report("problem");
    return;
  }
  const random = randomStream(seed);
  const state = model.read(wishes.prefix);
  const options = { prefix: wishes.prefix, state, temperature, cap: wishes.cap };
  const enough = wishes.like ? TO_CHOOSE_FROM * count : count;
  const begin = performance.now();
  let latest = begin; // when another name was found
  let size = FIRST_BLOCK;
  while (true) {
    const before = { time: performance.now(), size: found.size };
    for (const ids of drawNames(model, size, options, random)) {
      if (found.size >= enough) break;
      if (ids && !isWhole(model.decode(ids))) continue;
      drawn += 1;
      const name = wishes.judge(ids);
      if (name === null) continue;
      fitting += 1;
      stale = found.has(name) ? stale + 1 : 0;
      if (!found.has(name)) found.set(name, describe(name, model, memory, wishes.like));
    }
    const now = performance.now();
    if (found.size > before.size) latest = now;
    if (found.size >= enough) break;
    if (stale >= STALE || temperature === 0) return yield report("stale");
    const isOver = now - latest > 1000 * SECONDS || now - begin > 1000 * MOST_SECONDS;
    if (isOver) return yield report("time");
    yield report(null);
    const factor = Math.min(4, Math.max(0.5, BLOCK_MS / Math.max(1, now - before.time)));
    size = Math.max(1, Math.min(MOST_AT_ONCE, Math.round(size * factor)));
  }
  yield report("enough");
}

/** As where the library gives names out: one that is empty or spaced at its ends is none. */
function isWhole(name) {
  return name !== "" && name === name.trim();
}

function describe(name, model, memory, like) {
  const distance = like ? distanceBetween(model.tokensOf(name), like) : 0;
  return { name, isKnown: memory.isKnown(name), distance };
}

/** The first, or the nearest in spelling first where that is wished. */
function ranked(names, like, count) {
  if (like) names.sort((a, b) => a.distance - b.distance);
  return names.slice(0, count).map(({ name, isKnown }) => ({ name, isKnown }));
}
