//! Whether all can be used: one harmless read for each permission that has one, and the rule tried.

import { ApiError, Failure } from './failure.js';
import { LIST_ORDERS, LIST_TRANSACTIONS } from './ghl.js';
import { FIND_LABELS } from './labelry.js';
import { readOrder } from './order.js';
import { holds } from './rules.js';
import { SAMPLE_ORDER } from './schemas.js';
import { scopeOf } from './scope.js';
import { parse } from './json.js';

/** A reference that no label has, to be asked for. */
const NOBODY = 'transload-check';
const ONE = { limit: 1, offset: 0 };

/** What became of each probe. */
export function check({ ghl, labelry, settings }) {
  let newest;
  const orders = probe('ghl', LIST_ORDERS, () => {
    const { rows, total } = ghl.orders(ONE);
    newest = rows[0]?.id;
    return `${total} orders`;
  });
  const transactions = probe('ghl', LIST_TRANSACTIONS, () => `${ghl.transactions(ONE).total} transactions`);
  const labels = probe('labelry', FIND_LABELS, () => {
    labelry.find(NOBODY);
    return 'labels can be read';
  });
  return [orders, transactions, labels, rule(ghl, settings, newest)];
}

function probe(api, { scope }, look) {
  try {
    return { api, scope, ok: true, message: look() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { api, scope, ok: false, message: error.message + advice(error.status) };
  }
}

function advice(status) {
  if (status === 401 || status === 403) return '; check the credential and the permissions it was given';
  return [400, 404, 422].includes(status) ? '; check the setting `location_id`' : '';
}

/** The rule, tried on an order that there is; on a made-up one, if there is none yet. */
function rule(ghl, settings, newest) {
  const found = newest === undefined ? undefined : order(ghl, newest);
  const raw = found?.raw ?? parse(SAMPLE_ORDER);
  const on = found ? `order ${newest}` : 'a sample order';
  const probed = { api: 'settings', scope: 'templates' };
  try {
    holds('label_when', settings.labelWhen, scopeOf(readOrder(raw), raw, []));
    return { ...probed, ok: true, message: `the rule works for ${on}` };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...probed, ok: false, message: `tried on ${on}: ${error.message}` };
  }
}

/** An order that cannot be read is told of by the other probes. */
function order(ghl, id) {
  try {
    return ghl.order(id);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
