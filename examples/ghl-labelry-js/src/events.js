//! GoHighLevel's objects as events. The ids of a webhook's event, a poll's and a history's are the same for the same state of
//! an object, so that the host takes it once.

import { described } from './order.js';
import { orderId } from './transaction.js';

const time = (millis) => (millis === undefined ? undefined : BigInt(millis));

/** The event of an order as it stands: a new one whenever its status or anything else of it changes. */
export function orderEvent(order) {
  return {
    id: `order ${order.id} ${described(order.status)} ${order.updatedAt ?? ''}`,
    source: 'ghl',
    subject: order.id,
    occurredAt: time(order.updatedAt ?? order.createdAt),
    change: { tag: 'order', val: dated(order) },
  };
}

/** The event of a transaction as it stands: a new one whenever its status or what was given back changes. */
export function transactionEvent(transaction) {
  return {
    id: `transaction ${transaction.id} ${described(transaction.status)} ${transaction.refunded?.amount.normalized() ?? ''}`,
    source: 'ghl',
    subject: orderId(transaction) ?? transaction.id,
    occurredAt: time(transaction.updatedAt ?? transaction.createdAt),
    change: { tag: 'transaction', val: dated(transaction) },
  };
}

/** The record with its times as the contract has them. */
const dated = (record) => ({ ...record, createdAt: time(record.createdAt), updatedAt: time(record.updatedAt) });
