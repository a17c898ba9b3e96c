//! What the vendors say, as events.

mod changes;
mod shipped;
mod sink;

use transload_flows::events::{GHL, invoice_event};
use transload_flows::listing::{INVOICES, Listing, ORDERS, SUBSCRIPTIONS, TRANSACTIONS};
use transload_flows::{granted, intake};
use transload_ghl::webhook::{Hook, InvoiceEvent, read};
use transload_model::Change;
use transload_sdk::{Context, Delivery, Envelope, Event, EventPage, Failure, Window, rejected};

use crate::mirror::RANKR;
use crate::settings::{Connection, Settings};
use crate::{orders, subscriptions};

/// The trigger that polls GoHighLevel's fulfilments, for which there are no webhooks.
pub const FULFILLMENTS: &str = "fulfillments";

/// The trigger that polls Rankr's orders, for webhooks that were lost.
pub const SINK_ORDERS: &str = "sink-orders";

/// The trigger that polls Rankr's invoices, for webhooks that were lost.
pub const SINK_INVOICES: &str = "sink-invoices";

/// The trigger that finds charges which did not come.
pub const OVERDUE_CHARGES: &str = "overdue-charges";

/// Reads a webhook.
pub fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    match delivery.source.as_str() {
        GHL => from_ghl(&connection, &delivery.body),
        RANKR => sink::receive(&connection, &delivery.body),
        other => Err(rejected(format!("no webhooks of {other:?} are known"))),
    }
}

/// Whether an event is a webhook of Rankr's that tells of what was written to it: one that came back before the writing event
/// had ended, when nothing was remembered of it yet. By its own turn there is.
pub fn is_echo(connection: &Connection, envelope: &Envelope) -> Result<bool, Failure> {
    match envelope.raw.as_deref().filter(|_| envelope.source == RANKR) {
        Some(body) => Ok(sink::receive(connection, body.as_bytes())?.is_empty()),
        None => Ok(false),
    }
}

/// An invoice's webhook is a hint: the invoice is what the API says of it, and its event is the poll's.
fn from_ghl(connection: &Connection, body: &[u8]) -> Result<Vec<Event>, Failure> {
    let Ok(Hook::Invoice { location_id, invoice_id, event, .. }) = read(body) else {
        return intake::from_ghl(connection, body);
    };
    let ours = location_id.is_none_or(|location| location == connection.shop.settings.location_id);
    // The API no longer knows one that was deleted, and Rankr keeps what it has.
    if !ours || event == InvoiceEvent::Delete {
        return Ok(Vec::new());
    }
    let invoice = granted(connection.ghl.invoice(&invoice_id))?.flatten();
    Ok(invoice.map(invoice_event).into_iter().collect())
}

/// Asks a vendor for what is new to `trigger`, a page at a time.
pub fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
    let settings: Settings = cx.settings()?;
    let connection = Connection::new(cx, &settings);
    match trigger {
        FULFILLMENTS => shipped::poll(&connection, cursor),
        SINK_ORDERS => changes::orders(&connection, cursor),
        SINK_INVOICES => changes::invoices(&connection, cursor),
        OVERDUE_CHARGES => subscriptions::overdue(cx, &settings.subscriptions),
        _ => {
            let page = listing_of(trigger)?.poll(&connection, cursor)?;
            Ok(EventPage { events: news(cx, page.events)?, ..page })
        }
    }
}

/// Without the orders that were handled as they are: a fulfilment that was written to GoHighLevel changes the order there.
fn news(cx: &Context, events: Vec<Event>) -> Result<Vec<Event>, Failure> {
    let mut news = Vec::with_capacity(events.len());
    for event in events {
        let known = match &event.change {
            Change::Order(order) => orders::is_handled(cx, order)?,
            _ => false,
        };
        if !known {
            news.push(event);
        }
    }
    Ok(news)
}

/// Asks a vendor for the history of `trigger` in `window`, a page at a time.
pub fn backfill(
    cx: &Context,
    trigger: &str,
    window: Window,
    cursor: Option<&str>,
) -> Result<EventPage, Failure> {
    let settings: Settings = cx.settings()?;
    listing_of(trigger)?.backfill(&Connection::new(cx, &settings), window, cursor)
}

fn listing_of(trigger: &str) -> Result<Listing, Failure> {
    Listing::of(trigger).ok_or_else(|| {
        rejected(format!(
            "no trigger called {trigger:?} is polled; there are {ORDERS:?}, {TRANSACTIONS:?}, {SUBSCRIPTIONS:?}, \
             {INVOICES:?}, {FULFILLMENTS:?}, {SINK_ORDERS:?}, {SINK_INVOICES:?} and {OVERDUE_CHARGES:?}"
        ))
    })
}

#[cfg(test)]
mod tests;
