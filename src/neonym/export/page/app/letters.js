const FEW_CHOICES = 8;
const TALLEST_BITS = 7; // where a bar is full

/**
 * A name letter by letter: how surprised the model was at each, what else it would have said there,
 * and going on from there with something else.
 */
class Letters {
  /**
   * @param {Model} model
   * @param {Memory} memory
   * @param {() => number} temperature
   * @param {(name: string) => void} onKeep
   */
  constructor(model, memory, temperature, onKeep) {
    Object.assign(this, { model, memory, temperature, onKeep });
    this.ids = [];
    this.isWhole = false; // whether the end stands behind the last letter
    this.selected = 0;
    this.showsAll = false;
    this.remembered = new Remembered(model);
    $("spelled").addEventListener("input", () => this.spell($("spelled").value));
    $("spelled").addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.focusOn($("choices").querySelector("button"));
    });
    $("tiles").addEventListener("keydown", (event) => this.walk(event));
    $("go-on").addEventListener("click", () => this.goOn());
    $("anew").addEventListener("click", () => {
      this.put([], false, 0);
      this.focusOn($("choices").querySelector("button"));
    });
    $("keep-this").addEventListener("click", () => this.onKeep(this.name));
    this.put([], false, 0);
  }

  get name() {
    return this.model.decode(this.ids);
  }

  /** Look at a whole name. */
  open(name) {
    const ids = this.read(name);
    if (ids) this.put(ids, true, 0);
  }

  /** Take what was typed; nothing, if the model does not know a letter of it. */
  spell(text) {
    const { ids, unknown } = this.model.encode(this.model.canonical(text));
    const known = unknown === undefined ? ids : [];
    this.put(known, false, known.length, text);
    if (unknown !== undefined) this.sayUnknown(unknown);
  }

  /** The tokens of a name, or null and a word on the first that is unknown. */
  read(name) {
    const { ids, unknown } = this.model.encode(name);
    if (unknown === undefined) return ids;
    this.sayUnknown(unknown);
    return null;
  }

  sayUnknown(letter) {
    $("verdict").textContent = `The list that was learned from had no “${visible(letter)}”.`;
  }

  /** @param {number[]} ids */
  put(ids, isWhole, selected, typed = null) {
    const cap = 2 * this.model.header.longest;
    this.ids = ids.slice(0, cap);
    this.isWhole = isWhole;
    this.selected = Math.min(selected, this.ids.length);
    this.showsAll = false;
    this.places = this.model.spell(this.ids);
    if (typed === null) $("spelled").value = visible(this.name);
    this.show();
    this.remembered.show(this.ids, this.isWhole);
  }

  show() {
    this.showTiles();
    this.showChoices();
    this.showVerdict();
    $("keep-this").disabled = !this.ids.length;
    $("letters-hint").hidden = this.ids.length > 0;
    $("go-on").textContent = this.selected ? "Go on from here" : "Draw one";
  }

  showTiles() {
    const tokens = [...this.ids, 0];
    $("tiles").replaceChildren(...tokens.map((id, place) => this.tile(id, place)));
  }

  tile(id, place) {
    const isOpen = place === this.ids.length && !this.isWhole; // what comes next is not chosen yet
    const logProbability = this.places[place][id];
    const bits = bitsOf(logProbability);
    const token = isOpen ? "…" : visibleToken(this.model.symbols[id]);
    const bar = element("span", { className: "bar" });
    bar.style.setProperty("--full", isOpen ? 0 : Math.min(1, bits / TALLEST_BITS));
    const what = isOpen ? "what comes next" : token;
    const surprise = `${bits.toFixed(1)} bits of surprise, ${percent(Math.exp(logProbability))}`;
    const isSelected = place === this.selected;
    const tile = element("button",
      {
        type: "button",
        className: "tile",
        tabIndex: isSelected ? 0 : -1,
        "aria-label": isOpen ? what : `${what}: ${surprise}`,
        "aria-pressed": String(isSelected),
      },
      bar,
      element("bdi", { className: id === 0 ? "sign" : "", textContent: token }),
      element("span", { className: "bits", textContent: isOpen ? "" : bits.toFixed(1) }));
    tile.addEventListener("click", () => this.select(place));
    return tile;
  }

  select(place) {
    this.selected = place;
    this.showsAll = false;
    this.show();
    this.focusOn($("tiles").children[place]);
  }

  showChoices() {
    const probabilities = this.places[this.selected].map(Math.exp);
    const ranked = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]);
    const before = this.model.decode(this.ids.slice(0, this.selected));
    $("choices-title").replaceChildren(...(before
      ? ["After ", element("bdi", { textContent: visible(before) })]
      : ["To begin with"]));
    const shown = this.showsAll ? ranked.slice(0, 200) : ranked.slice(0, FEW_CHOICES);
    const items = shown.map((id) => element("li", {}, this.choice(id, probabilities[id])));
    if (!this.showsAll && ranked.length > FEW_CHOICES) {
      const all = element("button", { type: "button", className: "quiet", textContent: "All others" });
      all.addEventListener("click", () => {
        this.showsAll = true;
        this.showChoices();
        this.focusOn($("choices").children[FEW_CHOICES].querySelector("button"));
      });
      items.push(element("li", { className: "others" }, all));
    }
    $("choices").replaceChildren(...items);
  }

  choice(id, p) {
    const isThis = this.selected < this.ids.length
      ? this.ids[this.selected] === id
      : this.isWhole && id === 0;
    const bar = element("span", { className: "share" });
    bar.style.setProperty("--full", p);
    const what = visibleToken(this.model.symbols[id]);
    const choice = element("button",
      {
        type: "button",
        className: "choice",
        "aria-pressed": String(isThis),
        "aria-label": `${what}, ${percent(p)}`,
      },
      bar,
      element("bdi", { className: id === 0 ? "sign" : "", textContent: what }),
      element("span", { className: "bits", textContent: percent(p) }));
    choice.addEventListener("click", () => this.choose(id));
    return choice;
  }

  choose(id) {
    const before = this.ids.slice(0, this.selected);
    if (id === 0) this.put(before, true, before.length);
    else this.put([...before, id], false, before.length + 1);
    this.focusOn(id === 0 ? $("keep-this") : $("choices").querySelector("button"));
  }

  /** Let the model draw the rest behind the place that is chosen. */
  goOn() {
    const prefix = this.isWhole && this.selected === this.ids.length ? [] : this.ids.slice(0, this.selected);
    const options = {
      prefix,
      state: this.model.read(prefix),
      temperature: this.temperature(),
      cap: 2 * this.model.header.longest,
    };
    const random = randomStream([...crypto.getRandomValues(new Uint32Array(3))]);
    const drawn = drawNames(this.model, 1, options, random)[0];
    if (drawn) this.put(drawn, true, prefix.length);
  }

  showVerdict() {
    const said = $("verdict");
    if (!this.ids.length) {
      said.textContent = "";
      return;
    }
    const tokens = this.isWhole ? [...this.ids, 0] : this.ids;
    const bits = tokens.reduce((sum, id, place) => sum + bitsOf(this.places[place][id]), 0);
    const each = this.model.header.unit === "word" ? "word" : "letter";
    const inAll = `${bits.toFixed(1)} bits of surprise, ${(bits / tokens.length).toFixed(1)} a ${each}`;
    const verdict = verdictOn(this.memory.isKnown(this.name), this.memory.nearest(this.name));
    said.replaceChildren(inAll, ...(verdict.length ? [" · ", ...verdict] : []));
  }

  walk(event) {
    const turned = getComputedStyle($("tiles")).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: turned, ArrowLeft: -turned };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const place = this.selected + steps[event.key];
    if (place >= 0 && place <= this.ids.length) this.select(place);
  }

  focusOn(button) {
    if (button) button.focus();
  }
}
