//! A payment or a refund is written down: in the order's revenue record, and as a note on the contact.

use transload_model::{Change, Transaction, TransactionStatus};
use transload_sdk::{Event, Failure, Receipt, Verb, Work, skipped};
use transload_track_pod::Lookup;

use crate::settings::Connection;
use crate::{notes, revenue};

/// Writes down the GoHighLevel transaction `transaction_id`.
pub fn record(connection: &Connection, transaction_id: &str) -> Result<Receipt, Failure> {
    let Some(transaction) = connection.ghl.transaction(transaction_id)? else {
        return Ok(skipped(format!("GoHighLevel has no transaction {transaction_id}")));
    };
    if !connection.settings.mode.accepts(transaction.live) {
        return Ok(skipped(format!("the setting `mode` leaves transaction {transaction_id} out")));
    }
    let Some(order_id) = transaction.order_id() else {
        return Ok(skipped(format!("transaction {transaction_id} does not pay for an order")));
    };
    let (work, news) = record_revenue(connection, order_id, &transaction)?;
    let mut work = note(connection, work, order_id, &transaction)?;
    if news && let Some(event) = order_again(connection, order_id, &transaction)? {
        work = work.follow_up(event);
    }
    Ok(work.into())
}

/// Money that moved changes what the driver has to collect, and GoHighLevel says nothing of a part payment or a refund. So the
/// order is looked at again, if it has a delivery: a payment alone does not make one.
fn order_again(
    connection: &Connection,
    order_id: &str,
    transaction: &Transaction,
) -> Result<Option<Event>, Failure> {
    if !matches!(connection.track_pod.order(order_id)?, Lookup::Found(_)) {
        return Ok(None);
    }
    let Some(order) = connection.ghl.order(order_id)? else { return Ok(None) };
    let refunded = transaction.refunded.map(|refunded| refunded.amount.normalized().to_string());
    let (id, status) = (&transaction.id, transaction.status.describe());
    Ok(Some(Event {
        id: format!("order {order_id} after {id} {status} {}", refunded.unwrap_or_default()),
        source: "ghl",
        subject: order_id.to_owned(),
        occurred_at: transaction.updated_at,
        raw: None,
        change: Change::Order(order),
    }))
}

/// Brings the order's revenue record up to date, and answers whether that was news.
fn record_revenue(
    connection: &Connection,
    order_id: &str,
    transaction: &Transaction,
) -> Result<(Work, bool), Failure> {
    let mut record = revenue::load(connection.cx, order_id)?;
    let news = record.revenue.record(transaction)?;
    if news {
        revenue::save(connection.cx, order_id, &record)?;
    }
    let verb = if news { Verb::Recorded } else { Verb::Verified };
    let mut work = Work::default();
    for totals in record.revenue.totals()? {
        let summary =
            format!("captured {}, refunded {}, net {}", totals.captured, totals.refunded, totals.net);
        work = work.effect(verb, "store", "revenue", order_id, summary).amount(totals.net);
    }
    Ok((work, news))
}

/// One note when the money arrives, and one for each sum that was given back.
fn note(
    connection: &Connection,
    work: Work,
    order_id: &str,
    transaction: &Transaction,
) -> Result<Work, Failure> {
    let contact_id = transaction.customer.as_ref().and_then(|customer| customer.id.as_deref());
    let id = &transaction.id;
    let mut work = work;
    if transaction.status.is_captured() {
        let text = format!("Payment of {} received for order {order_id}.", transaction.amount);
        work = notes::write_once(connection, work, contact_id, &format!("payment {id}"), &text)?;
    }
    if let Some(refunded) = transaction.refunded.filter(|refunded| refunded.amount.is_positive()) {
        let text = format!("{refunded} in all of {} given back for order {order_id}.", transaction.amount);
        let mark = format!("refund {id} {}", refunded.amount.normalized());
        work = notes::write_once(connection, work, contact_id, &mark, &text)?;
    }
    if transaction.status == TransactionStatus::Failed {
        let text = format!("Payment of {} for order {order_id} failed.", transaction.amount);
        work = notes::write_once(connection, work, contact_id, &format!("payment-failed {id}"), &text)?;
    }
    Ok(work)
}
