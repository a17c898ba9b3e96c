//! The manifest: what this connector is, needs and offers.

import { API as GHL } from './ghl.js';
import { API as LABELRY } from './labelry.js';
import { ORDER, ORDER_SAMPLE, TRANSACTION, TRANSACTION_SAMPLE } from './schemas.js';
import { schema } from './settings.js';

/** How often GoHighLevel is asked for what no webhook tells: 288 times a day each, of the 200,000 that it allows. */
const POLL = { tag: 'poll', val: 5n * 60n * 1000n };

const TITLE = 'GoHighLevel → Labelry';

/** What every trigger of orders has. */
const ORDERS = {
  yields: 'order',
  history: false,
  outputSchema: JSON.stringify(ORDER),
  sample: JSON.stringify(ORDER_SAMPLE),
};

/** The manifest, as the contract has it. */
export const MANIFEST = {
  name: 'ghl-labelry',
  version: '0.1.0',
  title: TITLE,
  summary: 'Makes an address label for each order that is to be sent.',
  apis: [GHL, LABELRY],
  triggers: [
    { ...ORDERS, name: 'orders', title: 'An order was placed or changed', origin: { tag: 'webhook', val: 'ghl' } },
    { ...ORDERS, name: 'order-list', title: 'The same, without webhooks', origin: POLL, history: true },
    {
      name: 'transactions',
      title: 'A payment was made',
      origin: POLL,
      yields: 'transaction',
      history: false,
      outputSchema: JSON.stringify(TRANSACTION),
      sample: JSON.stringify(TRANSACTION_SAMPLE),
    },
  ],
  actions: [],
  settingsSchema: JSON.stringify(schema(TITLE)),
  templates: [],
};
