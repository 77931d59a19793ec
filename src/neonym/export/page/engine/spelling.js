/** The fewest letters to insert, drop or replace (Levenshtein); Infinity where not below `bound`. */
function editsBetween(a, b, bound = Infinity) {
  if (Math.abs(a.length - b.length) >= bound) return Infinity;
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let fewest = i;
    for (let j = 1; j <= b.length; j++) {
      const swap = before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(swap, before[j] + 1, row[j - 1] + 1);
      if (row[j] < fewest) fewest = row[j];
    }
    if (fewest >= bound) return Infinity;
    before = row;
  }
  return before[b.length] < bound ? before[b.length] : Infinity;
}

/** Edits by the length of the longer of the two: from 0, the same, to 1. */
function distanceBetween(a, b) {
  return editsBetween(a, b) / Math.max(a.length, b.length, 1);
}

/** Finds the nearest name of a list; nearest lengths are looked at first. */
class Neighbours {
  /**
   * @param {string[]} list
   * @param {(name: string) => string[]} tokensOf
   */
  constructor(list, tokensOf) {
    this.tokensOf = tokensOf;
    this.byLength = new Map();
    for (const name of list) {
      const tokens = tokensOf(name);
      if (!this.byLength.has(tokens.length)) this.byLength.set(tokens.length, []);
      this.byLength.get(tokens.length).push({ name, tokens });
    }
  }

  /** @returns {?{name: string, edits: number}} */
  nearest(name) {
    const tokens = this.tokensOf(name);
    const gap = (length) => Math.abs(length - tokens.length);
    const lengths = [...this.byLength.keys()].sort((a, b) => gap(a) - gap(b) || a - b);
    let best = null, distance = Infinity;
    for (const length of lengths) {
      const longer = Math.max(length, tokens.length, 1);
      if (gap(length) / longer >= distance) continue;
      for (const other of this.byLength.get(length)) {
        const edits = editsBetween(tokens, other.tokens, distance * longer);
        if (edits / longer >= distance) continue;
        best = { name: other.name, edits };
        distance = edits / longer;
      }
    }
    return best;
  }
}
