/**
 * Whether a name is one that was learned from, by its FNV-1a hash of 64 bits in two halves.
 * @param {Uint32Array} known sorted hashes: the low half of each first, or one xor the other
 * @param {number} count of hashes
 * @param {string} name in canonical form
 */
function isAmong(known, count, name) {
  const folded = known.length === count;
  const halves = hashOf(name);
  const [high, low] = folded ? [0, (halves[0] ^ halves[1]) >>> 0] : halves;
  let from = 0, to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    const h = folded ? 0 : known[2 * middle + 1], l = known[folded ? middle : 2 * middle];
    if (h === high && l === low) return true;
    if (h < high || (h === high && l < low)) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** h = (h xor byte) * (2^40 + 0x1b3) mod 2^64, for each byte of the UTF-8. */
function hashOf(name) {
  let high = 0xcbf29ce4, low = 0x84222325;
  for (const byte of new TextEncoder().encode(name)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3; // below 2^41
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 4294967296) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return [high, low];
}

/** What the page knows of the names that were learned from: hashes, and the list if it was put in. */
class Memory {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.list = model.header.list && new Set(model.header.list);
    this.canTell = Boolean(this.list || model.known);
  }

  /** @returns {?boolean} null where nothing tells */
  isKnown(name) {
    if (!this.canTell) return null;
    if (this.list && this.list.has(name)) return true;
    return Boolean(this.model.known) && isAmong(this.model.known, this.model.header.known, name);
  }

  /** @returns {?{name: string, edits: number}} null where there is no list */
  nearest(name) {
    if (!this.list) return null;
    if (!this.neighbours) {
      this.neighbours = new Neighbours([...this.list], (text) => this.model.tokensOf(text));
    }
    return this.neighbours.nearest(name);
  }
}
