//! The manifest: what this connector is, needs and offers.

import { API } from './ghl.js';
import { SCHEMA } from './settings.js';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** An order, for platforms that show or map one. Amounts are texts: a reader's numbers may be floats. */
const ORDER = {
  $schema: DRAFT,
  title: 'Order',
  type: 'object',
  required: ['id', 'status', 'total'],
  properties: {
    id: { type: 'string' },
    status: { type: 'string' },
    total: {
      type: 'object',
      required: ['amount', 'currency'],
      properties: { amount: { type: 'string' }, currency: { type: 'string' } },
    },
  },
};
const ORDER_SAMPLE = { id: '660ed43bfdf9fc05a0de7a40', status: 'pending', total: { amount: '150.1', currency: 'USD' } };

const INPUT = {
  $schema: DRAFT,
  title: 'The order to note',
  type: 'object',
  additionalProperties: false,
  required: ['order_id'],
  properties: { order_id: { type: 'string', minLength: 1, title: 'Order', description: "GoHighLevel's id of it" } },
};
const OUTPUT = {
  $schema: DRAFT,
  title: 'What was done',
  type: 'object',
  required: ['done', 'message'],
  properties: { done: { type: 'boolean' }, message: { type: 'string', description: 'What the note says, or why there is none' } },
};

/** The manifest, as the contract has it. */
export const MANIFEST = {
  name: '{{name}}',
  version: '0.1.0',
  title: '{{name}}',
  summary: 'Notes each new order on its contact in GoHighLevel.',
  apis: [API],
  triggers: [
    {
      name: 'orders',
      title: 'An order was placed',
      origin: { tag: 'webhook', val: 'ghl' },
      yields: 'order',
      history: false,
      outputSchema: JSON.stringify(ORDER),
      sample: JSON.stringify(ORDER_SAMPLE),
    },
  ],
  actions: [
    {
      name: 'note-order',
      title: 'Note an order on its contact',
      access: 'write',
      subject: '/order_id',
      inputSchema: JSON.stringify(INPUT),
      outputSchema: JSON.stringify(OUTPUT),
      sample: JSON.stringify({ order_id: ORDER_SAMPLE.id }),
    },
  ],
  settingsSchema: JSON.stringify(SCHEMA),
  templates: [],
};
