/** The names that are kept: on this page, and in this browser until they are dropped. */
class Shortlist {
  /**
   * @param {string} key under which the browser keeps them
   * @param {{onOpen: (name: string) => void, onChange: () => void}} listener
   */
  constructor(key, listener) {
    this.key = key;
    this.listener = listener;
    this.names = this.read();
    this.list = new NameList($("shortlist"), {
      onOpen: listener.onOpen,
      onButton: (name) => this.drop(name),
    });
    $("copy").addEventListener("click", () => this.copy());
    $("download").addEventListener("click", () => this.download());
    $("empty").addEventListener("click", () => this.set([]));
    this.show();
  }

  has(name) {
    return this.names.includes(name);
  }

  toggle(name) {
    if (!name) return;
    this.set(this.has(name) ? this.names.filter((other) => other !== name) : [...this.names, name]);
  }

  drop(name) {
    const row = this.list.rows.get(name);
    const next = row.nextElementSibling || row.previousElementSibling;
    this.set(this.names.filter((other) => other !== name));
    if (next) next.querySelector(".mark").focus();
    else $("kept-title").focus();
  }

  set(names) {
    this.names = names;
    this.write();
    this.show();
    this.listener.onChange();
  }

  show() {
    this.list.show(this.names, (button, name) => {
      button.textContent = "×";
      button.setAttribute("aria-label", `Drop ${visible(name)}`);
    });
    $("nothing-kept").hidden = this.names.length > 0;
    $("kept-buttons").hidden = !this.names.length;
    $("kept-count").textContent = this.names.length ? ` (${this.names.length})` : "";
    $("kept-status").textContent = "";
  }

  get text() {
    return this.names.map((name) => `${written(name)}\n`).join("");
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      const area = element("textarea", { value: this.text, className: "hidden" });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      $("copy").focus();
    }
    $("kept-status").textContent = "Copied.";
  }

  download() {
    const url = URL.createObjectURL(new Blob([this.text], { type: "text/plain;charset=utf-8" }));
    element("a", { href: url, download: "names.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    $("kept-status").textContent = "Saved as names.txt.";
  }

  /** Some browsers keep nothing for a page that is a file; the list then lasts as long as the page. */
  read() {
    try {
      const names = JSON.parse(localStorage.getItem(this.key));
      return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
    } catch {
      return [];
    }
  }

  write() {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.names));
    } catch {
      // it lasts as long as the page
    }
  }
}
