/** Puts the parts together. */
function begin() {
  const header = JSON.parse($("header").textContent);
  capitals = header.capitals;
  const buffer = bytesOf($("content").textContent);
  const model = new Model(header, buffer);
  const memory = new Memory(model);
  sayWhatThisIs(header);
  const direction = isRightToLeft(header.symbols) ? "rtl" : "ltr";
  for (const id of ["names", "shortlist", "tiles", "choices", "recall"]) $(id).dir = direction;

  const names = new NameList($("names"), {
    onOpen: (name) => open(name),
    onButton: (name) => shortlist.toggle(name),
  });
  const form = new Form(model, memory, () => {
    coinNames();
    if (matchMedia("(max-width: 44.99rem)").matches) $("coined").scrollIntoView();
  });
  const letters = new Letters(model, memory, () => form.temperature, (name) => shortlist.toggle(name));
  const shortlist = new Shortlist(`neonym ${header.sha256}`, {
    onOpen: (name) => open(name),
    onChange: () => showKept(),
  });
  let asked = 0, latest = null, said = 0;

  const coiner = new Coiner(header, buffer, $("engine").textContent, {
    onReport: (report) => {
      latest = report.names ? report : { ...latest, ...report };
      showReport(latest);
    },
    onNearest: (nearest) => nearest.forEach((found) => {
      const isKnown = memory.isKnown(found.name);
      names.note(found.name, verdictOn(isKnown, found.nearest), isKnown);
    }),
  });

  function coinNames() {
    const request = form.request();
    asked = request.count;
    latest = { names: [], drawn: 0, fitting: 0, end: null, hardest: null };
    said = 0;
    setBusy(true);
    $("advice").hidden = true;
    $("status").textContent = "Coining…";
    coiner.coin(request);
  }

  function showReport(report) {
    const known = new Map(report.names.map(({ name, isKnown }) => [name, isKnown]));
    for (const name of names.show([...known.keys()], labelKeep)) {
      names.note(name, verdictOn(known.get(name), null), known.get(name));
    }
    const now = performance.now();
    if (report.end || now - said > 1500) { // a screen reader would not get through more
      $("status").textContent = report.end === "problem" ? "" : statusOf(report, asked);
      said = now;
    }
    if (!report.end) return;
    setBusy(false);
    const advice = adviceOn(report);
    $("advice").textContent = advice;
    $("advice").hidden = !advice;
  }

  function setBusy(isBusy) {
    $("stop").hidden = !isBusy;
    $("coined").setAttribute("aria-busy", String(isBusy));
    if (!isBusy && document.activeElement === $("stop")) $("coin").focus();
  }

  function labelKeep(button, name) {
    const isKept = shortlist.has(name);
    button.textContent = isKept ? "★" : "☆";
    button.setAttribute("aria-pressed", String(isKept));
    button.setAttribute("aria-label", `Keep ${visible(name)}`);
  }

  function showKept() {
    for (const name of names.rows.keys()) labelKeep(names.buttonOf(name), name);
  }

  function open(name) {
    letters.open(name);
    if (goTo("letters")) $("letters-title").focus();
  }

  $("stop").addEventListener("click", () => {
    coiner.stop();
    showReport({ ...latest, end: "stopped" });
  });
  coinNames();
}

/** On a narrow screen one part is shown at a time; whether that changed anything. */
function goTo(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  const isNarrow = getComputedStyle(document.querySelector("nav")).display !== "none";
  if (isNarrow) scrollTo(0, 0);
  return isNarrow;
}

function sayWhatThisIs(header) {
  const isOfWords = header.unit === "word";
  const unit = isOfWords ? "word" : "letter";
  const replace = (name, text) =>
    document.querySelectorAll(`.${name}`).forEach((place) => { place.textContent = text; });
  replace("unit", unit);
  replace("units", `${unit}s`);
  replace("Unit", isOfWords ? "Word" : "Letter");
  replace("Units", isOfWords ? "Words" : "Letters");
  $("subtitle").textContent = header.known === null
    ? "New names, coined on this page by a small neural network."
    : `New names, coined on this page by a small neural network that learned from ${whole.format(header.known)} known ones.`;
  const [first] = header.networks;
  const several = header.networks.length > 1 ? `${header.networks.length} networks, each ` : "";
  const layers = first.layers > 1 ? ` × ${first.layers}` : "";
  const mixed = header.ngram ? ", mixed with an n-gram" : "";
  $("about").textContent =
    `The model is in this file: nothing is fetched, and nothing leaves this page. `
    + `${several}${first.cell} ${first.hidden}${layers}${mixed}; made with neonym ${header.neonym}.`;
}

for (const button of document.querySelectorAll("nav button")) {
  button.addEventListener("click", () => goTo(button.dataset.view));
}
begin();
