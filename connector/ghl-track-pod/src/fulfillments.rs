//! A delivery comes back as a fulfilment.

use transload_ghl::NewFulfillment;
use transload_model::{Fulfillment, FulfillmentState, LineQuantity, Move, Order, Progress, newly_fulfilled};
use transload_sdk::{Failure, Receipt, Severity, Verb, Work, skipped};
use transload_track_pod::Lookup;

use crate::orders::contact_id;
use crate::settings::Connection;
use crate::{notes, progress};

/// Writes to GoHighLevel what Track-POD says was newly delivered of the order `order_id`.
pub fn push(connection: &Connection, order_id: &str) -> Result<Receipt, Failure> {
    let delivery = match connection.track_pod.order(order_id)? {
        Lookup::Found(delivery) => delivery,
        Lookup::Missing => return Ok(skipped(format!("Track-POD has no order {order_id}"))),
        Lookup::Deleted { .. } => return Ok(skipped(format!("order {order_id} was deleted in Track-POD"))),
    };
    let Some(order) = connection.ghl.order(order_id)? else {
        return Ok(skipped(format!("Track-POD's order {order_id} is not GoHighLevel's")));
    };
    let fulfillment = delivery.fulfillment(Some(order.total.currency));
    let reached = Progress::of(&fulfillment);
    let known = progress::load(connection.cx, order_id)?;
    match known.as_ref().map(|known| known.progress.moved_by(&reached)) {
        Some(Move::Stale) => return Ok(skipped(format!("order {order_id} had already come further"))),
        Some(Move::Reversal) => return Ok(reversal(&fulfillment)),
        // Quantities may be put right without a change of state, so the same state is looked at again.
        Some(Move::Same | Move::Forward) | None => {}
    }
    let work = write(connection, &order, &fulfillment)?;
    progress::save(connection.cx, order_id, &reached, known)?;
    if work.is_empty() {
        return Ok(skipped(format!(
            "order {order_id} is {}: nothing to write",
            fulfillment.state.describe()
        )));
    }
    Ok(work.into())
}

/// Track-POD took back a finished delivery. GoHighLevel's fulfilments cannot be lowered, and lowering them unseen would hide it.
fn reversal(fulfillment: &Fulfillment) -> Receipt {
    let text = format!(
        "Track-POD now says that order {} is {}, after it had been finished; GoHighLevel was left as it is",
        fulfillment.order_id,
        fulfillment.state.describe()
    );
    Work::default().alert(Severity::Critical, "delivery-reversed", &fulfillment.order_id, text).into()
}

fn write(connection: &Connection, order: &Order, fulfillment: &Fulfillment) -> Result<Work, Failure> {
    let work = Work::default();
    match fulfillment.state {
        FulfillmentState::Delivered | FulfillmentState::PartiallyDelivered => {
            let work = post_new(connection, work, order, fulfillment)?;
            note(connection, work, order, fulfillment)
        }
        FulfillmentState::AttemptFailed => note(connection, work, order, fulfillment),
        FulfillmentState::Rejected => {
            let reason = fulfillment.reason.as_deref().unwrap_or("no reason given");
            let text = format!("the customer got none of order {}: {reason}", order.id);
            note(
                connection,
                work.alert(Severity::Warning, "goods-rejected", &order.id, text),
                order,
                fulfillment,
            )
        }
        _ => Ok(work),
    }
}

/// Posts a fulfilment of what is delivered and not written down yet, whoever wrote it down.
fn post_new(
    connection: &Connection,
    work: Work,
    order: &Order,
    fulfillment: &Fulfillment,
) -> Result<Work, Failure> {
    let written: Vec<LineQuantity> =
        connection.ghl.fulfillments(&order.id)?.into_iter().flat_map(|posted| posted.lines).collect();
    let ordered: Vec<LineQuantity> =
        order.lines.iter().map(|line| LineQuantity::new(&line.id, line.quantity)).collect();
    let delivered: Vec<LineQuantity> =
        fulfillment.lines.iter().map(|line| LineQuantity::new(&line.line_id, line.fulfilled)).collect();
    let new = newly_fulfilled(&ordered, &delivered, &written)?;
    let mut work = work;
    for excess in &new.excess {
        let text = format!(
            "{} of line {} were delivered beyond what order {} asks for",
            excess.quantity, excess.line_id, order.id
        );
        work = work.alert(Severity::Warning, "delivered-too-much", &order.id, text);
    }
    if new.lines.is_empty() {
        return Ok(work.effect(
            Verb::Verified,
            "ghl",
            "fulfillment",
            &order.id,
            "all that was delivered is written down",
        ));
    }
    let summary = format!("fulfilled {}", counted(&new.lines, order));
    let posted = NewFulfillment {
        lines: new.lines,
        tracking: fulfillment.tracking.clone(),
        notify_customer: connection.settings.notify_customer,
    };
    let id = connection.ghl.create_fulfillment(&order.id, &posted)?;
    let link = fulfillment.tracking.first().and_then(|tracking| tracking.url.clone());
    Ok(work.effect(Verb::Created, "ghl", "fulfillment", &id, summary).link(link))
}

/// A note for each state of each attempt, and another when a partial delivery grows.
fn note(
    connection: &Connection,
    work: Work,
    order: &Order,
    fulfillment: &Fulfillment,
) -> Result<Work, Failure> {
    let delivered: Vec<LineQuantity> = fulfillment
        .lines
        .iter()
        .filter(|line| line.fulfilled.is_positive())
        .map(|line| LineQuantity::new(&line.line_id, line.fulfilled))
        .collect();
    let mut text = match fulfillment.state {
        FulfillmentState::Delivered => format!("Delivered: {}.", counted(&delivered, order)),
        FulfillmentState::PartiallyDelivered => format!("Delivered in part: {}.", counted(&delivered, order)),
        FulfillmentState::AttemptFailed => format!("Delivery attempt {} failed.", fulfillment.attempt),
        _ => "The delivery was refused.".to_owned(),
    };
    if let Some(reason) = &fulfillment.reason {
        text.push_str(&format!(" Reason: {reason}."));
    }
    if let Some(signed_by) = fulfillment.proof.as_ref().and_then(|proof| proof.signed_by.as_deref()) {
        text.push_str(&format!(" Signed by {signed_by}."));
    }
    if let Some(cash) = fulfillment.cash_collected {
        text.push_str(&format!(" Paid to the driver: {cash}."));
    }
    let quantities: Vec<String> =
        delivered.iter().map(|line| format!("{}×{}", line.quantity.normalized(), line.line_id)).collect();
    let mark = format!(
        "{} {} attempt {} {}",
        fulfillment.state.describe(),
        order.id,
        fulfillment.attempt,
        quantities.join(" ")
    );
    notes::write_once(connection, work, contact_id(order), mark.trim_end(), &text)
}

/// `2 × Coffee, 1 × Mug`.
fn counted(lines: &[LineQuantity], order: &Order) -> String {
    let name = |id: &str| {
        order.lines.iter().find(|line| line.id == id).map_or_else(|| id.to_owned(), |line| line.name.clone())
    };
    let parts: Vec<String> = lines
        .iter()
        .map(|line| format!("{} × {}", line.quantity.normalized(), name(&line.line_id)))
        .collect();
    parts.join(", ")
}
