//! Track-POD's deliveries, for webhooks that were lost.
//!
//! It can be asked for what changed within the last day. After a longer gap the days of it are gone through one by one, by
//! the day of the route and by the day of the order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_flows::cursor::{DAY_MS, HOUR_MS, bad_cursor, cursor_text, later};
use transload_model::{Change, FulfillmentState, Instant};
use transload_sdk::{Context, Event, EventPage, Failure, Level, Window};
use transload_track_pod::{Client, Order};
use transload_wire::time;

use crate::renewals;

/// How far a look goes back behind the one before: what a clock that runs late and an answer that came late may hide.
const OVERLAP_MS: u64 = 15 * 60 * 1000;

/// How far back Track-POD is asked for changes. It refuses what is more than a day ago by its own clock.
const CHANGES_MS: u64 = 23 * HOUR_MS;

/// A gap from which on days are gone through: 20 hours and the overlap are below [`CHANGES_MS`].
const GAP_MS: u64 = 20 * HOUR_MS;

/// Most days that are caught up with. What is older is for a backfill.
const CATCH_UP_DAYS_MAX: u64 = 60;

/// Most events that are handed over at once, far below the 10,000 that a host takes: they are kept in one transaction.
const EVENTS_MAX: usize = 500;

/// Where polling stands. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Changes up to this time are known.
    looked_at: u64,
    /// The day to catch up with next, by any time within it.
    day: Option<u64>,
    /// When the look under way began, if it was too much for one page.
    look: Option<u64>,
    /// How many of its events were handed over.
    offset: usize,
}

/// What is new.
pub fn poll(cx: &Context, cursor: Option<&str>) -> Result<EventPage, Failure> {
    let now = cx.clock.now().0;
    let mut cursor = match cursor {
        None => Cursor { looked_at: now.saturating_sub(GAP_MS), ..Cursor::default() },
        Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
    };
    if cursor.day.is_none() && cursor.look.is_none() && now.saturating_sub(cursor.looked_at) > GAP_MS {
        cursor.day = Some(first_day(cx, cursor.looked_at, now));
    }
    // Days are those of the account's time zone, which may be ahead of UTC.
    if let Some(day) = cursor.day.filter(|&day| day <= now.saturating_add(DAY_MS)) {
        let (events, offset) = page(on(cx, Instant(day))?, cursor.offset);
        let next = if offset == 0 { day.saturating_add(DAY_MS) } else { day };
        let cursor = cursor_text(&Cursor { day: Some(next), offset, ..cursor })?;
        return Ok(EventPage { events, cursor, more: true });
    }
    let look = cursor.look.unwrap_or(now);
    let since = cursor.looked_at.saturating_sub(OVERLAP_MS).max(now.saturating_sub(CHANGES_MS));
    let changed = Client::new(cx.http).changed_since(Instant(since)).map_err(later)?;
    let (events, offset) = page(events(changed), cursor.offset);
    let more = offset > 0;
    let cursor = if more {
        Cursor { day: None, look: Some(look), offset, ..cursor }
    } else {
        Cursor { looked_at: look, ..Cursor::default() }
    };
    Ok(EventPage { events, cursor: cursor_text(&cursor)?, more })
}

/// What was to be delivered on the days of `window`, a day at a time.
pub fn backfill(cx: &Context, window: Window, cursor: Option<&str>) -> Result<EventPage, Failure> {
    let cursor = match cursor {
        None => Cursor { day: Some(window.start - window.start % DAY_MS), ..Cursor::default() },
        Some(text) => serde_json::from_str(text).map_err(bad_cursor)?,
    };
    let Some(day) = cursor.day.filter(|&day| day < window.end) else { return Ok(EventPage::default()) };
    let (events, offset) = page(on(cx, Instant(day))?, cursor.offset);
    let next = if offset == 0 { day.saturating_add(DAY_MS) } else { day };
    let more = next < window.end;
    let cursor = Cursor { day: Some(next), offset, ..cursor };
    Ok(EventPage { events, cursor: if more { cursor_text(&cursor)? } else { None }, more })
}

fn first_day(cx: &Context, looked_at: u64, now: u64) -> u64 {
    let earliest = now.saturating_sub(CATCH_UP_DAYS_MAX * DAY_MS);
    if looked_at < earliest {
        let text = format!(
            "deliveries were last looked at more than {CATCH_UP_DAYS_MAX} days ago; a backfill of {} tells what is older",
            super::DELIVERIES
        );
        cx.log(Level::Warn, &text);
    }
    looked_at.saturating_sub(DAY_MS).max(earliest)
}

/// The events of a day, by the day of the route and by the day of the order.
fn on(cx: &Context, day: Instant) -> Result<Vec<Event>, Failure> {
    let Some(date) = time::format_date(day) else { return Ok(Vec::new()) };
    let client = Client::new(cx.http);
    let mut orders = client.orders_routed_on(&date).map_err(later)?;
    orders.extend(client.orders_on(&date).map_err(later)?);
    Ok(events(orders))
}

/// A page of `events`, and how many were handed over with it; zero if those were all.
fn page(events: Vec<Event>, offset: usize) -> (Vec<Event>, usize) {
    let end = offset.saturating_add(EVENTS_MAX);
    let next = if end < events.len() { end } else { 0 };
    (events.into_iter().skip(offset).take(EVENTS_MAX).collect(), next)
}

/// The events of `orders`, each once, in the order of their ids so that pages do not shift. What has not left yet needs
/// nothing of us, and orders that were not made here carry no id of ours.
fn events(orders: Vec<Order>) -> Vec<Event> {
    let mut events = BTreeMap::new();
    for event in orders.into_iter().filter_map(event) {
        events.insert(event.id.clone(), event);
    }
    events.into_values().collect()
}

/// The event of a delivery as it stands.
fn event(order: Order) -> Option<Event> {
    let id = order.id.clone()?;
    let fulfillment = order.fulfillment(None);
    if matches!(fulfillment.state, FulfillmentState::Created | FulfillmentState::Scheduled) {
        return None;
    }
    let changed = order.change_date.as_deref().or(order.status_date.as_deref()).unwrap_or_default();
    Some(Event {
        id: format!("delivery {id} {} {} {changed}", fulfillment.state.describe(), fulfillment.attempt),
        source: "track-pod",
        subject: renewals::order_of(&id).to_owned(),
        occurred_at: fulfillment.happened_at,
        raw: None,
        change: Change::Fulfillment(fulfillment),
    })
}
