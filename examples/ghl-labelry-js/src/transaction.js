//! Transactions, from GoHighLevel's JSON to the contract's records. They have one shape in a list and another alone; this reads
//! both.

import { ZERO } from './decimal.js';
import { currency, flag, instant, isObject, Misread, number, object, text } from './json.js';
import { money, needed, readContact, status } from './order.js';

const STATUSES = {
  pending: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  refunded: 'refunded',
  partially_refunded: 'partially-refunded',
  disputed: 'disputed',
};
/** Statuses of money that arrived, even if it left again. */
const CAPTURED = ['succeeded', 'refunded', 'partially-refunded'];
/** What GoHighLevel calls payments that were taken elsewhere and recorded by hand. */
const RECORDED = ['cash', 'cheque', 'check', 'bank_transfer', 'other', 'manual', 'offline', 'manual_payment'];

/** A transaction. Money is not guessed: throws a {@link Misread} where an id, a status, an amount or a currency is missing. */
export function readTransaction(json) {
  if (!isObject(json)) throw new Misread('a transaction is needed');
  const id = needed(json, '_id', text, 'transaction');
  const of = `transaction ${id}`;
  const code = needed(json, 'currency', currency, of);
  const amount = needed(json, 'amount', number, of);
  const refunded = money(json, 'amountRefunded', code);
  if (amount.compare(ZERO) < 0) throw new Misread(`${of}: amount is below zero`);
  if (refunded && refunded.amount.compare(ZERO) < 0) throw new Misread(`${of}: amountRefunded is below zero`);
  const customer = readContact(object(json, 'contactSnapshot'), text(json, 'contactId'));
  customer.name ??= text(json, 'contactName');
  customer.email ??= text(json, 'contactEmail');
  return {
    id,
    amount: { amount, currency: code },
    refunded,
    status: status(needed(json, 'status', text, of), STATUSES),
    settles: settled(json),
    customer: Object.values(customer).some((value) => value !== undefined) ? customer : undefined,
    method: method(json),
    chargeId: text(json, 'chargeId'),
    live: flag(json, 'liveMode') ?? true,
    createdAt: instant(json, 'createdAt'),
    updatedAt: instant(json, 'updatedAt'),
  };
}

/** All that it pays for. Money for an order that an invoice billed is money for that invoice. */
function settled(json) {
  const entity = asEntity(text(json, 'entityType') ?? 'unknown', text(json, 'entityId'));
  const alone = json.entitySource == null ? undefined : object(json, 'entitySource');
  const kind = alone ? text(alone, 'type') : text(json, 'entitySourceType');
  const source = alone ? text(alone, 'id') : text(json, 'entitySourceId');
  const invoice = kind?.toLowerCase() === 'invoice' ? asEntity('invoice', source) : undefined;
  const isNew = invoice && !(entity?.tag === 'invoice' && entity.val === invoice.val);
  const subscription = asEntity('subscription', text(json, 'subscriptionId'));
  return [entity, isNew ? invoice : undefined, subscription].filter(Boolean);
}

function asEntity(kind, id) {
  if (id === undefined) return undefined;
  const tag = kind.toLowerCase();
  return ['order', 'invoice', 'subscription'].includes(tag) ? { tag, val: id } : { tag: 'other', val: `${kind}:${id}` };
}

/** How it was paid: by hand if the provider says so, else `card` of `{"card": {…}}` or `cash` of `{"type": "cash"}`. */
function method(json) {
  const provider = text(object(json, 'paymentProvider'), 'type') ?? text(json, 'paymentProviderType');
  if (provider && RECORDED.includes(provider.toLowerCase())) return provider;
  const way = isObject(json.paymentMethod) ? json.paymentMethod : {};
  const kind = isObject(way.type) || Array.isArray(way.type) ? undefined : text(way, 'type');
  return kind ?? Object.keys(way).filter((name) => name !== 'type').sort()[0] ?? provider;
}

/** The id of the `tag` that it settles. */
const settles = (tag) => (transaction) => transaction.settles.find((entity) => entity.tag === tag)?.val;
export const orderId = settles('order');
export const subscriptionId = settles('subscription');

/** Whether the money arrived, even if it left again. */
export const isCaptured = (transaction) => CAPTURED.includes(transaction.status.tag);
