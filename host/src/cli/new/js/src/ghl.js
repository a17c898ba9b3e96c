//! GoHighLevel: what the manifest says of it, and a client.

import { create, read, request } from './api.js';
import { currency, flag, instant, isObject, list, Misread, number, object, parse, text } from './json.js';

export const GET_ORDER = read('/payments/orders/{orderId}', 'payments/orders.readonly');
export const LIST_ORDERS = read('/payments/orders', 'payments/orders.readonly');
export const LIST_NOTES = read('/contacts/{contactId}/notes', 'contacts.readonly');
/** GoHighLevel takes no idempotency key, so a lost answer is followed by a look at {@link LIST_NOTES}. */
export const CREATE_NOTE = create('/contacts/{contactId}/notes', 'contacts.write');

/** The API, as the manifest has it. The host verifies webhooks by what it says of them. */
export const API = {
  name: 'ghl',
  title: 'GoHighLevel',
  baseUrl: 'https://services.leadconnectorhq.com',
  credential: { tag: 'bearer' },
  versionHeader: { name: 'Version', value: '2021-07-28' },
  endpoints: [GET_ORDER, LIST_ORDERS, LIST_NOTES, CREATE_NOTE],
  rates: [
    { requests: 100, perMs: 10_000n },
    { requests: 200_000, perMs: 86_400_000n },
  ],
  webhook: {
    signatures: [{ tag: 'ed25519', val: 'x-ghl-signature' }],
    // The key that GoHighLevel publishes.
    publicKeys: [
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=\n-----END PUBLIC KEY-----\n',
    ],
    deliveryId: { tag: 'body', val: '/webhookId' },
  },
};

const CALLS = { baseUrl: API.baseUrl, headers: [['Version', API.versionHeader.value]], refusal };

/** A client for the location that sends through `send`. */
export const ghl = (send, locationId) => ({
  /** The order; undefined if there is none. */
  order(id) {
    try {
      return request(send, CALLS, GET_ORDER, { args: [id], query: [['altId', locationId]], as: readOrder });
    } catch (error) {
      // That there is no such order is documented as a 400, and some calls answer 404.
      if ([400, 404].includes(error.status) && /order.*not found/i.test(error.said)) return undefined;
      throw error;
    }
  },

  /** How many orders there are. */
  count: () =>
    request(send, CALLS, LIST_ORDERS, {
      query: [['altId', locationId], ['limit', 1]],
      as: (json) => number(json, 'totalCount') ?? missing('totalCount'),
    }),

  /** All notes of the contact, each `{ id, body }`. */
  notes: (contactId) =>
    request(send, CALLS, LIST_NOTES, { args: [contactId], as: (json) => list(json, 'notes').map(readNote) }),

  /** Writes a note and answers its id. */
  createNote: (contactId, body) =>
    request(send, CALLS, CREATE_NOTE, {
      args: [contactId],
      body: { body },
      as: (json) => readNote(object(json, 'note')).id,
    }),
});

/** An order, as a webhook or a read of it gives it, as the contract's record. Of its lines nothing is needed here. */
export function readOrder(json) {
  const contactId = text(json, 'contactId');
  return {
    id: text(json, '_id') ?? missing('_id'),
    status: { tag: 'other', val: text(json, 'status') ?? missing('status') },
    total: {
      amount: number(json, 'amount') ?? missing('amount'),
      currency: currency(json, 'currency') ?? missing('currency'),
    },
    customer: contactId === undefined ? undefined : { id: contactId },
    lines: [],
    live: flag(json, 'liveMode') ?? true,
    createdAt: millis(json, 'createdAt'),
    updatedAt: millis(json, 'updatedAt'),
  };
}

function millis(json, name) {
  const at = instant(json, name);
  return at === undefined ? undefined : BigInt(at);
}

const readNote = (json) => {
  if (!isObject(json)) throw new Misread('a note is no object');
  return { id: text(json, 'id') ?? missing("a note's id"), body: text(json, 'body') ?? '' };
};

function missing(name) {
  throw new Misread(`${name} is missing`);
}

/** What an answer that is no success says, and how long it asks to wait: a 429 comes without `Retry-After`. */
function refusal({ headers, body }) {
  const wait = /^\d{1,12}$/.exec(headers.get('x-ratelimit-interval-milliseconds') ?? '')?.[0];
  let message;
  try {
    message = text(parse(body), 'message');
  } catch {
    // A proxy's page, or a list of messages: the body's beginning stands in.
  }
  return { message, waitMs: wait === undefined ? undefined : BigInt(wait) };
}
