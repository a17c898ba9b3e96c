//! GoHighLevel → Labelry: an order that is to be sent gets an address label, once, and the contact a note with its link. The
//! exports of the contract; what they throw as a `Failure`, the host gets as a failure.

import { get } from 'transload:connector/settings@0.1.0';
import { check } from './check.js';
import { rejected } from './failure.js';
import { ghl } from './ghl.js';
import { send } from './http.js';
import { receive } from './intake.js';
import { make, skipped } from './labels.js';
import { labelry } from './labelry.js';
import { backfill, poll } from './listing.js';
import { MANIFEST } from './manifest.js';
import { readSettings } from './settings.js';
import { orderId } from './transaction.js';

/** The vendors and settings of this call. */
function shop() {
  const settings = readSettings(get());
  return { settings, ghl: ghl(send, settings), labelry: labelry(send), now: Date.now() };
}

const unused = (kind) => () => skipped(`this connector has no use for ${kind}`);

export const manifest = { describe: () => MANIFEST };

export const intake = {
  receive: ({ body }) => receive(shop(), body),
  poll: (trigger, cursor) => poll(shop(), trigger, cursor),
  backfill: (trigger, window, cursor) => backfill(shop(), trigger, window, cursor),
};

export const events = {
  onOrder: (_, order) => make(shop(), order.id),
  onTransaction(_, transaction) {
    const id = orderId(transaction);
    return id === undefined ? skipped(`transaction ${transaction.id} pays for no order`) : make(shop(), id);
  },
  onFulfillment: unused('fulfilments'),
  onSubscription: unused('subscriptions'),
  onInvoice: unused('invoices'),
};

export const actions = {
  run(name) {
    throw rejected(`no action is called "${name}"`);
  },
  check: () => check(shop()),
};

export const reconciliation = {
  reconcile() {
    throw rejected('this connector compares nothing');
  },
};
