//! Money: what is owed, captured, given back, asked for at the door, collected there and recorded.

use transload_flows::events::GHL;
use transload_flows::reconcile::{Difference, Seen, money};
use transload_ghl::is_recorded;
use transload_model::{Decimal, Fulfillment, FulfillmentState, Money, Transaction};
use transload_sdk::Failure;
use transload_track_pod::{Cash, Order as Delivery};

use super::kinds::{CASH_DIFFERS, CASH_NOT_RECORDED, REFUND_BUT_DELIVERED, REFUNDED_AND_DELIVERY_PLANNED};
use super::snapshot::{Snapshot, is_open, is_planned, is_under_way};
use super::{TRACK_POD, by_delivery, by_order};
use crate::orders::Expected;
use crate::settings::Connection;

/// Differences in money between an order, its payments and its delivery.
pub fn compare(connection: &Connection, snapshot: &Snapshot) -> Result<Vec<Difference>, Failure> {
    let cash = snapshot.delivery().and_then(|(_, fulfillment)| fulfillment.cash_collected);
    let cash = cash.map_or(Decimal::ZERO, |cash| cash.amount);
    let mut found = money::compare(&snapshot.order, &snapshot.transactions, &snapshot.payments, cash)?;
    found.extend(refunded(connection, snapshot));
    if let Some((delivery, fulfillment)) = snapshot.delivery() {
        if is_open(&fulfillment.state) {
            found.extend(asked(snapshot, delivery, &fulfillment));
        } else if fulfillment.state.has_delivered() {
            found.extend(collected(snapshot, delivery, &fulfillment)?);
            if connection.settings.cash.record {
                found.extend(not_recorded(snapshot, &fulfillment)?);
            }
        }
    }
    Ok(found)
}

fn captured(snapshot: &Snapshot) -> impl Iterator<Item = &Transaction> {
    snapshot.transactions.iter().filter(|transaction| transaction.status.is_captured())
}

/// All of the money went back, but the goods did not stay.
fn refunded(connection: &Connection, snapshot: &Snapshot) -> Option<Difference> {
    let (order, money) = (&snapshot.order, snapshot.payments);
    let (delivery, fulfillment) = snapshot.delivery().filter(|_| money.all_given_back(order))?;
    let state = fulfillment.state.describe();
    let left = Seen::new(GHL, Some(&order.id)).value("refunded").amount(money.refunded);
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value(state);
    if fulfillment.state.has_delivered() {
        let message =
            format!("{} for order {} were given back, and its goods are {state}", money.refunded, order.id);
        return Some(Difference::new(REFUND_BUT_DELIVERED, &order.id, left, right, message));
    }
    if is_under_way(&fulfillment.state) && connection.settings.cancel.when_refunded {
        let message = format!(
            "{} for order {} were given back, and its delivery is still {state}",
            money.refunded, order.id
        );
        let difference = Difference::new(REFUNDED_AND_DELIVERY_PLANNED, &order.id, left, right, message);
        let planned = is_planned(&fulfillment.state);
        return Some(if planned { difference.repaired(by_order(order)) } else { difference });
    }
    None
}

/// What the driver is to ask for against what is due.
fn asked(snapshot: &Snapshot, delivery: &Delivery, fulfillment: &Fulfillment) -> Option<Difference> {
    let Expected::Delivery(wanted) = &snapshot.expected else { return None };
    let currency = snapshot.order.total.currency;
    let due = Money::new(wanted.cod.map_or(Decimal::ZERO, |cod| cod.0), currency);
    let asked = Money::new(delivery.cod.map_or(Decimal::ZERO, |cod| cod.0), currency);
    if due.amount == asked.amount {
        return None;
    }
    let order = &snapshot.order;
    let message = format!("{due} are due for order {}, but the driver is to ask for {asked}", order.id);
    let left = Seen::new(GHL, Some(&order.id)).value("due").amount(due);
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value("asked for").amount(asked);
    let difference = Difference::new(CASH_DIFFERS, &order.id, left, right, message);
    Some(if is_planned(&fulfillment.state) { difference.repaired(by_order(order)) } else { difference })
}

/// What the driver brought against what was asked for. For a part of the goods a part of the money is in order.
fn collected(
    snapshot: &Snapshot,
    delivery: &Delivery,
    fulfillment: &Fulfillment,
) -> Result<Option<Difference>, Failure> {
    let order = &snapshot.order;
    let asked = Money::new(delivery.cod.map_or(Decimal::ZERO, |cod| cod.0), order.total.currency);
    let left = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value("asked for").amount(asked);
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref());
    let difference = |right: Seen, got: String| {
        let message = format!("the driver was to collect {asked} for order {}, and brought {got}", order.id);
        Some(Difference::new(CASH_DIFFERS, &order.id, left.clone(), right, message))
    };
    Ok(match (delivery.cash(), fulfillment.cash_collected) {
        (Cash::Unclear(text), _) => difference(right.value(&text), format!("{text:?}, which is no amount")),
        (_, Some(got)) => {
            let is_part =
                fulfillment.state == FulfillmentState::PartiallyDelivered && got.amount < asked.amount;
            // What came in otherwise in the meantime was not to be asked for again. Cash is what the driver brought.
            let cash = recorded(snapshot, |payment| payment.method.as_deref() == Some("cash"))?;
            let is_paid = !snapshot.due.amount.is_positive() && cash.amount <= got.amount;
            let is_settled = got.amount < asked.amount && is_paid;
            if got.amount == asked.amount || is_part || is_settled {
                None
            } else {
                difference(right.value("collected").amount(got), got.to_string())
            }
        }
        (_, None) => {
            let is_owed = asked.amount.is_positive() && snapshot.due.amount.is_positive();
            let whole = fulfillment.state == FulfillmentState::Delivered;
            if is_owed && whole {
                difference(right.value("nothing said"), "nothing that it tells of".to_owned())
            } else {
                None
            }
        }
    })
}

/// What the driver brought and GoHighLevel does not know of.
fn not_recorded(snapshot: &Snapshot, fulfillment: &Fulfillment) -> Result<Option<Difference>, Failure> {
    let order = &snapshot.order;
    let Some(collected) = fulfillment.cash_collected.filter(|cash| cash.amount.is_positive()) else {
        return Ok(None);
    };
    let recorded = recorded(snapshot, is_recorded)?;
    let missing = collected.checked_sub(recorded)?;
    let missing = if missing.amount > snapshot.due.amount { snapshot.due } else { missing };
    if !missing.amount.is_positive() {
        return Ok(None);
    }
    let message = format!(
        "the driver collected {collected} for order {}, of which {missing} are not recorded",
        order.id
    );
    let left = Seen::new(GHL, Some(&order.id)).value("recorded").amount(recorded);
    let right = Seen::new(TRACK_POD, Some(&fulfillment.id)).value("collected").amount(collected);
    let difference = Difference::new(CASH_NOT_RECORDED, &order.id, left, right, message);
    Ok(Some(difference.repaired(by_delivery(fulfillment))))
}

/// What came in for the order in the ways that `counts` tells.
fn recorded(snapshot: &Snapshot, counts: impl Fn(&Transaction) -> bool) -> Result<Money, Failure> {
    let currency = snapshot.order.total.currency;
    let mut sum = Money::zero(currency);
    for payment in captured(snapshot).filter(|payment| payment.amount.currency == currency && counts(payment))
    {
        sum = sum.checked_add(payment.amount)?;
    }
    Ok(sum)
}
