//! Orders, from GoHighLevel's JSON to the contract's records.

import { ZERO } from './decimal.js';
import { currency, flag, instant, isObject, list, Misread, number, object, text } from './json.js';

/** The statuses that the contract has names for, by GoHighLevel's. */
const STATUSES = { pending: 'pending', completed: 'completed', cancelled: 'cancelled', canceled: 'cancelled' };
const FULFILLMENT_STATUSES = {
  unfulfilled: 'unfulfilled',
  partially_fulfilled: 'partially-fulfilled',
  fulfilled: 'fulfilled',
  cancelled: 'cancelled',
  canceled: 'cancelled',
};

/** A status of the contract: one that `known` has a name for, or GoHighLevel's own word. */
export function status(word, known) {
  const tag = Object.hasOwn(known, word.toLowerCase()) ? known[word.toLowerCase()] : undefined;
  return tag ? { tag } : { tag: 'other', val: word };
}

/** The status in words, as rules see it and events' ids have it. */
export const described = ({ tag, val }) => val ?? tag.replaceAll('-', ' ');

/** The member of `json`, which nothing else can be put in the place of. */
export function needed(json, name, reader, of) {
  const value = reader(json, name);
  if (value === undefined) throw new Misread(`${of}: ${name} is missing`);
  return value;
}

/** An amount of `json` as money, if it is there. */
export function money(json, name, code) {
  const amount = number(json, name);
  return amount && { amount, currency: code };
}

/**
 * An order as a webhook or a read of it gives it: the contract's record, and `billedBy`, the id of the invoice that bills it.
 * What is sold, for how much, is not guessed: throws a {@link Misread} where that is missing.
 */
export function readOrder(json) {
  if (!isObject(json)) throw new Misread('an order is needed');
  const id = needed(json, '_id', text, 'order');
  const of = `order ${id}`;
  const code = needed(json, 'currency', currency, of);
  const sums = object(json, 'amountSummary');
  const source = object(json, 'source');
  const fulfillment = text(json, 'fulfillmentStatus');
  const customer = readContact(object(json, 'contactSnapshot'), text(json, 'contactId'));
  return {
    id,
    status: status(needed(json, 'status', text, of), STATUSES),
    fulfillment: fulfillment && status(fulfillment, FULFILLMENT_STATUSES),
    total: { amount: needed(json, 'amount', number, of), currency: code },
    subtotal: money(sums, 'subtotal', code),
    discount: money(sums, 'discount', code),
    tax: money(sums, 'tax', code),
    shipping: money(sums, 'shipping', code),
    customer: Object.values(customer).some((value) => value !== undefined) ? customer : undefined,
    lines: list(json, 'items').map((item, index) => readLine(item, `${of}: items[${index}]`, code)),
    live: flag(json, 'liveMode') ?? true,
    createdAt: instant(json, 'createdAt'),
    updatedAt: instant(json, 'updatedAt'),
    billedBy: text(source, 'type') === 'invoice' ? text(source, 'id') : undefined,
  };
}

/** An order of a listing, which has no lines and its members in other places. */
export function readOrderRow(json) {
  if (!isObject(json)) throw new Misread('an order is needed');
  const { contactName, contactEmail, sourceType, sourceId, subtotal, discount, ...rest } = json;
  return readOrder({
    ...rest,
    items: [],
    contactSnapshot: { name: contactName, email: contactEmail },
    amountSummary: { subtotal, discount },
    source: { type: sourceType, id: sourceId },
  });
}

function readLine(item, of, orderCurrency) {
  const price = object(item, 'price');
  const product = object(item, 'product');
  // Fulfilments name nothing but the price.
  const id = needed(price, '_id', text, `${of}.price`);
  const quantity = needed(item, 'qty', number, of);
  if (quantity.compare(ZERO) < 0) throw new Misread(`${of}.qty is below zero`);
  return {
    id,
    sku: text(price, 'sku'),
    name: text(item, 'name') ?? text(product, 'name') ?? text(price, 'name') ?? id,
    quantity,
    unitPrice: money(price, 'amount', currency(price, 'currency') ?? orderCurrency),
    physical: isPhysical(text(product, 'productType')?.toUpperCase()),
  };
}

/** `PHYSICAL`, `DIGITAL` and `SERVICE` are documented; the products calls also know `PHYSICAL/DIGITAL`. */
function isPhysical(type) {
  if (type === 'DIGITAL' || type === 'SERVICE') return false;
  return type?.includes('PHYSICAL') ? true : undefined;
}

/** A customer, from a snapshot whose members are in camel case or snake case. `id` counts before the snapshot's own. */
export function readContact(json, id) {
  const either = (camel, snake) => text(json, camel) ?? text(json, snake);
  const full = [either('firstName', 'first_name'), either('lastName', 'last_name')].filter(Boolean).join(' ');
  const address = {
    lines: (text(json, 'address1') ?? '').split('\n').map((line) => line.trim()).filter(Boolean),
    city: text(json, 'city'),
    region: text(json, 'state'),
    postalCode: text(json, 'postalCode'),
    country: text(json, 'country'),
  };
  const { lines, ...place } = address;
  const known = lines.length > 0 || Object.values(place).some((value) => value !== undefined);
  return {
    id: id ?? text(json, 'id'),
    name: text(json, 'name') ?? (full || either('companyName', 'company_name')),
    email: text(json, 'email'),
    phone: text(json, 'phone'),
    address: known ? address : undefined,
  };
}

/** An address on one line, as it would be dictated to a map. */
export function oneLine({ lines, city, region, postalCode, country }) {
  const area = [region, postalCode].filter(Boolean).join(' ');
  return [...lines, city, area, country].filter(Boolean).join(', ');
}

/** Whether it could be found: a street, and a city or a postal code. */
export const isDeliverable = ({ lines, city, postalCode }) => lines.length > 0 && Boolean(city ?? postalCode);
