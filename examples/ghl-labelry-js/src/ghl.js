//! GoHighLevel: what the manifest says of it, and a client.

import { create, read, request } from './api.js';
import { isObject, list, Misread, number, object, parse, text } from './json.js';
import { readOrder, readOrderRow } from './order.js';
import { readTransaction } from './transaction.js';

export const GET_ORDER = read('/payments/orders/{orderId}', 'payments/orders.readonly');
export const LIST_ORDERS = read('/payments/orders', 'payments/orders.readonly');
export const LIST_TRANSACTIONS = read('/payments/transactions', 'payments/transactions.readonly');
export const GET_TRANSACTION = read('/payments/transactions/{transactionId}', 'payments/transactions.readonly');
export const LIST_NOTES = read('/contacts/{contactId}/notes', 'contacts.readonly');
export const CREATE_NOTE = create('/contacts/{contactId}/notes', 'contacts.write');

/** The key that GoHighLevel publishes for `x-ghl-signature`. */
const ED25519_KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
`;

/** The API, as the manifest has it. */
export const API = {
  name: 'ghl',
  title: 'GoHighLevel',
  baseUrl: 'https://services.leadconnectorhq.com',
  credential: { tag: 'bearer' },
  versionHeader: { name: 'Version', value: '2021-07-28' },
  endpoints: [GET_ORDER, LIST_ORDERS, LIST_TRANSACTIONS, GET_TRANSACTION, LIST_NOTES, CREATE_NOTE],
  rates: [
    { requests: 100, perMs: 10_000n },
    { requests: 200_000, perMs: 86_400_000n },
  ],
  webhook: {
    signatures: [
      { tag: 'ed25519', val: 'x-ghl-signature' },
      { tag: 'rsa-sha256', val: 'x-wh-signature' },
      { tag: 'shared-token', val: 'x-transload-token' },
    ],
    publicKeys: [ED25519_KEY],
    deliveryId: { tag: 'body', val: '/webhookId' },
  },
};

/** Rows asked for at once. The largest allowed is not documented; 100 is what other clients of the API use. */
export const PAGE_ROWS = 100;
/** Most pages of one order's transactions: 5,000 payments of one order are a fault. */
const ENTITY_PAGES_MAX = 50;
/** Longest message that is taken from an error body, in characters. */
const MESSAGE_MAX = 500;

/** A client for the location of `settings` that sends through `send`. */
export function ghl(send, settings) {
  const api = { baseUrl: API.baseUrl, headers: [[API.versionHeader.name, settings.ghlVersion]], refusal };
  const alt = [['altId', settings.locationId], ['altType', 'location']];
  const call = (endpoint, parts) => request(send, api, endpoint, parts);

  const transactions = (span, entityId) =>
    call(LIST_TRANSACTIONS, {
      query: [...alt, ...(entityId === undefined ? [] : [['entityId', entityId]]), ...spanned(span)],
      as: (json) => page(json, readTransaction),
    });

  return {
    /** The order and GoHighLevel's own JSON of it, `{ order, raw }`; undefined if there is none. */
    order: (id) =>
      found('order', () =>
        call(GET_ORDER, {
          args: [id],
          query: [alt[0]],
          as: (raw) => ({ order: readOrder(raw), raw }),
        }),
      ),

    /** Some of the location's orders, `{ rows, total }`. They have no lines. */
    orders: (span) =>
      call(LIST_ORDERS, { query: [alt[0], ...spanned(span)], as: (json) => page(json, readOrderRow) }),

    /** Some of the location's transactions, `{ rows, total }`. */
    transactions,

    /** The transaction; undefined if there is none. */
    transaction: (id) =>
      found('transaction', () => call(GET_TRANSACTION, { args: [id], query: alt, as: readTransaction })),

    /** All transactions that pay for the order or invoice `id`, each once. */
    transactionsOf(id) {
      const all = new Map();
      for (let offset = 0; offset < ENTITY_PAGES_MAX * PAGE_ROWS; offset += PAGE_ROWS) {
        const { rows, total } = transactions({ limit: PAGE_ROWS, offset }, id);
        for (const row of rows) if (!all.has(row.id)) all.set(row.id, row);
        if (rows.length === 0 || offset + PAGE_ROWS >= total) return [...all.values()];
      }
      return call(LIST_TRANSACTIONS, {
        query: [...alt, ['entityId', id], ['limit', 1], ['offset', 0]],
        as: () => {
          throw new Misread(`${id} has more than ${ENTITY_PAGES_MAX * PAGE_ROWS} transactions`);
        },
      });
    },

    /** All notes of the contact, each `{ id, body }`. */
    notes: (contactId) =>
      call(LIST_NOTES, { args: [contactId], as: (json) => list(json, 'notes').map((note) => readNote(note)) }),

    /** Writes a note and answers its id. */
    createNote: (contactId, body) =>
      call(CREATE_NOTE, { args: [contactId], body: { body }, as: (json) => readNote(object(json, 'note')).id }),
  };
}

/** The query of a listing. Days are UTC; an undefined end is open. */
function spanned({ start, end, limit, offset }) {
  const day = (millis) => new Date(millis).toISOString().slice(0, '2024-02-01'.length);
  const days = [['startAt', start], ['endAt', end]].filter(([, millis]) => millis !== undefined);
  return [...days.map(([name, millis]) => [name, day(millis)]), ['limit', limit], ['offset', offset]];
}

/** Without `totalCount` nobody could tell a last page from a broken one, and a payment would be missed. */
function page(json, readRow) {
  const total = Number(number(json, 'totalCount') ?? NaN);
  if (!Number.isSafeInteger(total) || total < 0) throw new Misread('totalCount is missing or below zero');
  return { rows: list(json, 'data').map((row) => readRow(row)), total };
}

function readNote(json) {
  const id = text(json, 'id');
  if (id === undefined) throw new Misread("a note's id is missing");
  return { id, body: text(json, 'body') ?? '' };
}

/**
 * What `ask` gives; undefined if GoHighLevel says that there is no such object: a 400 or a 404 in words. A 404 without them is
 * another thing, a wrong base URL for one.
 */
function found(kind, ask) {
  try {
    return ask();
  } catch (error) {
    const said = error.said?.toLowerCase() ?? '';
    const missing = said.includes('not found') || said.includes('unable to find');
    if ([400, 404].includes(error.status) && missing && said.includes(kind)) return undefined;
    throw error;
  }
}

/** What an answer that is no success says, and how long it asks to wait: a 429 comes without `Retry-After`. */
function refusal({ status, headers, body }) {
  const header = (name) => /^\d{1,12}$/.exec(headers.get(name)?.trim() ?? '')?.[0];
  const spent = header('x-ratelimit-daily-remaining') === '0' ? header('x-ratelimit-daily-reset') : undefined;
  const wait = status === 429 ? (spent ?? header('x-ratelimit-interval-milliseconds')) : undefined;
  return { message: message(body), waitMs: wait === undefined ? undefined : BigInt(wait) };
}

function message(body) {
  try {
    const json = parse(body);
    if (!isObject(json)) return undefined;
    const said = words(json.message) ?? words(json.error);
    const trace = text(json, 'traceId');
    return said && said.slice(0, MESSAGE_MAX) + (trace ? ` (traceId ${trace})` : '');
  } catch {
    return undefined;
  }
}

/** A text, or the texts of a list: a validation error has one for each member that is wrong. */
function words(value) {
  const all = Array.isArray(value) ? value : [value];
  if (!all.every((one) => typeof one === 'string')) return undefined;
  return all.join('; ').trim() || undefined;
}
