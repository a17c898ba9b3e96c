//! A payment or a refund is written down: in the revenue record of what it pays for, on the contact's timeline, and where
//! the settings want it. Track-POD hears of it when the order is brought up to date, which follows.

use transload_flows::transactions::{note, note_refund, order_again, record_revenue, subject};
use transload_flows::{payment_record, revenue};
use transload_ghl::TransactionDetail;
use transload_model::{Entity, Fulfillment, Movement};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, skipped};
use transload_track_pod::Lookup;

use crate::settings::Connection;
use crate::{cash, subscriptions};

/// Writes down the GoHighLevel transaction `transaction_id`.
pub fn record(connection: &Connection, transaction_id: &str) -> Result<Receipt, Failure> {
    let Some(detail) = connection.ghl.transaction_detail(transaction_id)? else {
        return Ok(skipped(format!("GoHighLevel has no transaction {transaction_id}")));
    };
    let transaction = &detail.transaction;
    if !connection.settings.shop.mode.accepts(transaction.live) {
        return Ok(skipped(format!("the setting `mode` leaves transaction {transaction_id} out")));
    }
    let Some(subject) = subject(transaction) else {
        let what = "an order, an invoice or a subscription";
        return Ok(skipped(format!("transaction {transaction_id} does not pay for {what}")));
    };
    let (work, movement) = record_revenue(connection, subject, transaction)?;
    let record = &connection.settings.payment_record;
    let work = match subject {
        Entity::Order(order_id) => of_order(connection, work, order_id, &detail, movement)?,
        other => {
            let work = note(connection, work, other, transaction, "")?;
            let work = note_refund(connection, work, other, transaction)?;
            payment_record::write(connection, record, work, transaction, None, None)?
        }
    };
    Ok(work.into())
}

fn of_order(
    connection: &Connection,
    work: Work,
    order_id: &str,
    detail: &TransactionDetail,
    movement: Option<Movement>,
) -> Result<Work, Failure> {
    let transaction = &detail.transaction;
    let order = Entity::Order(order_id.to_owned());
    let delivery = match movement {
        Some(_) => delivery_of(connection, order_id)?,
        None => None,
    };
    let mut work = work;
    // Cash that a driver brought was noted with the delivery; a second note would look like a second payment.
    if !cash::is_known(connection, order_id, detail)? {
        let tail = delivery.as_ref().map(named).unwrap_or_default();
        work = note(connection, work, &order, transaction, &tail)?;
    } else {
        let summary = "the cash that was collected on delivery";
        work = work.effect(Verb::Verified, "ghl", "payment", &transaction.id, summary);
    }
    work = note_refund(connection, work, &order, transaction)?;
    let record = &connection.settings.payment_record;
    work = payment_record::write(connection, record, work, transaction, Some(order_id), delivery.as_ref())?;
    work = subscriptions::renewed(connection, work, transaction)?;
    // A payment that is pending or failed moves nothing, and neither does a second look.
    let Some(movement) = movement.filter(|movement| !movement.is_zero()) else { return Ok(work) };
    let delivered = delivery.as_ref().is_some_and(|delivery| delivery.state.has_delivered());
    if delivered {
        return tell_of_refund(connection, work, order_id, movement);
    }
    // A payment alone makes no delivery, unless the order was waiting for it.
    if delivery.is_none() && connection.settings.cash_on_delivery {
        return Ok(work);
    }
    match order_again(connection, order_id, transaction)? {
        Some(event) => Ok(work.follow_up(event)),
        None => Ok(work),
    }
}

fn delivery_of(connection: &Connection, order_id: &str) -> Result<Option<Fulfillment>, Failure> {
    Ok(match connection.track_pod.order(order_id)? {
        Lookup::Found(present) => Some(present.fulfillment(None)),
        Lookup::Missing | Lookup::Deleted { .. } => None,
    })
}

/// The delivery, as it stands behind a note's text.
fn named(delivery: &Fulfillment) -> String {
    let tracking = delivery.tracking.first();
    let number = tracking.and_then(|tracking| tracking.number.as_deref()).unwrap_or_default();
    let link = tracking.and_then(|tracking| tracking.url.as_ref());
    let link = link.map(|link| format!(", {link}")).unwrap_or_default();
    format!(" Track-POD delivery {number}{link}")
}

/// All was given back, and the customer has the goods: somebody has to decide whether they come back.
fn tell_of_refund(
    connection: &Connection,
    work: Work,
    order_id: &str,
    movement: Movement,
) -> Result<Work, Failure> {
    let record = revenue::load(connection.cx, &revenue::key(order_id))?;
    if !movement.refunded.amount.is_positive() || !record.revenue.is_given_back()? {
        return Ok(work);
    }
    let text = format!(
        "all that was paid for order {order_id} was given back, {} of it now, and the customer has the goods",
        movement.refunded
    );
    Ok(work.alert(Severity::Critical, "refund-after-delivery", order_id, text))
}

#[cfg(test)]
mod tests;
