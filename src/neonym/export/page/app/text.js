"use strict";
/** What a screen obeys rather than shows: controls, marks of direction, halves of characters. */
const OBEYED =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]/gu;

/** Text from outside as it may be shown, copied and saved: what is obeyed is written out. */
function visible(text) {
  return text.replace(OBEYED, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Which letters of a name are capital: "first", the first of all "words", "all", or null. */
let capitals = null;

/** A name as it is shown, copied and saved: with the capitals that its list has. */
function written(name) {
  if (capitals === "first") name = name.replace(/^./su, capitalOf);
  if (capitals === "words") name = name.replace(/(?<!\S)\S/gu, capitalOf);
  if (capitals === "all") name = name.replace(/./gsu, capitalOf);
  return visible(name);
}

/** The capital of a letter where that is one letter, as of ß it is not. */
function capitalOf(letter) {
  const upper = letter.toUpperCase();
  return [...upper].length === 1 ? upper : letter;
}

/** A single token, so that it is seen: spaces have a sign, marks something to stand on. */
function visibleToken(token) {
  if (token === "") return "end";
  if (/^\s$/u.test(token)) return "␣";
  return visible(/^\p{M}/u.test(token) ? `◌${token}` : token);
}

function $(id) {
  return document.getElementById(id);
}

/** An element with properties and children; texts become text, never markup. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const whole = new Intl.NumberFormat("en");

/** A share in words that can be imagined: 37%, or 1 in 5,200. */
function shareOf(part, all) {
  if (!part) return "none";
  const share = part / all;
  return share >= 0.01 ? `${Math.round(100 * share)}%` : `1 in ${whole.format(Math.round(1 / share))}`;
}

function percent(p) {
  if (p >= 0.995 && p < 1) return "99%";
  if (p < 0.001) return "<0.1%";
  return p < 0.1 ? `${(100 * p).toFixed(1)}%` : `${Math.round(100 * p)}%`;
}

/** How surprising something of this log-probability is, in bits. */
function bitsOf(logProbability) {
  return Math.max(0, -logProbability / Math.LN2);
}

/** What is said of a name, as texts and elements: whether it is new, and the nearest known one. */
function verdictOn(isKnown, nearest) {
  const parts = [];
  if (isKnown !== null) parts.push(isKnown ? "in the list" : "new");
  if (!nearest || !nearest.edits) return parts;
  parts.push(parts.length ? " · near " : "near ");
  return [...parts, element("bdi", { textContent: written(nearest.name) })];
}

/** Whether most letters of a vocabulary are written from right to left. */
function isRightToLeft(symbols) {
  const letters = symbols.join("").match(/\p{L}/gu) || [];
  const turned = letters.filter((letter) =>
    /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(letter));
  return turned.length > letters.length / 2;
}
