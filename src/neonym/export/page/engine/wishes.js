/**
 * What is wished of names.
 *
 * @typedef {Object} Wanted
 * @property {?number} minLength in tokens
 * @property {?number} maxLength
 * @property {string} startsWith
 * @property {string} endsWith
 * @property {string} contains
 * @property {string} matches a regular expression, found anywhere in the name
 * @property {string} like nearest in spelling first
 * @property {boolean} new not in the list that was learned from
 */

/** Holds names against what is wished, and counts which wish how many names fulfil. */
class Wishes {
  /**
   * @param {Model} model
   * @param {Memory} memory
   * @param {Wanted} wanted
   */
  constructor(model, memory, wanted) {
    this.model = model;
    this.longest = 2 * model.header.longest;
    this.cap = wanted.maxLength || this.longest;
    const starts = this.partOf(wanted.startsWith).trimStart();
    const ends = this.partOf(wanted.endsWith).trimEnd();
    const within = this.partOf(wanted.contains);
    const { ids, unknown } = model.encode(starts);
    this.prefix = ids;
    this.like = wanted.like ? model.tokensOf(model.canonical(wanted.like)) : null;
    /** @type {{key: string, text: string, fits: (name: string, length: number) => boolean}[]} */
    this.checks = [];
    const check = (key, text, fits) => this.checks.push({ key, text, fits, had: 0, asked: 0 });
    if (wanted.minLength) {
      check("minLength", `at least ${wanted.minLength} long`, (_, length) =>
        length >= wanted.minLength);
    }
    // Names are given up at the cap, so those that are held against it are short enough
    check("maxLength", `at most ${this.cap} long`, () => true);
    if (ends) check("endsWith", `ends with “${ends}”`, (name) => name.endsWith(ends));
    if (within) check("contains", `contains “${within}”`, (name) => name.includes(within));
    if (wanted.new) check("new", "new", (name) => !memory.isKnown(name));
    this.problem = null;
    if (wanted.matches) {
      try {
        const pattern = new RegExp(wanted.matches, "u");
        check("matches", `matches ${wanted.matches}`, (name) => pattern.test(name));
      } catch (error) {
        this.problem = `“${wanted.matches}” is no regular expression: ${error.message}`;
      }
    }
    this.problem = this.problem || this.impossible(wanted, unknown, ends, within);
  }

  /** Part of a name as the list would have it; a space counts where names have spaces. */
  partOf(text = "") {
    const { header, ids } = this.model;
    let part = text.normalize("NFC");
    if (header.lowercase) part = part.toLowerCase().normalize("NFC");
    return header.unit === "word" || ids.has(" ") ? part : part.trim();
  }

  /** What no name of this model can be, or null. */
  impossible(wanted, unknown, ends, within) {
    const what = this.model.header.unit === "word" ? "words" : "letters";
    const { minLength, maxLength } = wanted;
    const known = new Set(this.model.symbols.join("") + " ");
    const strange = [...ends, ...within].find((letter) => !known.has(letter));
    if (unknown !== undefined) return `No name has “${unknown}”: the list that was learned from had none.`;
    if (strange) return `No name has “${strange}”: the list that was learned from had none.`;
    if (minLength && minLength > this.cap) {
      return maxLength
        ? `No name has at least ${minLength} and at most ${maxLength} ${what}.`
        : `No name has ${minLength} ${what}: names are given up at ${this.longest}, twice the longest.`;
    }
    if (this.prefix.length > this.cap) {
      return `The beginning has ${this.prefix.length} ${what}, more than ${this.cap}.`;
    }
    if (wanted.new && !this.memoryTells()) {
      return "This page does not know which names are new: its model does not say what it learned from.";
    }
    return null;
  }

  memoryTells() {
    return Boolean(this.model.known || this.model.header.list);
  }

  /**
   * @param {?number[]} ids of a name; null for one given up at the cap
   * @returns {?string} the name, if it fits
   */
  judge(ids) {
    if (ids === null) {
      this.checks.find(({ key }) => key === "maxLength").asked += 1;
      return null;
    }
    const name = this.model.decode(ids);
    let fits = true;
    for (const check of this.checks) {
      check.asked += 1;
      if (check.fits(name, ids.length)) check.had += 1;
      else fits = false;
    }
    return fits ? name : null;
  }

  /** The wish that the fewest names fulfil, or null. */
  hardest() {
    const asked = this.checks.filter((check) => check.asked > 0);
    const share = (check) => check.had / check.asked;
    return asked.reduce((a, b) => (a && share(a) <= share(b) ? a : b), null);
  }
}
