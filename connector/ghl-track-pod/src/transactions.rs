//! A payment or a refund is written down: in the revenue record of what it pays for, on the contact's timeline, and where
//! the settings want it. Track-POD hears of it when the order is brought up to date, which follows.

use transload_flows::{notes, revenue};
use transload_ghl::TransactionDetail;
use transload_model::{Change, Entity, Fulfillment, Money, Movement, Transaction, TransactionStatus};
use transload_sdk::{Event, Failure, Receipt, Severity, Verb, Work, skipped};
use transload_track_pod::Lookup;

use crate::settings::Connection;
use crate::{cash, payment_record, subscriptions};

/// The delivery of the order that a payment is for.
pub struct Delivery {
    /// How far it has come.
    pub fulfillment: Fulfillment,
}

impl Delivery {
    /// Where it can be followed.
    pub fn link(&self) -> Option<String> {
        self.fulfillment.tracking.first()?.url.clone()
    }

    fn number(&self) -> Option<&str> {
        self.fulfillment.tracking.first()?.number.as_deref()
    }
}

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
    let work = match subject {
        Entity::Order(order_id) => of_order(connection, work, order_id, &detail, movement)?,
        other => {
            let work = note(connection, work, other, transaction, None)?;
            let work = note_refund(connection, work, other, transaction)?;
            payment_record::write(connection, work, transaction, None, None)?
        }
    };
    Ok(work.into())
}

/// What a payment is booked under: its order, else its subscription, else its invoice.
fn subject(transaction: &Transaction) -> Option<&Entity> {
    let rank = |entity: &&Entity| match entity {
        Entity::Order(_) => 0,
        Entity::Subscription(_) => 1,
        Entity::Invoice(_) => 2,
        Entity::Other(_) => 3,
    };
    let entity = transaction.settles.iter().min_by_key(rank)?;
    (!matches!(entity, Entity::Other(_))).then_some(entity)
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
        work = note(connection, work, &order, transaction, delivery.as_ref())?;
    } else {
        let summary = "the cash that was collected on delivery";
        work = work.effect(Verb::Verified, "ghl", "payment", &transaction.id, summary);
    }
    work = note_refund(connection, work, &order, transaction)?;
    work = payment_record::write(connection, work, transaction, Some(order_id), delivery.as_ref())?;
    work = subscriptions::renewed(connection, work, transaction)?;
    // A payment that is pending or failed moves nothing, and neither does a second look.
    let Some(movement) = movement.filter(|movement| !movement.is_zero()) else { return Ok(work) };
    let delivered = delivery.as_ref().is_some_and(|delivery| delivery.fulfillment.state.has_delivered());
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

fn delivery_of(connection: &Connection, order_id: &str) -> Result<Option<Delivery>, Failure> {
    Ok(match connection.track_pod.order(order_id)? {
        Lookup::Found(present) => Some(Delivery { fulfillment: present.fulfillment(None) }),
        Lookup::Missing | Lookup::Deleted { .. } => None,
    })
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

/// Money that moved changes what the driver has to collect, and GoHighLevel says nothing of a part payment or a refund. So the
/// order is looked at again.
fn order_again(
    connection: &Connection,
    order_id: &str,
    transaction: &Transaction,
) -> Result<Option<Event>, Failure> {
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

/// Brings the revenue record up to date, and answers what moved. Each movement is an effect with its amount, a refund's
/// below zero; so the effects of an order add up to its net.
fn record_revenue(
    connection: &Connection,
    subject: &Entity,
    transaction: &Transaction,
) -> Result<(Work, Option<Movement>), Failure> {
    let (key, id) = (revenue::key_of(subject), id_of(subject));
    let mut record = revenue::load(connection.cx, &key)?;
    let movement = record.revenue.record(transaction)?;
    if movement.is_some() {
        revenue::save(connection.cx, &key, &record)?;
    }
    let verb = if movement.is_some() { Verb::Recorded } else { Verb::Verified };
    let mut work = Work::default();
    for totals in record.revenue.totals()? {
        let summary =
            format!("captured {}, refunded {}, net {}", totals.captured, totals.refunded, totals.net);
        work = work.effect(verb, "store", "revenue", id, summary).amount(totals.net);
    }
    let Some(Movement { captured, refunded }) = movement else { return Ok((work, None)) };
    if !captured.amount.is_zero() {
        let summary = format!("{captured} captured");
        work = work.effect(Verb::Recorded, "store", "payment", &transaction.id, summary).amount(captured);
    }
    if !refunded.amount.is_zero() {
        let summary = format!("{refunded} given back");
        let reversal = Money::zero(refunded.currency).checked_sub(refunded)?;
        work = work.effect(Verb::Recorded, "store", "refund", &transaction.id, summary).amount(reversal);
    }
    Ok((work, movement))
}

fn id_of(entity: &Entity) -> &str {
    match entity {
        Entity::Order(id) | Entity::Invoice(id) | Entity::Subscription(id) | Entity::Other(id) => id,
    }
}

/// `order o1`, as it stands in notes.
fn named(entity: &Entity) -> String {
    let kind = match entity {
        Entity::Order(_) => "order",
        Entity::Invoice(_) => "invoice",
        Entity::Subscription(_) => "subscription",
        Entity::Other(_) => "payment",
    };
    format!("{kind} {}", id_of(entity))
}

fn contact_of(transaction: &Transaction) -> Option<&str> {
    transaction.customer.as_ref()?.id.as_deref()
}

/// One note when the money arrives, or fails to.
fn note(
    connection: &Connection,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
    delivery: Option<&Delivery>,
) -> Result<Work, Failure> {
    let (id, named) = (&transaction.id, named(subject));
    let contact_id = contact_of(transaction);
    let mut work = work;
    if transaction.status.is_captured() {
        let mut text = format!("Payment of {} received for {named}.", transaction.amount);
        if let Some(delivery) = delivery {
            let number = delivery.number().unwrap_or_default();
            let link = delivery.link().map(|link| format!(", {link}")).unwrap_or_default();
            text.push_str(&format!(" Track-POD delivery {number}{link}"));
        }
        work = notes::write_once(connection, work, contact_id, &format!("payment {id}"), &text)?;
    }
    if transaction.status == TransactionStatus::Failed {
        let text = format!("Payment of {} for {named} failed.", transaction.amount);
        work = notes::write_once(connection, work, contact_id, &format!("payment-failed {id}"), &text)?;
    }
    Ok(work)
}

/// One note for each sum that was given back.
fn note_refund(
    connection: &Connection,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
) -> Result<Work, Failure> {
    let Some(refunded) = transaction.refunded.filter(|refunded| refunded.amount.is_positive()) else {
        return Ok(work);
    };
    let text = format!("{refunded} in all of {} given back for {}.", transaction.amount, named(subject));
    let mark = format!("refund {} {}", transaction.id, refunded.amount.normalized());
    notes::write_once(connection, work, contact_of(transaction), &mark, &text)
}

#[cfg(test)]
mod tests;
