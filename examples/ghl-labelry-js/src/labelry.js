//! Labelry, a vendor that does not exist and prints address labels: what the manifest says of it, and a client.

import { create, read, request } from './api.js';
import { isObject, list, Misread, parse, text } from './json.js';

export const FIND_LABELS = read('/labels', 'labels.read');
/** References are not unique, so a lost answer is followed by a look at {@link FIND_LABELS}. */
export const CREATE_LABEL = create('/labels', 'labels.write');

/** The API, as the manifest has it. */
export const API = {
  name: 'labelry',
  title: 'Labelry',
  baseUrl: 'https://api.labelry.example',
  credential: { tag: 'header', val: 'x-labelry-key' },
  endpoints: [FIND_LABELS, CREATE_LABEL],
  rates: [],
};

const CALLS = { baseUrl: API.baseUrl, headers: [], refusal };

/**
 * A client that sends through `send`.
 *
 * A label is `{ id, url }`; `url`, where it can be printed, may be undefined.
 */
export const labelry = (send) => ({
  /** The first label with this reference; undefined if there is none. */
  find: (reference) =>
    request(send, CALLS, FIND_LABELS, {
      query: [['reference', reference]],
      as: (json) => {
        if (json.labels === undefined) throw new Misread('labels: a list is needed');
        return list(json, 'labels').map(label)[0];
      },
    }),

  /** Makes a label. Labelry would make a second one with the same reference, so look first. */
  create: ({ reference, name, address }) =>
    request(send, CALLS, CREATE_LABEL, { body: { reference, name, address }, as: label }),
});

function label(json) {
  const id = text(json, 'id');
  if (id === undefined) throw new Misread("a label's id is missing");
  return { id, url: text(json, 'url') };
}

/** What Labelry says in an answer that is no success. */
function refusal({ body }) {
  try {
    const json = parse(body);
    return isObject(json) ? { message: text(json, 'error') } : {};
  } catch {
    return {};
  }
}
