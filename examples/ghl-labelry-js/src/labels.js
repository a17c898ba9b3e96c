//! An order gets its label. It may run twice, or after a crash, so it reads what it acts on again, looks before it writes, and
//! leaves alone what is there.

import { granted, rejected } from './failure.js';
import { isDeliverable, oneLine } from './order.js';
import { holds } from './rules.js';
import { scopeOf } from './scope.js';
import { accepts } from './settings.js';
import { subscriptionId } from './transaction.js';

/** Nothing was to be done, and why. */
export const skipped = (reason) => ({ tag: 'skipped', val: reason });

/**
 * Makes a label for the order if `label_when` holds and there is none, and notes it on the contact.
 *
 * @param {{ ghl: object, labelry: object, settings: object }} shop
 * @param {string} orderId
 * @returns {object} the contract's receipt
 */
export function make({ ghl, labelry, settings }, orderId) {
  const found = ghl.order(orderId);
  if (!found) return skipped(`GoHighLevel has no order ${orderId}`);
  const { order, raw } = found;
  if (!accepts(settings.mode, order.live)) {
    const kind = order.live ? 'a live' : 'a test';
    return skipped(`${orderId} is ${kind} order, and the setting \`mode\` leaves those out`);
  }
  const scope = scopeOf(order, raw, payments(ghl, order));
  if (!holds('label_when', settings.labelWhen, scope)) {
    return skipped(`the setting \`label_when\` leaves order ${orderId} out`);
  }
  const there = labelry.find(orderId);
  if (!there && !settings.writes) return skipped('the setting `writes` is off');
  const label = there ?? labelry.create(wanted(order));
  const said = label.url ? `Address label ${label.id}: ${label.url}` : `Address label ${label.id}`;
  const made = {
    verb: there ? 'verified' : 'created',
    system: 'labelry',
    kind: 'label',
    id: label.id,
    summary: said,
    link: label.url,
  };
  const noted = settings.writes ? note(ghl, order.customer?.id, `label ${orderId}`, said) : undefined;
  return { tag: 'done', val: { effects: [made, noted].filter(Boolean), followUps: [], alerts: [] } };
}

/**
 * The transactions that pay for the order itself: those that name it, and those of the invoice that bills it. GoHighLevel lists
 * the charges of a subscription's later periods beside them, which are those of a later day.
 */
function payments(ghl, order) {
  const named = ghl.transactionsOf(order.id);
  const billed = order.billedBy === undefined ? [] : ghl.transactionsOf(order.billedBy);
  const all = [...named, ...billed.filter(({ id }) => named.every((known) => known.id !== id))];
  const day = (millis) => Math.floor(millis / 86_400_000);
  const renews = ({ createdAt }) => day(createdAt) > day(order.createdAt);
  return all.filter((transaction) => subscriptionId(transaction) === undefined || !renews(transaction));
}

function wanted({ id, customer }) {
  const { name, address } = customer ?? {};
  if (!name || !address || !isDeliverable(address)) {
    throw rejected(`order ${id} has no name or no address to print; add it, then retry`);
  }
  return { reference: id, name, address: oneLine(address) };
}

/**
 * Writes a note on the contact unless one with the same mark is there, or the operator left the permissions for it out. Answers
 * the effect, if there is one. GoHighLevel takes no idempotency key, so each note ends in a line of its own that says which one
 * it is, and that line is looked for before writing.
 */
function note(ghl, contactId, name, said) {
  const notes = contactId && granted(() => ghl.notes(contactId));
  if (!notes) return undefined;
  const effect = { system: 'ghl', kind: 'note' };
  const mark = `[transload ${name}]`;
  const there = notes.find(({ body }) => body.includes(mark));
  if (there) return { ...effect, verb: 'verified', id: there.id, summary: 'the note was already there' };
  const id = granted(() => ghl.createNote(contactId, `${said}\n${mark}`));
  return id && { ...effect, verb: 'noted', id, summary: said };
}
