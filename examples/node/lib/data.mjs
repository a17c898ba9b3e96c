/**
 * @file The contract's records as JSON. 64-bit integers are BigInts in the records, so that no amount is ever rounded.
 */

/**
 * A decimal's text: `{ units: 15010n, exponent: 2 }` is `150.10`.
 * @param {{ units: bigint | string, exponent: number }} decimal
 */
export function decimal({ units, exponent }) {
  const value = BigInt(units);
  const digits = String(value < 0n ? -value : value).padStart(exponent + 1, '0');
  const text = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
  return value < 0n ? `-${text}` : text;
}

/**
 * A record as people and templates read it, by the schemas of the manifest's triggers: amounts are texts, times ISO 8601,
 * statuses words, names in snake case.
 * @param {unknown} value
 * @param {string} [name] of the member that it is
 * @returns {unknown}
 */
export function toData(value, name = '') {
  if (typeof value === 'bigint') return name.endsWith('At') ? new Date(Number(value)).toISOString() : String(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => toData(item));
  if ('units' in value) return decimal(value);
  if ('tag' in value) {
    if (value.val === undefined) return value.tag;
    return value.tag === 'other' ? value.val : { [value.tag]: toData(value.val) };
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [snake(key), toData(member, key)]));
}

/**
 * The data of an event, by the `output-schema` of its trigger. Beside the record's own members it has those that the schemas
 * put where people look for them.
 * @param {{ tag: string, val: any }} change
 */
export function eventData({ tag, val }) {
  const data = /** @type {Record<string, unknown>} */ (toData(val));
  if (tag === 'fulfillment' && val.proof?.signedBy !== undefined) data.signed_by = val.proof.signedBy;
  const order = tag === 'transaction' ? val.settles.find((entity) => entity.tag === 'order') : undefined;
  if (order) data.order_id = order.val;
  return data;
}

const snake = (/** @type {string} */ name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * A record with its 64-bit integers as texts, so that JSON can hold it. A connector takes it back as it is.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function plain(value) {
  return JSON.parse(JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member)));
}
