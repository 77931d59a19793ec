/** A list of names that the arrow keys walk through: one stop of the Tab key, however long. */
class NameList {
  /**
   * @param {HTMLElement} list
   * @param {{onOpen: (name: string) => void, onButton: (name: string) => void}} listener
   */
  constructor(list, listener) {
    this.list = list;
    this.listener = listener;
    this.rows = new Map();
    list.addEventListener("keydown", (event) => this.walk(event));
    list.addEventListener("focusin", (event) => this.stopAt(event.target));
  }

  /**
   * Show these names, in this order; rows that are there stay.
   * @returns {string[]} those that were not there before
   */
  show(names, labelOf) {
    const wanted = new Set(names);
    const fresh = names.filter((name) => !this.rows.has(name));
    for (const [name, row] of this.rows) {
      if (wanted.has(name)) continue;
      row.remove();
      this.rows.delete(name);
    }
    names.forEach((name, place) => {
      if (!this.rows.has(name)) this.rows.set(name, this.makeRow(name, labelOf));
      const row = this.rows.get(name);
      if (this.list.children[place] !== row) this.list.insertBefore(row, this.list.children[place] || null);
    });
    if (!this.list.querySelector("[tabindex='0']")) this.stopAt(this.list.querySelector("button"));
    return fresh;
  }

  makeRow(name, labelOf) {
    const word = element("button", { type: "button", className: "word", tabIndex: -1 },
      element("bdi", { textContent: written(name) }));
    const button = element("button", { type: "button", className: "mark", tabIndex: -1 });
    word.addEventListener("click", () => this.listener.onOpen(name));
    button.addEventListener("click", () => this.listener.onButton(name));
    labelOf(button, name);
    return element("li", {}, word, button, element("span", { className: "note", dir: "auto" }));
  }

  /** Say something below a name, in texts and elements. */
  note(name, parts, isKnown) {
    const row = this.rows.get(name);
    if (!row) return;
    row.querySelector(".note").replaceChildren(...parts);
    row.classList.toggle("known", Boolean(isKnown));
  }

  buttonOf(name) {
    const row = this.rows.get(name);
    return row ? row.querySelector(".mark") : null;
  }

  stopAt(button) {
    if (!button || button.tagName !== "BUTTON") return;
    for (const other of this.list.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    button.tabIndex = 0;
  }

  walk(event) {
    const row = event.target.closest("li");
    if (!row) return;
    const which = event.target.classList.contains("mark") ? ".mark" : ".word";
    const other = which === ".mark" ? ".word" : ".mark";
    const targets = {
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: this.list.firstElementChild,
      End: this.list.lastElementChild,
    };
    let target = null;
    if (event.key in targets) target = targets[event.key] && targets[event.key].querySelector(which);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") target = row.querySelector(other);
    else return;
    event.preventDefault();
    if (target) target.focus();
  }
}
