//! Where an order and its delivery stand: missing, doubled, called off on one side only, or late.

use transload_flows::cursor::DAY_MS;
use transload_flows::events::GHL;
use transload_flows::reconcile::{Difference, Seen};
use transload_model::{FulfillmentState, OrderStatus};
use transload_sdk::Failure;
use transload_track_pod::Lookup;
use transload_wire::time;

use super::kinds::{LATE, ORDER_WITHOUT_DELIVERY, STATUS_DRIFT};
use super::snapshot::{Snapshot, is_planned, is_under_way};
use super::{TRACK_POD, by_order};
use crate::call_off;
use crate::orders::Expected;
use crate::settings::Connection;

/// How young an order may be that has no delivery yet: its webhook may still be on its way, or its event wait for a
/// vendor that is down for a moment.
const GRACE_MS: u64 = 10 * 60 * 1000;

/// How long a delivery may lie about that nobody has planned, in days from the order or from its own day, whichever is later.
const LATE_DAYS: u64 = 7;

/// Differences in where things stand.
pub fn compare(connection: &Connection, snapshot: &Snapshot, now: u64) -> Result<Vec<Difference>, Failure> {
    Ok(match &snapshot.lookup {
        Lookup::Missing => missing(connection, snapshot, now)?.into_iter().collect(),
        Lookup::Deleted { .. } if call_off::was_asked_for(connection, &snapshot.order.id)? => Vec::new(),
        Lookup::Deleted { .. } => deleted(snapshot).into_iter().collect(),
        Lookup::Found(_) => {
            let drifted = drifted(snapshot);
            drifted.into_iter().chain(late(snapshot, now)).collect()
        }
    })
}

/// From when on the snapshot is to be looked at again though nothing changed; none if never.
pub fn clean_until(snapshot: &Snapshot) -> Option<u64> {
    match (&snapshot.lookup, &snapshot.expected) {
        (Lookup::Missing, Expected::Delivery(_)) => Some(snapshot.order.created_at?.0 + GRACE_MS),
        (Lookup::Found(_), Expected::Delivery(_)) => late_at(snapshot),
        _ => None,
    }
}

fn missing(connection: &Connection, snapshot: &Snapshot, now: u64) -> Result<Option<Difference>, Failure> {
    let order = &snapshot.order;
    let is_young = order.created_at.is_some_and(|at| now < at.0 + GRACE_MS);
    if is_young || snapshot.is_fulfilled() {
        return Ok(None);
    }
    let (message, repaired) = match &snapshot.expected {
        Expected::Nothing => return Ok(None),
        Expected::Delivery(_) => (format!("order {} of {} has no delivery", order.id, order.total), true),
        Expected::Unclear(reason) => (format!("order {} has no delivery: {reason}", order.id), false),
    };
    // A person may have made the delivery by hand, under the order's number.
    let by_hand = connection.track_pod.orders_numbered(&order.id)?;
    if by_hand.iter().any(|delivery| delivery.id.is_none()) {
        return Ok(None);
    }
    let left = Seen::new(GHL, Some(&order.id)).value(order.status.describe()).amount(order.total);
    let right = Seen::new(TRACK_POD, None);
    let difference = Difference::new(ORDER_WITHOUT_DELIVERY, &order.id, left, right, message);
    Ok(Some(if repaired { difference.repaired(by_order(order)) } else { difference }))
}

/// Somebody deleted the delivery of an order that still wants one. It is not made again without a person.
fn deleted(snapshot: &Snapshot) -> Option<Difference> {
    let order = &snapshot.order;
    if !matches!(snapshot.expected, Expected::Delivery(_)) || snapshot.is_fulfilled() {
        return None;
    }
    let message = format!(
        "the delivery of order {} was deleted, but the order is {}",
        order.id,
        order.status.describe()
    );
    let left = Seen::new(GHL, Some(&order.id)).value(order.status.describe());
    let right = Seen::new(TRACK_POD, Some(&order.id)).value("deleted");
    Some(Difference::new(STATUS_DRIFT, &order.id, left, right, message))
}

/// The order is called off, and its delivery is not.
fn drifted(snapshot: &Snapshot) -> Option<Difference> {
    let order = &snapshot.order;
    let (delivery, fulfillment) = snapshot.delivery().filter(|_| order.status == OrderStatus::Cancelled)?;
    let state = fulfillment.state.describe();
    if !is_under_way(&fulfillment.state) && !fulfillment.state.has_delivered() {
        return None;
    }
    let message = format!("order {} is cancelled, but its delivery is {state}", order.id);
    let left = Seen::new(GHL, Some(&order.id)).value("cancelled");
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value(state);
    let difference = Difference::new(STATUS_DRIFT, &order.id, left, right, message);
    Some(if is_planned(&fulfillment.state) { difference.repaired(by_order(order)) } else { difference })
}

/// The order may go out, and nobody has planned it.
fn late(snapshot: &Snapshot, now: u64) -> Option<Difference> {
    let late_at = late_at(snapshot).filter(|late_at| now >= *late_at)?;
    let (delivery, _) = snapshot.delivery()?;
    let order = &snapshot.order;
    let days = LATE_DAYS + (now - late_at) / DAY_MS;
    let message = format!("the delivery of order {} has waited for {days} days to be planned", order.id);
    let placed = order.created_at.and_then(time::format_date).unwrap_or_default();
    // Values without the days waited, or it would be another finding every day.
    let left = Seen::new(GHL, Some(&order.id)).value(format!("placed on {placed}"));
    let right = Seen::new(TRACK_POD, delivery.track_id.as_deref()).value("not planned");
    Some(Difference::new(LATE, &order.id, left, right, message))
}

fn late_at(snapshot: &Snapshot) -> Option<u64> {
    let (delivery, fulfillment) = snapshot.delivery()?;
    let is_waiting =
        fulfillment.state == FulfillmentState::Created && matches!(snapshot.expected, Expected::Delivery(_));
    if !is_waiting {
        return None;
    }
    let placed = snapshot.order.created_at?.0;
    // Track-POD answers a day as a time: `2026-02-01T00:00:00`.
    let day = delivery.date.as_deref().and_then(|date| date.split('T').next());
    let day = day.and_then(|day| time::parse_naive(&format!("{day}T00:00:00"))).map_or(placed, |day| day.0);
    Some(placed.max(day) + LATE_DAYS * DAY_MS)
}
