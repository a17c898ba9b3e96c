//! Money: what is owed, captured, given back, asked for at the door, collected there and recorded.

use transload_ghl::is_recorded;
use transload_model::{Decimal, Fulfillment, FulfillmentState, Money, OrderStatus, Transaction};
use transload_sdk::Failure;
use transload_track_pod::{Cash, Order as Delivery};

use super::finding::{Difference, GHL, Kind, Seen, TRACK_POD};
use super::snapshot::{Snapshot, is_open, is_planned, is_under_way};
use crate::orders::Expected;
use crate::settings::Connection;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Differences in money between an order, its payments and its delivery.
pub fn compare(connection: &Connection, snapshot: &Snapshot) -> Result<Vec<Difference>, Failure> {
    let mut found = strangers(snapshot);
    let has_strangers = !found.is_empty();
    let (doubled, doubled_sum) = doubled(snapshot)?;
    found.extend(doubled);
    // What is missing because a payment is of another currency or mode is told once.
    let paid = paid(snapshot, doubled_sum)?;
    found.extend(paid.filter(|paid| !has_strangers || paid.kind() != Kind::PaymentNotCaptured));
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

/// Payments in another currency or of another mode than the order's: they pay for nothing of it.
fn strangers(snapshot: &Snapshot) -> Vec<Difference> {
    let order = &snapshot.order;
    let mode = |live: bool| if live { "live" } else { "test" };
    let mut found = Vec::new();
    for payment in captured(snapshot) {
        let (id, amount) = (&payment.id, payment.amount);
        let left = Seen::new(GHL, Some(&order.id)).amount(order.total);
        let right = Seen::new(GHL, Some(id)).amount(amount);
        if payment.live != order.live {
            let message = format!(
                "order {} is {}, but payment {id} of {amount} is {}",
                order.id,
                mode(order.live),
                mode(payment.live)
            );
            let (left, right) = (left.value(mode(order.live)), right.value(mode(payment.live)));
            found.push(Difference::new(Kind::TestLiveMix, &order.id, left, right, message));
        } else if amount.currency != order.total.currency {
            let message =
                format!("order {} is for {}, but payment {id} is of {amount}", order.id, order.total);
            found.push(Difference::new(Kind::CurrencyDiffers, &order.id, left, right, message));
        }
    }
    found
}

/// Payments that were made twice, and what the second ones come to: those of one charge, and those that leave the order overpaid
/// by just their amount a day or less after the same amount was paid in the same way.
fn doubled(snapshot: &Snapshot) -> Result<(Vec<Difference>, Money), Failure> {
    let order = &snapshot.order;
    let is_ours = |payment: &&Transaction| {
        payment.amount.currency == order.total.currency && payment.live == order.live
    };
    let mut payments: Vec<&Transaction> = captured(snapshot).filter(is_ours).collect();
    payments.sort_by_key(|payment| (payment.created_at, &payment.id));
    let overpaid = snapshot.payments.captured.checked_sub(order.total)?;
    let mut sum = Money::zero(order.total.currency);
    let mut found = Vec::new();
    for (place, payment) in payments.iter().enumerate() {
        let earlier = payments.iter().take(place);
        let same_charge =
            |first: &&&Transaction| payment.charge_id.is_some() && first.charge_id == payment.charge_id;
        let charged_twice = earlier.clone().find(same_charge);
        let alike = |first: &&&Transaction| {
            let days = (first.created_at, payment.created_at);
            first.amount == payment.amount
                && first.method == payment.method
                && matches!(days, (Some(first), Some(second)) if second.0 - first.0 <= DAY_MS)
        };
        let is_too_much = sum.checked_add(payment.amount)?.amount <= overpaid.amount;
        let paid_twice = earlier.clone().find(alike).filter(|_| is_too_much);
        let Some(first) = charged_twice.or(paid_twice) else { continue };
        sum = sum.checked_add(payment.amount)?;
        let message = format!(
            "payments {} and {} of {} for order {} look like one",
            first.id, payment.id, payment.amount, order.id
        );
        let (left, right) = (Seen::new(GHL, Some(&first.id)), Seen::new(GHL, Some(&payment.id)));
        let (left, right) = (left.amount(first.amount), right.amount(payment.amount));
        let difference = Difference::new(Kind::DuplicatePayment, &order.id, left, right, message);
        found.push(if charged_twice.is_some() { difference } else { difference.suggested() });
    }
    Ok((found, sum))
}

/// What GoHighLevel calls paid against what was captured. GoHighLevel's order tells no payment status, but a completed one is
/// settled.
fn paid(snapshot: &Snapshot, doubled: Money) -> Result<Option<Difference>, Failure> {
    let (order, captured) = (&snapshot.order, snapshot.payments.captured);
    let once = captured.checked_sub(doubled)?;
    let left = Seen::new(GHL, Some(&order.id)).amount(order.total);
    let right = Seen::new(GHL, None).amount(captured);
    if once.amount > order.total.amount {
        let message = format!("order {} is for {}, but {captured} were captured", order.id, order.total);
        return Ok(Some(Difference::new(Kind::PaidDiffers, &order.id, left, right, message)));
    }
    let cash = snapshot.delivery().and_then(|(_, fulfillment)| fulfillment.cash_collected);
    let accounted = once.amount.checked_add(cash.map_or(Decimal::ZERO, |cash| cash.amount))?;
    if order.status == OrderStatus::Completed && accounted < order.total.amount {
        let message = format!(
            "order {} of {} is called completed, but {captured} were captured",
            order.id, order.total
        );
        let difference =
            Difference::new(Kind::PaymentNotCaptured, &order.id, left.value("completed"), right, message);
        return Ok(Some(difference));
    }
    Ok(None)
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
        return Some(Difference::new(Kind::RefundButDelivered, &order.id, left, right, message));
    }
    if is_under_way(&fulfillment.state) && connection.settings.cancel.when_refunded {
        let message = format!(
            "{} for order {} were given back, and its delivery is still {state}",
            money.refunded, order.id
        );
        let difference = Difference::new(Kind::RefundedAndDeliveryPlanned, &order.id, left, right, message);
        let planned = is_planned(&fulfillment.state);
        return Some(if planned { difference.repaired_by_order(order) } else { difference });
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
    let difference = Difference::new(Kind::CashDiffers, &order.id, left, right, message);
    Some(if is_planned(&fulfillment.state) { difference.repaired_by_order(order) } else { difference })
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
        Some(Difference::new(Kind::CashDiffers, &order.id, left.clone(), right, message))
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
    let difference = Difference::new(Kind::CashNotRecorded, &order.id, left, right, message);
    Ok(Some(difference.repaired_by_delivery(fulfillment)))
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
