//! What Rankr's webhooks say, as events. A Rankr that tells of what is written to it is not listened to for that.

use transload_flows::events::millis;
use transload_flows::intake::text;
use transload_model::{Change, Instant};
use transload_rankr::webhook::{Event as Told, read};
use transload_rankr::{SinkFulfillment, SinkInvoice, SinkOrder};
use transload_sdk::{Context, Event, Failure, rejected};

use crate::fulfillments::{self, links::Links};
use crate::mirror::{self, Mirrored, RANKR};
use crate::settings::Connection;

/// Reads a webhook. Fails with `rejected` for what is none.
pub fn receive(connection: &Connection, body: &[u8]) -> Result<Vec<Event>, Failure> {
    let hook = read(body, &connection.settings.rankr).map_err(|error| rejected(error.to_string()))?;
    let rankr = &connection.rankr;
    let event = match hook.event {
        Told::OrderUpdated { order_id, told } => {
            let order = told.map_or_else(|| rankr.order(&order_id), |order| Ok(Some(*order)))?;
            order.map(|order| of_order(connection, order)).transpose()?
        }
        Told::Fulfillment { order_id, fulfillment_id, told } => {
            let fulfillment = match told {
                Some(fulfillment) => Some(*fulfillment),
                None => {
                    let all = rankr.fulfillments(&order_id)?.unwrap_or_default();
                    all.into_iter().find(|one| one.fulfillment.id == fulfillment_id)
                }
            };
            fulfillment.map(|fulfillment| of_fulfillment(connection.cx, fulfillment)).transpose()?
        }
        Told::InvoiceUpdated { invoice_id, told } => {
            let invoice = told.map_or_else(|| rankr.invoice(&invoice_id), |invoice| Ok(Some(*invoice)))?;
            invoice.map(|invoice| of_invoice(connection, invoice)).transpose()?
        }
        Told::Unknown(_) => None,
    };
    let raw = text(body);
    let event = event.flatten().map(|event| Event {
        occurred_at: hook.timestamp.or(event.occurred_at),
        raw,
        ..event
    });
    Ok(event.into_iter().collect())
}

/// The event of an order as it stands in Rankr; none if it is as it was written, and so are its fulfilments.
pub fn of_order(connection: &Connection, order: SinkOrder) -> Result<Option<Event>, Failure> {
    let fulfilled_at = order.fulfillments_at;
    let is_news = match fulfilled_at {
        Some(at) => Links::load(connection.cx, &order.order.id)?.newest().is_none_or(|newest| newest < at),
        None => false,
    };
    if !is_news && mirror::is_echo(connection, &order)? {
        return Ok(None);
    }
    Ok(Some(Event {
        id: format!("rankr order {} {}", order.order.id, mark(order.received_at, order.version)),
        source: RANKR,
        subject: order.order.id.clone(),
        occurred_at: order.received_at,
        raw: None,
        change: Change::Order(order.order),
    }))
}

/// The event of an invoice as it stands in Rankr; none if it is as it was written.
pub fn of_invoice(connection: &Connection, invoice: SinkInvoice) -> Result<Option<Event>, Failure> {
    if mirror::is_echo(connection, &invoice)? {
        return Ok(None);
    }
    Ok(Some(Event {
        id: format!("rankr invoice {} {}", invoice.invoice.id, mark(invoice.received_at, invoice.version)),
        source: RANKR,
        // GoHighLevel's event of it names no order either, and the two must not run beside each other.
        subject: invoice.subject().to_owned(),
        occurred_at: invoice.received_at,
        raw: None,
        change: Change::Invoice(invoice.invoice),
    }))
}

/// The sink's time of the last change, whoever changed it; the version, of a sink that does not tell it.
fn mark(received_at: Option<Instant>, version: u64) -> String {
    received_at.map_or(version, |at| at.0).to_string()
}

fn of_fulfillment(cx: &Context, told: SinkFulfillment) -> Result<Option<Event>, Failure> {
    if fulfillments::is_handled(cx, &told)? {
        return Ok(None);
    }
    let fulfillment = told.fulfillment;
    let parcel = fulfillment.tracking.first().and_then(|tracking| tracking.number.as_deref());
    Ok(Some(Event {
        id: format!(
            "rankr fulfillment {} {} {} {}",
            fulfillment.id,
            fulfillment.state.describe(),
            millis(told.updated_at),
            parcel.unwrap_or_default()
        ),
        source: RANKR,
        subject: fulfillment.order_id.clone(),
        occurred_at: told.updated_at,
        raw: None,
        change: Change::Fulfillment(fulfillment),
    }))
}
