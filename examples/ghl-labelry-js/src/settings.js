//! The connection's settings: their schema, and what they say.

import { Decimal } from './decimal.js';
import { needsAttention } from './failure.js';
import { isObject, parse } from './json.js';
import { GRAMMAR } from './rules.js';

/** A JSON Schema of each, in the words of the settings. */
const PROPERTIES = {
  location_id: {
    type: 'string',
    minLength: 1,
    title: 'Location',
    description: 'The id of the GoHighLevel location (sub-account) that the connection is for.',
    examples: ['Z4Bxl8J4SaPEPLq9IQ8g'],
  },
  ghl_version: {
    type: 'string',
    title: 'GoHighLevel API version',
    description: 'The value of the Version header. GoHighLevel serves several versions at once.',
    default: '2021-07-28',
    examples: ['2021-07-28', 'v3'],
  },
  mode: {
    type: 'string',
    enum: ['live', 'test', 'all'],
    title: 'Mode',
    description: 'Which orders and payments to act on: GoHighLevel mixes those of its test mode in with the real ones.',
    default: 'live',
  },
  writes: {
    type: 'boolean',
    title: 'Write to the vendors',
    description: 'If not, the connection only watches, and makes no writing call.',
    default: true,
  },
  notify_customer: {
    type: 'boolean',
    title: 'GoHighLevel tells the customer',
    description: 'Whether GoHighLevel tells the customer of each fulfilment; this connector writes none.',
    default: false,
  },
  refund_days: {
    type: 'integer',
    minimum: 2,
    maximum: 365,
    title: 'Watch for refunds (days)',
    description: 'For how many days after a payment its refunds are noticed.',
    default: 30,
  },
  order_days: {
    type: 'integer',
    minimum: 2,
    maximum: 365,
    title: 'Watch for changes of orders (days)',
    description: 'For how many days after an order was placed its changes are noticed without a webhook.',
    default: 30,
  },
  label_when: {
    type: 'string',
    title: 'Label when',
    description: 'A rule: which orders get a label. `mode` holds beside it.',
    default: 'order.physical and order.due == 0 and order.status != "cancelled"',
    examples: ['order.physical and order.total >= 10'],
  },
};

/** The schema of the settings of the connector `title`. */
export const schema = (title) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title,
  description: GRAMMAR,
  type: 'object',
  additionalProperties: false,
  required: ['location_id'],
  properties: PROPERTIES,
});

/** Reads the settings, with the schema's defaults. Fails with `needs-attention` that names what is wrong. */
export function readSettings(text) {
  const given = parse(text);
  if (!isObject(given)) throw needsAttention('the settings are no JSON object');
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(PROPERTIES, name));
  if (unknown !== undefined) throw needsAttention(`there is no setting \`${unknown}\``);
  const of = (name) => checked(name, given[name] ?? PROPERTIES[name].default);
  return {
    locationId: of('location_id'),
    ghlVersion: of('ghl_version'),
    mode: of('mode'),
    writes: of('writes'),
    refundDays: of('refund_days'),
    orderDays: of('order_days'),
    labelWhen: of('label_when'),
  };
}

function checked(name, value) {
  const { type, enum: words } = PROPERTIES[name];
  const days = type === 'integer' ? Number(value instanceof Decimal ? value.toString() : value) : value;
  const fits = type === 'integer' ? Number.isSafeInteger(days) && days >= 0 : typeof value === type;
  if (!fits || (words && !words.includes(value))) {
    throw needsAttention(`the setting \`${name}\` is not ${words ? `one of ${words.join(', ')}` : `a ${type}`}`);
  }
  return days;
}

/** Whether an object of GoHighLevel's live or test mode is to be acted on. */
export const accepts = (mode, live) => mode === 'all' || (mode === 'live') === live;
