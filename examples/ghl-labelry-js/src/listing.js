//! GoHighLevel's listings, a page at a time.
//!
//! They cannot be asked for what changed, only for what was made since a day. So every round looks at the last two days, and once
//! an hour at everything that is still watched. What was seen before has the same event id, and the host drops it.

import { orderEvent, transactionEvent } from './events.js';
import { later, rejected } from './failure.js';
import { PAGE_ROWS } from './ghl.js';
import { isObject } from './json.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The triggers that are polled: what lists them, what makes events of them, and how long they are watched. */
const LISTINGS = {
  'order-list': {
    page: (ghl, span) => ghl.orders(span),
    event: orderEvent,
    watched: (settings) => settings.orderDays,
  },
  transactions: {
    page: (ghl, span) => ghl.transactions(span),
    event: transactionEvent,
    watched: (settings) => settings.refundDays,
  },
};

/**
 * What is new. A cursor is `{ since, wide_at, round: { start, offset } | null }`, in milliseconds and rows: rows made before
 * `since` are history; `wide_at` is when the last look at everything began. Its form is frozen, it is in operators' databases.
 */
export function poll({ ghl, settings, now }, trigger, cursor) {
  const listing = named(trigger);
  // A payment may have been made while the connection was being set up, so the first look goes a day back.
  const at = cursor === undefined ? { since: now - DAY_MS, wide_at: now, round: null } : cursorOf(cursor, ['since', 'wide_at']);
  const round = at.round ?? begun(at, listing.watched(settings), now);
  const span = { start: round.start || undefined, limit: PAGE_ROWS, offset: round.offset };
  const { rows, total } = later(() => listing.page(ghl, span));
  const offset = round.offset + rows.length;
  const more = rows.length > 0 && offset < total;
  const events = rows.filter(({ createdAt }) => createdAt === undefined || createdAt >= at.since).map(listing.event);
  const next = { since: at.since, wide_at: at.wide_at, round: more ? { start: round.start, offset } : null };
  return { events, cursor: JSON.stringify(next), more };
}

/** What was made within `window`, of the trigger that has a history. */
export function backfill({ ghl }, trigger, window, cursor) {
  const listing = named(trigger);
  const seen = cursor === undefined ? 0 : cursorOf(cursor, ['offset']).offset;
  const [start, end] = [Number(window.start), Number(window.end)];
  // Days may be those of another time zone than UTC, so a day more is asked for on both sides and left out here.
  const span = { start: Math.max(start - DAY_MS, 0), end: end + DAY_MS, limit: PAGE_ROWS, offset: seen };
  const { rows, total } = later(() => listing.page(ghl, span));
  const offset = seen + rows.length;
  const more = rows.length > 0 && offset < total;
  const events = rows.filter(({ createdAt }) => createdAt >= start && createdAt < end).map(listing.event);
  return { events, cursor: more ? JSON.stringify({ offset }) : undefined, more };
}

function begun(at, watched, now) {
  const wide = now - at.wide_at >= HOUR_MS;
  if (wide) at.wide_at = now;
  return { start: now - (wide ? Math.max(watched, 2) : 2) * DAY_MS, offset: 0 };
}

function named(trigger) {
  if (Object.hasOwn(LISTINGS, trigger)) return LISTINGS[trigger];
  throw rejected(`no trigger called "${trigger}" is polled`);
}

/** The host starts over without a cursor that is none of ours. */
function cursorOf(text, members) {
  let cursor;
  try {
    cursor = JSON.parse(text);
  } catch {
    cursor = undefined;
  }
  const counts = (object, names) => isObject(object) && names.every((name) => Number.isSafeInteger(object[name]));
  const whole = counts(cursor, members) && (cursor.round == null || counts(cursor.round, ['start', 'offset']));
  if (!whole) throw rejected('not a cursor of this trigger');
  return cursor;
}
