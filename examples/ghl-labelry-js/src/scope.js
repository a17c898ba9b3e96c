//! What rules see of an order. Every documented member is there; what is not known is null.

import { ZERO } from './decimal.js';
import { described, oneLine } from './order.js';
import { isCaptured } from './transaction.js';

/**
 * What was paid for `order` by those of `transactions` that are of its mode and its currency. What was given back counts as
 * paid, or the customer would be asked to pay a refund.
 */
export function paid(order, transactions) {
  const ours = transactions.filter(
    ({ live, amount }) => live === order.live && amount.currency === order.total.currency,
  );
  return ours.filter(isCaptured).reduce((sum, { amount }) => sum.plus(amount.amount), ZERO);
}

/** The scope of `order`, with GoHighLevel's own JSON of it and the transactions that pay for it. */
export function scopeOf(order, raw, transactions) {
  const captured = paid(order, transactions);
  const due = order.total.amount.minus(captured);
  return {
    order: {
      id: order.id,
      number: order.id,
      status: described(order.status),
      total: order.total.amount,
      paid: captured,
      due: due.compare(ZERO) < 0 ? ZERO : due,
      currency: order.total.currency,
      physical: order.lines.some(isPhysical),
      lines: order.lines.map(line),
      customer: customer(order.customer),
      address: address(order.customer?.address),
      note: null,
      live: order.live,
      created_on: order.createdAt === undefined ? null : new Date(order.createdAt).toISOString().slice(0, 10),
    },
    raw,
  };
}

/** What the source does not speak of is taken for goods. */
const isPhysical = ({ physical, quantity }) => physical !== false && quantity.compare(ZERO) > 0;

const line = (line) => ({
  id: line.id,
  sku: line.sku ?? null,
  name: line.name,
  quantity: line.quantity,
  unit_price: line.unitPrice?.amount ?? null,
  physical: isPhysical(line),
});

const customer = (party) => ({
  id: party?.id ?? null,
  name: party?.name ?? null,
  email: party?.email ?? null,
  phone: party?.phone ?? null,
});

const address = (address) => ({
  street: address?.lines.join(', ') ?? null,
  city: address?.city ?? null,
  region: address?.region ?? null,
  postal_code: address?.postalCode ?? null,
  country: address?.country ?? null,
  line: address ? oneLine(address) : null,
});
