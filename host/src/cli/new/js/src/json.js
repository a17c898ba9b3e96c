//! JSON whose numbers are read from their text, and readers for JSON that does not keep to its own documentation.

import { Decimal } from './decimal.js';

/** A string with its quotes, or a number; what is neither well-formed nor a string is left for `JSON.parse` to refuse. */
const STRING_OR_NUMBER = /("[^"\\]*(?:\\[^][^"\\]*)*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\s*:)/g;
/** What numbers begin with while `JSON.parse` takes them for strings. */
const MARK = '\u0000';

/** Reads JSON; numbers become {@link Decimal}s, or texts where no decimal holds them. Throws a SyntaxError. */
export function parse(text) {
  const marked = text.replace(STRING_OR_NUMBER, (found, string) => string ?? `"\\u0000${found}"`);
  return JSON.parse(marked, (_, value) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    const number = value.slice(MARK.length);
    return Decimal.parse(number) ?? number;
  });
}

/** A member is not there or makes no sense. The message names the member and not its value, which may be a customer's. */
export class Misread extends Error {}

/** Whether it is a JSON object. */
export const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal);

/** The object called `name` in `parent`; an empty one if there is none. */
export function object(parent, name) {
  const value = parent[name] ?? {};
  if (!isObject(value)) throw new Misread(`${name}: an object is needed`);
  return value;
}

/** The list called `name`; null is an empty one, and a single object a list of one. */
export function list(parent, name) {
  const value = parent[name] ?? [];
  if (Array.isArray(value)) return value;
  if (isObject(value)) return [value];
  throw new Misread(`${name}: a list is needed`);
}

/** The text called `name`, or a number or boolean that should have been one; undefined if empty or null. */
export function text(parent, name) {
  const value = parent[name] ?? '';
  if (isObject(value) || Array.isArray(value)) throw new Misread(`${name}: a text is needed`);
  return String(value).trim() || undefined;
}

/** The boolean called `name`, or one that was written as a text. */
export function flag(parent, name) {
  const value = text(parent, name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new Misread(`${name}: true or false is needed`);
}

/** The number called `name`, or one that was written as a text. */
export function number(parent, name) {
  const written = text(parent, name);
  if (written === undefined) return undefined;
  return Decimal.parse(written) ?? fail(`${name}: a number is needed`);
}

/** The currency code called `name`, in upper case. */
export function currency(parent, name) {
  const code = text(parent, name)?.toUpperCase();
  return code === undefined || /^[A-Z]{3}$/.test(code) ? code : fail(`${name}: a currency code is needed`);
}

/** The time called `name`, in milliseconds since 1970; undefined for what is no RFC 3339 time with an offset. */
export function instant(parent, name) {
  const written = text(parent, name) ?? '';
  const millis = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(written) ? Date.parse(written) : NaN;
  return millis >= 0 ? millis : undefined;
}

function fail(problem) {
  throw new Misread(problem);
}
