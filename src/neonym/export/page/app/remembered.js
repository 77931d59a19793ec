const NAMED = 3; // how many of the letters that matter most are named in words

/** In whole percent, so that all are about as wide. */
function shareIn(length, all) {
  const share = Math.round((100 * length) / all);
  return share ? `${share}%` : "<1%";
}

/**
 * What the model remembers of a name: for the letter that is pointed at, how much its probability
 * depends on each one before it.
 */
class Remembered {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    const group = $("recall");
    const tileOf = (event) => Array.from(group.children).indexOf(event.target.closest(".tile"));
    for (const kind of ["pointermove", "focusin", "click"]) { // not pointerover: scrolling does that too
      group.addEventListener(kind, (event) => this.point(tileOf(event)));
    }
    group.addEventListener("keydown", (event) => this.walk(event));
  }

  /**
   * Show a name, its last letter pointed at, or its end where it has one.
   * @param {number[]} ids
   */
  show(ids, isWhole) {
    this.tokens = isWhole ? [...ids, 0] : ids;
    $("memory").hidden = !ids.length;
    if (!ids.length) return;
    this.recall = new Recall(this.model, ids);
    this.called = ["start", ...this.tokens.map((id) => visibleToken(this.model.symbols[id]))];
    $("recall").replaceChildren(...this.called.map((what, place) => this.tile(what, place)));
    this.pointed = 0;
    this.point(this.tokens.length);
  }

  tile(what, place) {
    const isSign = place === 0 || this.tokens[place - 1] === 0;
    return element("button", { type: "button", className: "tile", tabIndex: -1 },
      element("span", { className: "bar" }),
      element("bdi", { className: isSign ? "sign" : "", textContent: what }),
      element("span", { className: "bits" }));
  }

  /** @param {number} target the tile pointed at; nothing stands before the start, the first */
  point(target) {
    if (target < 1 || target === this.pointed) return;
    this.pointed = target;
    const lengths = this.recall.at(target - 1, this.tokens[target - 1]);
    const all = lengths.reduce((sum, length) => sum + length, 0) || 1;
    const largest = Math.max(...lengths) || 1;
    Array.from($("recall").children).forEach((tile, place) => {
      const isBefore = place < target;
      tile.querySelector(".bar").style.setProperty("--full", isBefore ? lengths[place] / largest : 0);
      tile.querySelector(".bits").textContent = isBefore ? shareIn(lengths[place], all) : "";
      tile.classList.toggle("ahead", place > target);
      tile.setAttribute("aria-pressed", String(place === target));
      tile.tabIndex = place === target ? 0 : -1;
    });
    this.say(target, lengths, all);
  }

  say(target, lengths, all) {
    const ranked = Array.from(lengths.keys()).sort((a, b) => lengths[b] - lengths[a]).slice(0, NAMED);
    const word = (place) => element("bdi", { textContent: this.called[place] });
    const parts = ranked.flatMap((place, rank) =>
      [rank ? ", " : "", word(place), ` ${shareIn(lengths[place], all)}`]);
    const how = lengths.length > NAMED ? " depends most on " : " depends on ";
    $("recalled").replaceChildren(word(target), how, ...parts, ".");
  }

  walk(event) {
    const turned = getComputedStyle($("recall")).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: turned, ArrowLeft: -turned };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const place = this.pointed + steps[event.key];
    if (place > 0 && place <= this.tokens.length) $("recall").children[place].focus();
  }
}
