//! What GoHighLevel's webhooks say, as events.
//!
//! What a workflow's Custom Webhook action sends is whatever its operator put together. Of that only the ids are taken, from the
//! places where workflows put them, and the object is read from the API.

import { orderEvent, transactionEvent } from './events.js';
import { rejected } from './failure.js';
import { flag, instant, isObject, Misread, parse, text } from './json.js';
import { readOrder } from './order.js';

/** Where an operator's body has the id of an order, of a transaction, and of the location. */
const ORDER_PLACES = [
  'order_id', 'orderId', 'order.id', 'order._id', 'customData.order_id', 'customData.orderId', 'customData.order.id',
];
const TRANSACTION_PLACES = [
  'transaction_id', 'transactionId', 'transaction.id', 'transaction._id', 'payment.transaction_id', 'payment.transactionId',
  'refund.transaction_id', 'refund.transactionId', 'customData.transaction_id', 'customData.transactionId',
  'customData.payment.transaction_id',
];
const LOCATION_PLACES = ['locationId', 'location_id', 'location.id', 'customData.location_id'];

/** Webhooks about what this connector has no use for. */
const INVOICE = /^Invoice(Create|Update|Sent|Paid|PartiallyPaid|Void|Delete)$/;

/** Reads what GoHighLevel or a workflow of it sends. Fails with `rejected` for what is no webhook. */
export function receive(shop, body) {
  const raw = decoded(body);
  try {
    const json = parse(raw);
    if (!isObject(json)) throw new Misread('an object is needed');
    return events(shop, json, raw);
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof Misread;
    throw unreadable ? rejected(`the webhook cannot be read: ${error.message}`) : error;
  }
}

function decoded(body) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw rejected('the webhook cannot be read: it is no text');
  }
}

function events(shop, json, raw) {
  const kind = text(json, 'type');
  if (kind === 'OrderCreate' || kind === 'OrderStatusUpdate') return order(shop, json, raw);
  if (kind !== undefined && INVOICE.test(kind)) return [];
  return hinted(shop, json, kind);
}

function order({ settings }, json, raw) {
  if (flag(json, 'payloadTooLarge') === true) {
    throw rejected('the webhook was too large for GoHighLevel and is cut off: read the object from the API');
  }
  const order = readOrder(json);
  if (!ours(settings, text(json, 'locationId'))) return [];
  const event = orderEvent(order);
  const webhookId = text(json, 'webhookId');
  const at = instant(json, 'timestamp') ?? order.updatedAt;
  const id = webhookId === undefined ? event.id : `order ${order.id} ${webhookId}`;
  return [{ ...event, id, occurredAt: at === undefined ? undefined : BigInt(at), raw }];
}

/** A transaction comes first: it names its order, and an order does not name the payment that was made just now. */
function hinted({ ghl, settings }, json, kind) {
  const transactionId = first(json, TRANSACTION_PLACES);
  const orderId = first(json, ORDER_PLACES);
  if (transactionId === undefined && orderId === undefined) {
    if (kind !== undefined) return [];
    throw new Misread('it has neither a `type` nor the id of an order or a transaction, so what happened is unknown');
  }
  if (!ours(settings, first(json, LOCATION_PLACES))) return [];
  if (transactionId !== undefined) {
    const transaction = ghl.transaction(transactionId);
    return transaction ? [transactionEvent(transaction)] : [];
  }
  const found = ghl.order(orderId);
  return found ? [orderEvent(found.order)] : [];
}

/** A marketplace app has one address for the webhooks of all locations that installed it. */
const ours = (settings, location) => location === undefined || location === settings.locationId;

/** A workflow variable that has no value is sent as it is written, `{{order.id}}`, and is no id. */
function first(json, places) {
  const found = places.map((place) => at(json, place.split('.')));
  return found.find((id) => id !== undefined && /^[A-Za-z0-9_-]{1,100}$/.test(id));
}

function at(json, [name, ...rest]) {
  if (!isObject(json) || !Object.hasOwn(json, name)) return undefined;
  if (rest.length) return at(json[name], rest);
  return isObject(json[name]) || Array.isArray(json[name]) ? undefined : text(json, name);
}
