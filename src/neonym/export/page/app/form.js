const TEXT_WISHES = ["startsWith", "endsWith", "contains", "like", "matches"];
const LENGTH_WISHES = ["minLength", "maxLength"];

/**
 * The form of wishes. Its fields are called wish-…: a form has a property for each field, and one
 * called "matches" or "contains" would hide the element's own.
 */
class Form {
  constructor(model, memory, onCoin) {
    this.model = model;
    $("temperature").addEventListener("input", () => this.show());
    $("wishes").addEventListener("input", () => this.show());
    $("wishes").addEventListener("reset", () => setTimeout(() => this.show()));
    $("wishes").addEventListener("submit", (event) => {
      event.preventDefault();
      onCoin();
    });
    if (!memory.canTell) {
      $("wish-new").disabled = true;
      $("new-hint").textContent = "the model does not say what it learned from";
    }
    if (matchMedia("(min-width: 45rem)").matches) $("more").open = true;
    this.show();
  }

  /** Say what the temperature means, and how much is wished. */
  show() {
    const { temperature } = this;
    let meaning = "as learned";
    if (temperature === 0) meaning = "always the likeliest";
    else if (temperature < 0.95) meaning = "safer";
    else if (temperature > 1.05) meaning = "bolder";
    $("warmth").textContent = `${temperature.toFixed(2)} · ${meaning}`;
    const count = Object.values(this.wanted).filter(Boolean).length;
    $("wished").textContent = count ? ` (${count})` : "";
  }

  get temperature() {
    return Number($("temperature").value);
  }

  get count() {
    return Math.min(1000, Math.max(1, Math.floor(Number($("count").value)) || 1));
  }

  /** @returns {Wanted} */
  get wanted() {
    const texts = TEXT_WISHES.map((key) => [key, $(`wish-${key}`).value]);
    const lengths = LENGTH_WISHES.map((key) => [key, Math.max(0, Math.floor(Number($(`wish-${key}`).value)))]);
    return { ...Object.fromEntries([...texts, ...lengths]), new: $("wish-new").checked };
  }

  /** What is asked of the engine; no two requests have one seed. */
  request() {
    const seed = [...crypto.getRandomValues(new Uint32Array(3))];
    return { count: this.count, temperature: this.temperature, seed, wanted: this.wanted };
  }
}

/** What a report says in words. */
function statusOf(report, asked) {
  const { names, drawn, fitting, end } = report;
  const share = fitting < drawn
    ? `${shareOf(fitting, drawn)} of ${whole.format(drawn)} drawn ${fitting === 1 ? "fits" : "fit"}`
    : "";
  const of = end ? "" : ` of ${whole.format(asked)}`;
  const count = `${whole.format(names.length)}${of} name${names.length === 1 ? "" : "s"}`;
  return share ? `${count}; ${share}.` : `${count}.`;
}

/** What to do where there are fewer names than asked for, or "". */
function adviceOn(report) {
  const { names, drawn, end, problem, hardest } = report;
  if (end === "problem") return problem;
  if (end === "pattern") {
    return "The pattern took more than six seconds on a few names, so it was stopped. "
      + "Make it simpler: repetitions within repetitions, such as (a+)+, may take for ever.";
  }
  if (end === "stale") return "The model gives no others at this temperature. A higher one gives more.";
  if (end !== "time" && end !== "stopped") return "";
  const few = names.length ? "Few names fit" : `None of ${whole.format(drawn)} names drawn fits`;
  if (!hardest || hardest.had === hardest.asked) {
    return end === "time" ? `${few} in two minutes. Ask for fewer, or try again.` : "";
  }
  const share = `${shareOf(hardest.had, hardest.asked)} of ${whole.format(hardest.asked)}`;
  return `${few}. Hardest to fulfil: ${visible(hardest.text)} (${share}). `
    + "Make it shorter, leave it out, or raise the temperature.";
}
