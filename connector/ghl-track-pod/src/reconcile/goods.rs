//! Goods: what was ordered, planned, delivered and written down.

use transload_flows::events::GHL;
use transload_flows::reconcile::goods::{told, totals};
use transload_flows::reconcile::{Difference, Seen};
use transload_model::{Decimal, Fulfillment, LineQuantity, newly_fulfilled};
use transload_sdk::Failure;
use transload_track_pod::{NewOrder, Order as Delivery};

use super::kinds::{FULFILLMENT_EXCEEDS_DELIVERY, FULFILLMENT_MISSING, QUANTITY_DIFFERS};
use super::snapshot::{Snapshot, is_planned};
use super::{TRACK_POD, by_delivery, by_order};
use crate::orders::Expected;

/// Differences in goods between an order and its delivery.
pub fn compare(snapshot: &Snapshot) -> Result<Vec<Difference>, Failure> {
    let Some((delivery, fulfillment)) = snapshot.delivery() else { return Ok(Vec::new()) };
    // Nothing of a collection comes to the customer, so nothing of it is written down as fulfilled.
    if delivery.kind == Some(1) {
        return Ok(Vec::new());
    }
    let delivered: Vec<LineQuantity> =
        fulfillment.lines.iter().map(|line| LineQuantity::new(&line.line_id, line.fulfilled)).collect();
    let mut found: Vec<Difference> = planned(snapshot, delivery, &fulfillment)?.into_iter().collect();
    let ordered = snapshot.ordered();
    let written = snapshot.written();
    let missing = newly_fulfilled(&ordered, &delivered, &written)?;
    if found.is_empty() && !missing.excess.is_empty() {
        found.push(differs(snapshot, &ordered, &delivered, "was delivered")?);
    }
    if !missing.lines.is_empty() {
        found.push(not_written(snapshot, &fulfillment, &missing.lines, &delivered, &written)?);
    }
    found.extend(not_delivered(snapshot, &fulfillment, &delivered, &written)?);
    Ok(found)
}

/// What is planned against what was ordered. What was delivered in part or refused was planned as well.
fn planned(
    snapshot: &Snapshot,
    delivery: &Delivery,
    fulfillment: &Fulfillment,
) -> Result<Option<Difference>, Failure> {
    let Expected::Delivery(wanted) = &snapshot.expected else { return Ok(None) };
    let (asked, planned) = (goods(wanted), quantities(delivery));
    if totals(&asked)? == totals(&planned)? {
        return Ok(None);
    }
    let difference = differs(snapshot, &asked, &planned, "is planned")?;
    // Track-POD takes no change of what the driver has dealt with.
    let repaired = is_planned(&fulfillment.state);
    Ok(Some(if repaired { difference.repaired(by_order(&snapshot.order)) } else { difference }))
}

fn differs(
    snapshot: &Snapshot,
    ordered: &[LineQuantity],
    other: &[LineQuantity],
    what: &str,
) -> Result<Difference, Failure> {
    let id = &snapshot.order.id;
    let (ordered, other) = (told(&snapshot.order, ordered)?, told(&snapshot.order, other)?);
    let message = format!("order {id} is for {ordered}, but {other} {what}");
    let (left, right) = (Seen::new(GHL, Some(id)).value(ordered), delivery_side(snapshot).value(other));
    Ok(Difference::new(QUANTITY_DIFFERS, id, left, right, message))
}

fn not_written(
    snapshot: &Snapshot,
    fulfillment: &Fulfillment,
    missing: &[LineQuantity],
    delivered: &[LineQuantity],
    written: &[LineQuantity],
) -> Result<Difference, Failure> {
    let id = &snapshot.order.id;
    let missing = told(&snapshot.order, missing)?;
    let message = format!("{missing} of order {id} were delivered and are not written down as fulfilled");
    let left = Seen::new(GHL, Some(id)).value(told(&snapshot.order, written)?);
    let right = delivery_side(snapshot).value(told(&snapshot.order, delivered)?);
    let difference = Difference::new(FULFILLMENT_MISSING, id, left, right, message);
    Ok(difference.repaired(by_delivery(fulfillment)))
}

/// What is written down beyond what was delivered. GoHighLevel's fulfilments cannot be lowered, so a person must look.
fn not_delivered(
    snapshot: &Snapshot,
    fulfillment: &Fulfillment,
    delivered: &[LineQuantity],
    written: &[LineQuantity],
) -> Result<Option<Difference>, Failure> {
    let delivered_totals = totals(delivered)?;
    let ordered = snapshot.ordered();
    let goods = totals(&ordered)?;
    let mut beyond = Vec::new();
    // What is not goods is fulfilled without a delivery.
    for (line, quantity) in totals(written)?.into_iter().filter(|(line, _)| goods.contains_key(line)) {
        let got = delivered_totals.get(line).copied().unwrap_or(Decimal::ZERO);
        if quantity > got {
            beyond.push(LineQuantity::new(line, quantity.checked_sub(got)?));
        }
    }
    if beyond.is_empty() {
        return Ok(None);
    }
    let id = &snapshot.order.id;
    let (state, beyond) = (fulfillment.state.describe(), told(&snapshot.order, &beyond)?);
    let message =
        format!("{beyond} of order {id} are written down as fulfilled, but its delivery is {state}");
    let left = Seen::new(GHL, Some(id)).value(told(&snapshot.order, written)?);
    let right = delivery_side(snapshot).value(told(&snapshot.order, delivered)?);
    Ok(Some(Difference::new(FULFILLMENT_EXCEEDS_DELIVERY, id, left, right, message)))
}

fn delivery_side(snapshot: &Snapshot) -> Seen {
    let track_id = snapshot.delivery().and_then(|(delivery, _)| delivery.track_id.clone());
    Seen::new(TRACK_POD, Some(track_id.as_ref().unwrap_or(&snapshot.order.id)))
}

fn goods(wanted: &NewOrder) -> Vec<LineQuantity> {
    let goods = wanted.goods_list.iter();
    goods.map(|goods| LineQuantity::new(&goods.order_line_id, goods.quantity.0)).collect()
}

fn quantities(delivery: &Delivery) -> Vec<LineQuantity> {
    let fulfillment = delivery.fulfillment(None);
    let planned = fulfillment.lines.iter();
    planned.map(|line| LineQuantity::new(&line.line_id, line.ordered.unwrap_or(Decimal::ZERO))).collect()
}
