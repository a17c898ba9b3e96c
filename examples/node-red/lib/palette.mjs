/**
 * @file What the editor needs of a connector to draw its forms. All of it comes from the manifest.
 */

import { stat } from 'node:fs/promises';

import { load } from 'transload';

import { fields, valuesOf } from './settings.mjs';

/** Connectors whose manifests are remembered, so that opening a form twice does not load twice. */
const REMEMBERED_MAX = 16;

/** @type {Map<string, object>} */
const remembered = new Map();

/**
 * Describes the connector in a file.
 * @param {string} module
 */
export async function palette(module) {
  const { mtimeMs, size } = await stat(module);
  const key = `${module} ${mtimeMs} ${size}`;
  const known = remembered.get(key);
  if (known) return known;
  const connector = await load(module, { parallel: 1 });
  await connector.close();
  const drawn = draw(connector.manifest);
  remembered.set(key, drawn);
  if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value);
  return drawn;
}

/** @param {any} manifest */
export function draw(manifest) {
  const schema = JSON.parse(manifest.settingsSchema);
  const { name, title, summary, version } = manifest;
  return {
    name,
    title,
    summary,
    version,
    fields: fields(schema),
    templates: manifest.templates.map((template) => ({
      title: template.title,
      values: valuesOf(schema, JSON.parse(template.settings)),
    })),
    apis: manifest.apis.map(apiOf),
    triggers: manifest.triggers.map((trigger) => ({
      name: trigger.name,
      title: trigger.title,
      // A number of milliseconds as it stands in a form.
      seconds: trigger.origin.tag === 'poll' ? Number(trigger.origin.val) / 1_000 : undefined,
      webhook: trigger.origin.tag === 'webhook' ? trigger.origin.val : undefined,
      sample: trigger.sample,
      schema: trigger.outputSchema,
    })),
    actions: manifest.actions.map((action) => ({
      name: action.name,
      title: action.title,
      isWrite: action.access === 'write',
      sample: action.sample,
      schema: action.inputSchema,
    })),
  };
}

function apiOf(api) {
  const scopes = new Map();
  for (const { scope, access } of api.endpoints) scopes.set(scope, scopes.get(scope) || access === 'write');
  return {
    name: api.name,
    title: api.title,
    baseUrl: api.baseUrl,
    needsCredential: api.credential.tag !== 'none',
    hasWebhook: api.webhook !== undefined,
    scopes: [...scopes].map(([scope, isWrite]) => ({ scope, isWrite })),
  };
}
