//! What rules compute with: exact numbers, texts, booleans, lists, objects, and null for what is not known.

import { Decimal, ZERO } from './decimal.js';
import { isObject } from './json.js';

/** Why a rule cannot be worked out. */
export class RuleError extends Error {}

/** What stands for a name that does not exist. */
export class Missing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }
}

/** `value`, unless there is none. */
export function known(value) {
  return value instanceof Missing ? fault(`there is no ${value.name}`) : value;
}

/** The member of a list or an object; `missing` if there is none. */
export function member(value, key, missing) {
  const index = Array.isArray(value) ? Number(key) : key;
  return (Array.isArray(value) || isObject(value)) && Object.hasOwn(value, index) ? value[index] : missing;
}

/** Whether a value counts as true: not zero and not empty. */
export function truth(value) {
  if (known(value) instanceof Decimal) return value.units !== 0n;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Whether two values are equal; numbers are by value. */
export const same = (a, b) => (a instanceof Decimal && b instanceof Decimal ? a.compare(b) === 0 : a === b);

/** How two numbers or two texts are ordered; nothing else has an order. */
export function ordered(a, b) {
  if (a instanceof Decimal && b instanceof Decimal) return a.compare(b);
  if (typeof a === 'string' && typeof b === 'string') return Number(a > b) - Number(a < b);
  return fault(`${a} and ${b} cannot be compared`);
}

/** Whether a value is in a list, or a text in a text. */
export const within = (value, all) =>
  typeof all === 'string' ? all.includes(word(value)) : items(all).some((item) => same(item, value));

/** What can be asked behind `is`. */
export const TESTS = {
  defined: (value) => !(value instanceof Missing),
  undefined: (value) => value instanceof Missing,
  none: (value) => known(value) === null,
};

/** What can be made of a value behind `|`. */
export const FILTERS = {
  lower: (value) => word(value).toLowerCase(),
  upper: (value) => word(value).toUpperCase(),
  length: (value) => new Decimal(BigInt((typeof value === 'string' ? [...value] : items(value)).length)),
  default: (value, other = '') => (value instanceof Missing || value === null ? other : value),
  plus: (value, other) => numeric(value).plus(numeric(other)),
  minus: (value, other) => numeric(value).minus(numeric(other)),
  times: (value, other) => numeric(value).times(numeric(other)),
  sum: (value, name) => items(value).reduce((sum, item) => sum.plus(numeric(member(item, name, new Missing(`member ${name}`)))), ZERO),
};

const numeric = (value) =>
  known(value) instanceof Decimal ? value : (Decimal.parse(String(value)) ?? fault(`${value} is no number`));

const word = (value) => (typeof known(value) === 'string' ? value : fault(`${value} is no text`));

const items = (value) => (Array.isArray(known(value)) ? value : fault(`${value} is no list`));

function fault(problem) {
  throw new RuleError(problem);
}
