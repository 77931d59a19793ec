"use strict";
/**
 * What the page carries: a header (JSON) and the bytes of all arrays, one after another.
 *
 * @typedef {{name: string, type: string, shape: number[], offset: number}} Place
 * @typedef {Object} Header
 * @property {string} title
 * @property {"character"|"word"} unit
 * @property {boolean} lowercase
 * @property {?string} capitals what of a name is capital, "first" letter, "words" or "all"
 * @property {string[]} symbols symbols[0] is "", the start and the end of a name
 * @property {number} longest tokens of the longest name that was learned from
 * @property {Spec[]} networks
 * @property {?{order: number, weight: number}} ngram
 * @property {Place[]} arrays
 * @property {?string[]} list the names that were learned from, where they were put in
 *
 * @typedef {{cell: string, nonlinearity: string, hidden: number, layers: number}} Spec
 */

const ARRAY_TYPES = {
  float32: Float32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
};

/** The bytes of a base64 text. */
function bytesOf(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

/**
 * The arrays by name, as views of the bytes.
 * @param {Header} header
 * @param {ArrayBuffer} buffer
 * @returns {Object<string, Float32Array|Uint32Array|Uint16Array>}
 */
function arraysOf(header, buffer) {
  const arrays = Object.create(null);
  for (const { name, type, shape, offset } of header.arrays) {
    const size = shape.reduce((product, length) => product * length, 1);
    arrays[name] = new ARRAY_TYPES[type](buffer, offset, size);
  }
  return arrays;
}
