//! The connection's settings: their schema, and what they say.

import { Decimal } from './decimal.js';
import { needsAttention } from './failure.js';
import { isObject, parse } from './json.js';

/** Their JSON Schema, of which platforms draw a form. */
export const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: '{{name}}',
  type: 'object',
  additionalProperties: false,
  required: ['location_id'],
  properties: {
    location_id: {
      type: 'string',
      minLength: 1,
      title: 'Location',
      description: 'The id of the GoHighLevel location (sub-account) that the connection is for.',
      examples: ['Z4Bxl8J4SaPEPLq9IQ8g'],
    },
    text: {
      type: 'string',
      minLength: 1,
      title: 'Text of the note',
      description: '{order} stands for the order, {total} for its amount and currency.',
      default: 'New order {order}: {total}',
    },
    minimum_total: {
      type: 'string',
      pattern: '^[0-9]+(\\.[0-9]+)?$',
      title: 'Smallest total',
      description: 'Orders below it get no note. A text, so that its digits stay as they are.',
      default: '0',
    },
  },
};

/** Reads the settings, with the schema's defaults. Fails with `needs-attention` that names what is wrong. */
export function readSettings(text) {
  const given = parse(text);
  const { properties } = SCHEMA;
  if (!isObject(given)) throw needsAttention('the settings are no JSON object');
  const of = (name) => {
    const value = given[name] ?? properties[name].default;
    if (typeof value === 'string' && value !== '') return value;
    throw needsAttention(`the setting \`${name}\` is no text`);
  };
  const minimumTotal = Decimal.parse(of('minimum_total'));
  if (!minimumTotal) throw needsAttention('the setting `minimum_total` is no number');
  return { locationId: of('location_id'), text: of('text'), minimumTotal };
}
