"use strict";
const TITLES = { rnn: "Plain cell", gru: "GRU", lstm: "LSTM" };
const EXAMPLES = ["tyrannosaurus", "pachycephalosaurus", "triceratops", "qiaowanlong"];
const NAMED = 3; // how many of the letters that matter most are named in words
const $ = (id) => document.getElementById(id);

/** An element with properties and children; texts become text, never markup. */
function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const share = (length, all) => (Math.round((100 * length) / all) ? `${Math.round((100 * length) / all)}%` : "<1%");

/** The bars of one cell; what is pointed at is pointed at in all of them. */
class Row {
  constructor(title, models, onPoint) {
    this.models = models;
    this.tiles = element("div", { className: "tiles" });
    this.tiles.setAttribute("role", "group");
    this.tiles.setAttribute("aria-label", title);
    this.said = element("p", { className: "said" });
    this.whole = element("section", {}, element("h2", { textContent: title }), this.tiles, this.said);
    const placeOf = (event) => [...this.tiles.children].indexOf(event.target.closest(".tile"));
    for (const kind of ["pointermove", "focusin", "click"]) { // not pointerover: scrolling does that too
      this.tiles.addEventListener(kind, (event) => onPoint(placeOf(event)));
    }
    this.tiles.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && this.tiles.children[placeOf(event) + step];
      if (!next || next === this.tiles.firstChild) return;
      event.preventDefault();
      next.focus();
    });
  }

  show(name, when) {
    const model = this.models[when];
    this.tokens = [...[...name].map((letter) => model.ids.get(letter)), 0];
    this.recall = new Recall(model, this.tokens.slice(0, -1));
    this.called = ["start", ...name, "end"];
    this.tiles.replaceChildren(...this.called.map((what, place) =>
      element("button", { type: "button", className: "tile", tabIndex: -1 },
        element("span", { className: "bar" }),
        element("span", { className: place && place < this.tokens.length ? "letter" : "sign", textContent: what }),
        element("span", { className: "share" }))));
  }

  point(target) {
    const lengths = [...this.recall.at(target - 1, this.tokens[target - 1])];
    const all = lengths.reduce((sum, length) => sum + length, 0) || 1;
    const largest = Math.max(...lengths) || 1;
    [...this.tiles.children].forEach((tile, place) => {
      const isBefore = place < target;
      tile.children[0].style.setProperty("--full", isBefore ? lengths[place] / largest : 0);
      tile.children[2].textContent = isBefore ? share(lengths[place], all) : "";
      tile.classList.toggle("ahead", place > target);
      tile.setAttribute("aria-pressed", String(place === target));
      tile.tabIndex = place === target ? 0 : -1;
    });
    const ranked = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]).slice(0, NAMED);
    const parts = ranked.map((place) => `${this.called[place]} ${share(lengths[place], all)}`);
    const back = lengths.reduce((sum, length, place) => sum + length * (target - place), 0) / all;
    this.said.textContent = `“${this.called[target]}” depends most on ${parts.join(", ")}; on average it looks ${back.toFixed(1)} letters back.`;
  }
}

const stored = JSON.parse($("models").textContent);
const rows = Object.entries(TITLES).map(([cell, title]) => {
  const models = Object.fromEntries(Object.entries(stored[cell]).map(([when, { header, content }]) =>
    [when, new Model(header, bytesOf(content))]));
  return new Row(title, models, point);
});
let pointed = 0;

function point(target) {
  if (target < 1 || target === pointed) return;
  pointed = target;
  rows.forEach((row) => row.point(target));
}

/** Show the name in the field, its last letter pointed at, or the one that was if `place` says so. */
function show(place = 0) {
  const name = $("name").value.trim().toLowerCase();
  const isKnown = /^[a-z]+$/.test(name);
  $("refused").textContent = isKnown ? "" : "A name of one to twenty-four letters, a to z, please.";
  if (!isKnown) return;
  rows.forEach((row) => row.show(name, document.querySelector("[name=when]:checked").value));
  pointed = 0;
  point(place || name.length);
}

$("rows").append(...rows.map((row) => row.whole));
$("examples").append(...EXAMPLES.map((name) => {
  const button = element("button", { type: "button", textContent: name });
  button.addEventListener("click", () => { $("name").value = name; show(); });
  return button;
}));
$("form").addEventListener("submit", (event) => event.preventDefault());
$("name").addEventListener("input", () => show());
document.querySelectorAll("[name=when]").forEach((radio) => radio.addEventListener("change", () => show(pointed)));
$("name").value = EXAMPLES[0];
show();
