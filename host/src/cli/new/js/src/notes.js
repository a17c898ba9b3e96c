//! An order gets a note on its contact, once.

import { ApiError, rejected } from './failure.js';
import { LIST_NOTES, LIST_ORDERS, readOrder } from './ghl.js';
import { isObject, Misread, parse, text } from './json.js';

/** A contact that there is not, to be asked for. */
const NOBODY = 'transload-check';

/** Nothing was to be done, and why. */
export const skipped = (reason) => ({ tag: 'skipped', val: reason });

/** Reads a webhook: an order that was placed is an event. Fails with `rejected` for what is none of GoHighLevel's. */
export function receive({ settings }, body) {
  return understood('the webhook', () => {
    const json = parse(body);
    if (!isObject(json)) throw new Misread('an object is needed');
    const [type, location] = [text(json, 'type'), text(json, 'locationId')];
    if (type !== 'OrderCreate' || location !== settings.locationId) return [];
    const order = readOrder(json);
    const id = `order ${order.id} ${text(json, 'webhookId') ?? ''}`;
    const occurredAt = order.updatedAt ?? order.createdAt;
    return [{ id, source: 'ghl', subject: order.id, occurredAt, raw: body, change: { tag: 'order', val: order } }];
  });
}

/**
 * Notes the order on its contact. It may run twice, or after a crash, so it reads the order again, and looks for its note before
 * it writes one: the last line of a note says which one it is.
 */
export function onOrder({ ghl, settings }, orderId) {
  const order = ghl.order(orderId);
  if (!order) return skipped(`GoHighLevel has no order ${orderId}`);
  const { amount, currency } = order.total;
  if (amount.compare(settings.minimumTotal) < 0) return skipped(`order ${orderId} is below \`minimum_total\``);
  const contactId = order.customer?.id;
  if (!contactId) return skipped(`order ${orderId} has no contact`);

  const words = { order: orderId, total: `${amount} ${currency}` };
  const said = settings.text.replace(/\{(order|total)\}/g, (_, name) => words[name]);
  const mark = `[{{name}} ${orderId}]`;
  const there = ghl.notes(contactId).find(({ body }) => body.includes(mark));
  if (there) return done({ verb: 'verified', id: there.id, summary: 'the note was already there' });
  return done({ verb: 'noted', id: ghl.createNote(contactId, `${said}\n${mark}`), summary: said });
}

const done = (effect) => ({
  tag: 'done',
  val: { effects: [{ ...effect, system: 'ghl', kind: 'note' }], followUps: [], alerts: [] },
});

/** The action: the same for an order that a person or a platform names. Answers JSON. */
export function noteOrder(shop, input) {
  const orderId = understood('the input', () => {
    const json = parse(input);
    const id = isObject(json) ? text(json, 'order_id') : undefined;
    if (id === undefined) throw new Misread('order_id is missing');
    return id;
  });
  const { tag, val } = onOrder(shop, orderId);
  return JSON.stringify({ done: tag === 'done', message: tag === 'done' ? val.effects[0].summary : val });
}

/** One harmless read for each permission that has one. */
export function check({ ghl }) {
  const orders = probe(LIST_ORDERS, () => `${ghl.count()} orders`);
  const notes = probe(LIST_NOTES, () => {
    try {
      ghl.notes(NOBODY);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    return 'notes can be read';
  });
  return [orders, notes];
}

function probe({ scope }, look) {
  try {
    return { api: 'ghl', scope, ok: true, message: look() };
  } catch (error) {
    if (error instanceof ApiError) return { api: 'ghl', scope, ok: false, message: error.message };
    throw error;
  }
}

/** What `read` gives; what it cannot read can never be handled. */
function understood(what, read) {
  try {
    return read();
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof Misread;
    throw unreadable ? rejected(`${what} cannot be read: ${error.message}`) : error;
  }
}
