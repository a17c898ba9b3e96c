/**
 * @file Settings as a form has them: one text for each field, by its JSON Pointer (RFC 6901). Texts, because a number that a form
 * or a flow file holds may be an amount, and must reach the connector as it was typed.
 */

const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/**
 * @typedef {object} Field what a form shows of one setting
 * @property {string} pointer
 * @property {string} title
 * @property {string} description
 * @property {'text' | 'number' | 'switch' | 'choice' | 'json'} kind
 * @property {string[]} [choices]
 * @property {string} hint the default, or an example
 * @property {boolean} isRequired
 * @property {string} group the title of the object that it belongs to; empty at the top
 */

const isGroup = (/** @type {any} */ schema) => schema.type === 'object' && schema.properties !== undefined;

const below = (/** @type {string} */ pointer, /** @type {string} */ name) =>
  `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** @param {any} schema */
function kindOf({ type, enum: choices }) {
  if (choices) return 'choice';
  return { string: 'text', integer: 'number', number: 'number', boolean: 'switch' }[type] ?? 'json';
}

const textOf = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * The fields of a settings schema, in its order.
 * @param {any} schema
 * @returns {Field[]}
 */
export function fields(schema, pointer = '', group = '', isWithin = true) {
  const members = Object.entries(schema.properties ?? {});
  return members.flatMap(([name, member]) => {
    const isRequired = isWithin && (schema.required?.includes(name) ?? false);
    if (isGroup(member)) return fields(member, below(pointer, name), member.title ?? name, isRequired);
    const hint = member.default ?? member.examples?.[0];
    return {
      pointer: below(pointer, name),
      title: member.title ?? name,
      description: member.description ?? '',
      kind: kindOf(member),
      choices: member.enum,
      hint: hint === undefined ? '' : textOf(hint),
      isRequired,
      group,
    };
  });
}

/**
 * Settings as JSON, numbers as they were typed. What is empty is left out.
 * @param {any} schema
 * @param {Record<string, string>} values by JSON Pointer
 * @throws if a value is not of its kind, or belongs to no field
 */
export function settingsText(schema, values) {
  const known = new Set(fields(schema).map(({ pointer }) => pointer));
  const unknown = Object.keys(values).find((pointer) => !known.has(pointer));
  if (unknown) throw new Error(`the connector has no setting ${unknown}`);
  return objectText(schema, '', values) ?? '{}';
}

function objectText(schema, pointer, values) {
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const at = below(pointer, name);
    const text = isGroup(member) ? objectText(member, at, values) : valueText(member, at, values[at]);
    return text && `${JSON.stringify(name)}:${text}`;
  });
  const present = members.filter(Boolean);
  return present.length > 0 ? `{${present.join(',')}}` : undefined;
}

function valueText(schema, pointer, value) {
  if (value === undefined || value === '') return undefined;
  switch (kindOf(schema)) {
    case 'number':
      if (!NUMBER.test(value)) throw new Error(`the setting ${pointer} is ${JSON.stringify(value)}: write a number`);
      return value;
    case 'switch':
      if (value !== 'true' && value !== 'false') throw new Error(`the setting ${pointer} is neither true nor false`);
      return value;
    case 'json':
      checkJson(pointer, value);
      return value;
    default:
      return JSON.stringify(value);
  }
}

function checkJson(pointer, value) {
  try {
    JSON.parse(value);
  } catch (error) {
    throw new Error(`the setting ${pointer} is not JSON: ${error.message}`);
  }
}

/**
 * The values that ready-made settings put into the form.
 * @param {any} schema
 * @param {unknown} settings
 * @returns {Record<string, string>}
 */
export function valuesOf(schema, settings, pointer = '') {
  const members = Object.entries(schema.properties ?? {}).filter(([name]) => Object.hasOwn(settings, name));
  const values = members.map(([name, member]) => {
    const at = below(pointer, name);
    return isGroup(member) ? valuesOf(member, settings[name], at) : { [at]: textOf(settings[name]) };
  });
  return Object.assign({}, ...values);
}
