//! The exports of the contract (`wit/`). What they throw as a `Failure`, the host gets as a failure.

import { get } from 'transload:connector/settings@0.1.0';
import { rejected } from './failure.js';
import { ghl } from './ghl.js';
import { send } from './http.js';
import { MANIFEST } from './manifest.js';
import { check, noteOrder, onOrder, receive, skipped } from './notes.js';
import { readSettings } from './settings.js';

/** The vendor and the settings of this call. */
function shop() {
  const settings = readSettings(get());
  return { settings, ghl: ghl(send, settings.locationId) };
}

const unused = (kind) => () => skipped(`this connector has no use for ${kind}`);

export const manifest = { describe: () => MANIFEST };

export const intake = {
  receive: ({ body }) => receive(shop(), new TextDecoder().decode(body)),
  poll(trigger) {
    throw rejected(`no trigger called "${trigger}" is polled`);
  },
  backfill(trigger) {
    throw rejected(`trigger "${trigger}" has no history`);
  },
};

export const events = {
  onOrder: (_, order) => onOrder(shop(), order.id),
  onFulfillment: unused('fulfilments'),
  onTransaction: unused('transactions'),
  onSubscription: unused('subscriptions'),
  onInvoice: unused('invoices'),
};

export const actions = {
  run(name, input) {
    if (name !== 'note-order') throw rejected(`no action is called "${name}"`);
    return noteOrder(shop(), input);
  },
  check: () => check(shop()),
};

export const reconciliation = {
  reconcile() {
    throw rejected('this connector compares nothing');
  },
};
