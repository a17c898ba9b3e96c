//! What the vendors say, as events.

mod deliveries;

use transload_flows::Shop;
use transload_flows::events::millis;
use transload_flows::intake::{from_ghl, text};
use transload_flows::listing::{Listing, ORDERS, SUBSCRIPTIONS, TRANSACTIONS};
use transload_model::Change;
use transload_sdk::{Context, Delivery, Event, EventPage, Failure, Window, rejected};

use crate::renewals;
use crate::settings::Settings;

/// The trigger that polls Track-POD's deliveries, for webhooks that were lost.
pub const DELIVERIES: &str = "delivery-status";

/// Reads a webhook.
pub fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
    match delivery.source.as_str() {
        "ghl" => with_shop(cx, |shop| from_ghl(shop, &delivery.body)),
        "track-pod" => from_track_pod(&delivery.body),
        other => Err(rejected(format!("no webhooks of {other:?} are known"))),
    }
}

fn from_track_pod(body: &[u8]) -> Result<Vec<Event>, Failure> {
    let hook = transload_track_pod::webhook::read(body).map_err(|error| rejected(error.to_string()))?;
    let Some(mut order) = hook.order else { return Ok(Vec::new()) };
    // What is said of a deleted order has no id in it. Its number is our id, unless the settings give it another.
    if order.id.is_none() && hook.event.ends_with("Deleted") {
        order.id.clone_from(&order.number);
    }
    // Orders that were not made here carry no id of ours; whoever made them looks after them.
    let Some(id) = order.id.clone() else { return Ok(Vec::new()) };
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

/// Asks a vendor for what is new to `trigger`, a page at a time.
pub fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
    match trigger {
        DELIVERIES => deliveries::poll(cx, cursor),
        _ => {
            let listing = listing_of(trigger)?;
            with_shop(cx, |shop| listing.poll(shop, cursor))
        }
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
        _ => {
            let listing = listing_of(trigger)?;
            with_shop(cx, |shop| listing.backfill(shop, window, cursor))
        }
    }
}

fn with_shop<T>(cx: &Context, look: impl FnOnce(&Shop) -> Result<T, Failure>) -> Result<T, Failure> {
    let settings: Settings = cx.settings()?;
    look(&Shop::new(cx, &settings.shop))
}

fn listing_of(trigger: &str) -> Result<Listing, Failure> {
    Listing::of(trigger).ok_or_else(|| {
        rejected(format!(
            "no trigger called {trigger:?} is polled; there are {ORDERS:?}, {TRANSACTIONS:?}, {SUBSCRIPTIONS:?} and \
             {DELIVERIES:?}"
        ))
    })
}

#[cfg(test)]
mod tests;
