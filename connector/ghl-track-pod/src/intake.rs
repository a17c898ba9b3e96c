//! What the vendors say, as events.

mod deliveries;
mod listing;

use transload_ghl::webhook::{Hook, read};
use transload_model::{Change, Instant};
use transload_sdk::{Context, Delivery, Event, EventPage, Failure, Retry, Window, rejected};
use transload_wire::ApiError;

use crate::renewals;
use crate::settings::Settings;
use listing::Listing;

/// The trigger that polls GoHighLevel's orders, for setups without its webhooks.
pub const ORDERS: &str = "order-list";

/// The trigger that polls GoHighLevel's transactions.
pub const TRANSACTIONS: &str = "transactions";

/// The trigger that polls GoHighLevel's subscriptions.
pub const SUBSCRIPTIONS: &str = "subscriptions";

/// The trigger that polls Track-POD's deliveries, for webhooks that were lost.
pub const DELIVERIES: &str = "delivery-status";

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// Reads a webhook.
pub fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
    match delivery.source.as_str() {
        "ghl" => from_ghl(cx, &delivery.body),
        "track-pod" => from_track_pod(&delivery.body),
        other => Err(rejected(format!("no webhooks of {other:?} are known"))),
    }
}

fn from_ghl(cx: &Context, body: &[u8]) -> Result<Vec<Event>, Failure> {
    let settings: Settings = cx.settings()?;
    // A marketplace app has one address for the webhooks of all locations that installed it.
    let ours = |location: &Option<String>| {
        location.as_ref().is_none_or(|location| *location == settings.location_id)
    };
    let ghl = transload_ghl::Client::new(cx.http, &settings.location_id).version(&settings.ghl_version);
    match read(body).map_err(|error| rejected(error.to_string()))? {
        Hook::Order { webhook_id, location_id, occurred_at, order, .. } if ours(&location_id) => {
            let id = match webhook_id {
                Some(webhook_id) => format!("order {} {webhook_id}", order.id),
                None => listing::order_id(&order),
            };
            let raw = text(body);
            Ok(vec![Event { id, occurred_at, raw, ..listing::order_event(*order) }])
        }
        // What a workflow sends is in the operator's words; the object is what the API says of it.
        Hook::OrderHint { order_id, location_id, .. } if ours(&location_id) => {
            Ok(ghl.order(&order_id)?.map(listing::order_event).into_iter().collect())
        }
        Hook::TransactionHint { transaction_id, location_id, .. } if ours(&location_id) => {
            Ok(ghl.transaction(&transaction_id)?.map(listing::transaction_event).into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn from_track_pod(body: &[u8]) -> Result<Vec<Event>, Failure> {
    let hook = transload_track_pod::webhook::read(body).map_err(|error| rejected(error.to_string()))?;
    // Orders that were not made here carry no id of ours; whoever made them looks after them.
    let Some((order, id)) = hook.order.and_then(|order| order.id.clone().map(|id| (order, id))) else {
        return Ok(Vec::new());
    };
    // The webhook has no id of its own, so what makes it this one stands in.
    let status = order.status_id.map(|status| status.to_string()).unwrap_or_default();
    let changed = order.change_date.as_deref().unwrap_or_default();
    let event_id = format!("delivery {id} {} {} {status} {changed}", hook.event, millis(hook.date));
    Ok(vec![Event {
        id: event_id,
        source: "track-pod",
        subject: renewals::order_of(&id).to_owned(),
        occurred_at: hook.date,
        raw: text(body),
        change: Change::Fulfillment(order.fulfillment(None)),
    }])
}

/// A time as it stands in an event's id.
fn millis(instant: Option<Instant>) -> String {
    instant.map(|instant| instant.0.to_string()).unwrap_or_default()
}

fn text(body: &[u8]) -> Option<String> {
    std::str::from_utf8(body).ok().map(str::to_owned)
}

/// Asks a vendor for what is new to `trigger`, a page at a time.
pub fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
    match trigger {
        DELIVERIES => deliveries::poll(cx, cursor),
        _ => listing_of(trigger)?.poll(cx, cursor),
    }
}

/// Asks a vendor for the history of `trigger` in `window`, a page at a time.
pub fn backfill(
    cx: &Context,
    trigger: &str,
    window: Window,
    cursor: Option<&str>,
) -> Result<EventPage, Failure> {
    match trigger {
        DELIVERIES => deliveries::backfill(cx, window, cursor),
        _ => listing_of(trigger)?.backfill(cx, window, cursor),
    }
}

fn listing_of(trigger: &str) -> Result<Listing, Failure> {
    match trigger {
        ORDERS => Ok(Listing::Orders),
        TRANSACTIONS => Ok(Listing::Transactions),
        SUBSCRIPTIONS => Ok(Listing::Subscriptions),
        _ => Err(rejected(format!(
            "no trigger called {trigger:?} is polled; there are {ORDERS:?}, {TRANSACTIONS:?}, {SUBSCRIPTIONS:?} and \
             {DELIVERIES:?}"
        ))),
    }
}

/// What the vendor refuses today is asked for again: `rejected` would tell the host that the cursor is bad, and to start
/// over without it would leave out the refunds of older payments.
fn later(error: ApiError) -> Failure {
    match error.into() {
        Failure::Rejected(reason) => Failure::Retry(Retry { reason, after_ms: None }),
        other => other,
    }
}

fn bad_cursor(error: serde_json::Error) -> Failure {
    rejected(format!("not a cursor of this trigger: {error}"))
}

fn cursor_text(cursor: &impl serde::Serialize) -> Result<Option<String>, Failure> {
    serde_json::to_string(cursor).map(Some).map_err(|error| rejected(error.to_string()))
}

#[cfg(test)]
mod tests;
