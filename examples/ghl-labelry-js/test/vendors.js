//! Scripted vendors: what answers a request, and what was asked.

import { NoAnswer } from '../src/api.js';
import { ghl } from '../src/ghl.js';
import { labelry } from '../src/labelry.js';
import { readSettings } from '../src/settings.js';

/** 2024-04-04T17:00:00Z. */
export const NOW = 1_712_250_000_000;

/** GoHighLevel's sample in its amounts: 150.1 = 17 + 2 × 60.5 + 12.1 tax. */
export const ORDER = `{
  "_id": "o1", "altId": "loc1", "status": "pending", "contactId": "c1", "currency": "USD", "amount": 150.1,
  "liveMode": false, "createdAt": "2024-04-04T16:24:27.036Z", "updatedAt": "2024-04-04T16:24:31.297Z",
  "contactSnapshot": {"id": "c1", "firstName": "Ada", "lastName": "Fuller", "address1": "1 High Street",
    "city": "Leeds", "postalCode": "LS1 4AP", "country": "GB"},
  "items": [
    {"name": "Tee", "qty": 1, "product": {"name": "Tee"}, "price": {"_id": "p1", "currency": "USD", "amount": 17}},
    {"name": "Coat", "qty": 2, "product": {"name": "Coat"}, "price": {"_id": "p2", "currency": "USD", "amount": 60.5}}
  ]
}`;

/** All of the order is paid by card. */
export const PAYMENT = `{
  "_id": "t1", "contactId": "c1", "currency": "USD", "amount": 150.1, "status": "succeeded", "liveMode": false,
  "entityType": "order", "entityId": "o1", "amountRefunded": 0, "chargeId": "ch_1",
  "paymentProvider": {"type": "stripe"}, "createdAt": "2024-04-04T16:25:00.000Z"
}`;

/** A page of a listing that has these rows alone. */
export const page = (...rows) => `{"data": [${rows.join(',')}], "totalCount": ${rows.length}}`;

/** A vendor's answer. */
export const answer = (status, body, headers = {}) => ({ status, body, headers: new Map(Object.entries(headers)) });

/** No answer came. */
export const lost = () => new NoAnswer('failed', 'the connection failed: connection-terminated');
/** The host did not let the call through. */
export const denied = () => new NoAnswer('denied', 'the host refused the call: its configuration does not allow it');

/**
 * What flows are given, with vendors that answer by `script`: `[method and the path's beginning, answer]`, each used once, in
 * any order. What was asked is in `asked`, and what was written in `written`.
 */
export function scripted(script, settings = {}) {
  const left = [...script];
  const [asked, written] = [[], []];
  const send = ({ method, url, headers, body }) => {
    const call = `${method.toUpperCase()} ${url.replace(/^https:\/\/[^/]+/, '')}`;
    asked.push(call);
    if (body !== undefined) written.push({ call, body, headers });
    const index = left.findIndex(([begin]) => call.startsWith(begin));
    if (index < 0) throw new Error(`nothing answers ${call}`);
    const [[, given]] = left.splice(index, 1);
    if (given instanceof Error) throw given;
    return given;
  };
  const read = readSettings(JSON.stringify({ location_id: 'loc1', mode: 'all', ...settings }));
  return { ghl: ghl(send, read), labelry: labelry(send), settings: read, now: NOW, asked, written, left };
}
