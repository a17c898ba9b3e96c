//! A payment or a refund is written down: in the revenue record of what it pays for, and on the contact's timeline.

use transload_model::{Change, Entity, Money, Movement, Transaction, TransactionStatus};
use transload_sdk::{Event, Failure, Verb, Work};

use crate::events::GHL;
use crate::{Shop, notes, revenue};

/// What a payment is booked under: its order, else its subscription, else its invoice. None if it pays for none of them.
pub fn subject(transaction: &Transaction) -> Option<&Entity> {
    let rank = |entity: &&Entity| match entity {
        Entity::Order(_) => 0,
        Entity::Subscription(_) => 1,
        Entity::Invoice(_) => 2,
        Entity::Other(_) => 3,
    };
    let entity = transaction.settles.iter().min_by_key(rank)?;
    (!matches!(entity, Entity::Other(_))).then_some(entity)
}

/// The event by which the order is looked at again: money that moved changes what is due for it, and GoHighLevel says nothing
/// of a part payment or a refund. None if there is no such order.
pub fn order_again(shop: &Shop, order_id: &str, transaction: &Transaction) -> Result<Option<Event>, Failure> {
    let Some(order) = shop.ghl.order(order_id)? else { return Ok(None) };
    Ok(Some(Event {
        id: format!("order {order_id} {}", after(transaction)),
        source: GHL,
        subject: order_id.to_owned(),
        occurred_at: transaction.updated_at,
        raw: None,
        change: Change::Order(order),
    }))
}

/// How the id of an event ends that follows on a transaction, as it stands: `after t1 succeeded 50.05`.
pub fn after(transaction: &Transaction) -> String {
    let refunded = transaction.refunded.map(|refunded| refunded.amount.normalized().to_string());
    let (id, status) = (&transaction.id, transaction.status.describe());
    format!("after {id} {status} {}", refunded.unwrap_or_default())
}

/// Brings the revenue record up to date, and answers what moved. Each movement is an effect with its amount, a refund's
/// below zero; so the effects of an order add up to its net.
pub fn record_revenue(
    shop: &Shop,
    subject: &Entity,
    transaction: &Transaction,
) -> Result<(Work, Option<Movement>), Failure> {
    let (key, id) = (revenue::key_of(subject), id_of(subject));
    let mut record = revenue::load(shop.cx, &key)?;
    let movement = record.revenue.record(transaction)?;
    if movement.is_some() {
        revenue::save(shop.cx, &key, &record)?;
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

/// The id of what is paid for.
pub fn id_of(entity: &Entity) -> &str {
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

/// One note when the money arrives, or fails to. `tail` stands behind what came in, such as where the goods are.
pub fn note(
    shop: &Shop,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
    tail: &str,
) -> Result<Work, Failure> {
    let (id, named) = (&transaction.id, named(subject));
    let contact_id = transaction.customer_id();
    let mut work = work;
    if transaction.status.is_captured() {
        let text = format!("Payment of {} received for {named}.{tail}", transaction.amount);
        work = notes::write_once(shop, work, contact_id, &format!("payment {id}"), &text)?;
    }
    if transaction.status == TransactionStatus::Failed {
        let text = format!("Payment of {} for {named} failed.", transaction.amount);
        work = notes::write_once(shop, work, contact_id, &format!("payment-failed {id}"), &text)?;
    }
    Ok(work)
}

/// One note for each sum that was given back.
pub fn note_refund(
    shop: &Shop,
    work: Work,
    subject: &Entity,
    transaction: &Transaction,
) -> Result<Work, Failure> {
    let Some(refunded) = transaction.refunded.filter(|refunded| refunded.amount.is_positive()) else {
        return Ok(work);
    };
    let text = format!("{refunded} in all of {} given back for {}.", transaction.amount, named(subject));
    let mark = format!("refund {} {}", transaction.id, refunded.amount.normalized());
    notes::write_once(shop, work, transaction.customer_id(), &mark, &text)
}

#[cfg(test)]
mod tests;
