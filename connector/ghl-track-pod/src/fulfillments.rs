//! A delivery comes back: as a fulfilment, on the contact's timeline, as cash that was collected, as a message.

use transload_flows::fulfillments::{self, post_new, tell_of_refusal};
use transload_flows::progress::{self, Known};
use transload_flows::{notes, revenue};
use transload_model::{Fulfillment, FulfillmentState, Instant, Move, Order, OrderStatus, Progress};
use transload_sdk::{Failure, Receipt, Severity, Work, skipped};
use transload_track_pod::{Lookup, Order as Present};

use crate::payments;
use crate::settings::Connection;
use crate::{call_off, cash, messages, renewals, timeline};

/// A delivery as it was just read.
pub struct Seen<'a> {
    /// Our id of it in Track-POD: the order's, unless it is a renewal's.
    pub id: &'a str,
    /// Whether it is one of those that follow the first, for a subscription.
    pub renewal: bool,
    /// The order that it belongs to.
    pub order: &'a Order,
    /// GoHighLevel's own JSON of the order.
    pub raw: &'a str,
    /// As Track-POD tells it.
    pub present: &'a Present,
    /// The same in the model's terms.
    pub fulfillment: &'a Fulfillment,
}

/// Writes to GoHighLevel what Track-POD says of the delivery with our id `delivery_id`.
pub fn push(connection: &Connection, delivery_id: &str) -> Result<Receipt, Failure> {
    let order_id = renewals::order_of(delivery_id);
    let present = match connection.track_pod.order(delivery_id)? {
        Lookup::Found(present) => present,
        Lookup::Missing => return Ok(skipped(format!("Track-POD has no order {delivery_id}"))),
        Lookup::Deleted { by, at } => return deleted(connection, delivery_id, order_id, by, at),
    };
    let Some((order, raw)) = connection.ghl.order_with_raw(order_id)? else {
        return Ok(skipped(format!("Track-POD's order {delivery_id} is not GoHighLevel's")));
    };
    if !connection.settings.shop.mode.accepts(order.live) {
        return Ok(skipped(format!("the setting `mode` leaves order {order_id} out")));
    }
    let fulfillment = present.fulfillment(Some(order.total.currency));
    let reached = Progress::of(&fulfillment);
    let mut known = progress::load(connection.cx, delivery_id)?;
    let seen = Seen {
        id: delivery_id,
        renewal: order_id != delivery_id,
        order: &order,
        raw: &raw,
        present: &present,
        fulfillment: &fulfillment,
    };
    let work = match known.moved_by(&reached) {
        Move::Stale => return Ok(skipped(format!("delivery {delivery_id} had already come further"))),
        Move::Reversal => reversal(&mut known, delivery_id, &reached),
        // Quantities may be put right without a change of state, so the same state is looked at again.
        Move::Same | Move::Forward => {
            let work = write(connection, &mut known, &seen)?;
            known.reaches(reached);
            work
        }
    };
    progress::save(connection.cx, delivery_id, known)?;
    if work.is_empty() {
        let state = fulfillment.state.describe();
        return Ok(skipped(format!("delivery {delivery_id} is {state}: nothing to write")));
    }
    Ok(work.into())
}

/// The same for an action, behind which no further event runs that would send its messages.
pub fn push_now(connection: &Connection, delivery_id: &str) -> Result<Receipt, Failure> {
    messages::send_now(connection, push(connection, delivery_id)?)
}

/// Track-POD took back a finished delivery. GoHighLevel's fulfilments cannot be lowered, and lowering them unseen would hide it.
fn reversal(known: &mut Known, delivery_id: &str, reached: &Progress) -> Work {
    let (work, state) = (Work::default(), reached.state.describe());
    let when = reached.happened_at.map(|instant| instant.0.to_string()).unwrap_or_default();
    if !known.tells(&format!("reversed {} {state} {when}", reached.attempt)) {
        return work;
    }
    let text = format!(
        "Track-POD now says that delivery {delivery_id} is {state}, after it had been finished; GoHighLevel was left as it is"
    );
    work.alert(Severity::Critical, "delivery-reversed", delivery_id, text)
}

/// Track-POD has a tombstone where the delivery was. Nothing is delivered then, and nobody may have meant that.
fn deleted(
    connection: &Connection,
    delivery_id: &str,
    order_id: &str,
    by: Option<String>,
    at: Option<Instant>,
) -> Result<Receipt, Failure> {
    let gone = |what: &str| Ok(skipped(format!("delivery {delivery_id} was deleted in Track-POD{what}")));
    let mut known = progress::load(connection.cx, delivery_id)?;
    let before = known.progress.clone();
    if before.as_ref().is_some_and(|progress| progress.state == FulfillmentState::Cancelled) {
        return gone(", and that is known");
    }
    let Some(order) = connection.ghl.order(order_id)? else {
        return gone(", and GoHighLevel does not know it");
    };
    if !connection.settings.shop.mode.accepts(order.live) {
        return gone(", and the setting `mode` leaves its order out");
    }
    let attempt = before.as_ref().map_or(1, |progress| progress.attempt);
    let reached = Progress { state: FulfillmentState::Cancelled, attempt, happened_at: at };
    let work = if before.is_some_and(|progress| progress.state.has_delivered()) {
        reversal(&mut known, delivery_id, &reached)
    } else {
        known.reaches(reached);
        if called_off(connection, &order)? {
            progress::save(connection.cx, delivery_id, known)?;
            return gone(", as it should be: the order is called off");
        }
        tell_of_deletion(connection, delivery_id, &order, by)?
    };
    progress::save(connection.cx, delivery_id, known)?;
    if work.is_empty() {
        return gone(", and a person knows");
    }
    Ok(work.into())
}

fn tell_of_deletion(
    connection: &Connection,
    delivery_id: &str,
    order: &Order,
    by: Option<String>,
) -> Result<Work, Failure> {
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    let text = format!("The delivery was deleted in Track-POD{by}; it is not made again.");
    let mark = format!("cancelled {delivery_id}");
    let work = notes::write_once(connection, Work::default(), order.customer_id(), &mark, &text)?;
    let text = format!(
        "the delivery {delivery_id} was deleted in Track-POD{by}, and order {} still stands; plan it there by hand, or \
         cancel the order",
        order.id
    );
    Ok(work.alert(Severity::Warning, "delivery-deleted", delivery_id, text))
}

/// Whether the order is not to be delivered any more: then a delivery that ends is what was wanted.
fn called_off(connection: &Connection, order: &Order) -> Result<bool, Failure> {
    if order.status == OrderStatus::Cancelled || call_off::was_called_off(connection, &order.id)? {
        return Ok(true);
    }
    let record = revenue::load(connection.cx, &revenue::key(&order.id))?;
    let refunded = record.revenue.totals()?.iter().any(|totals| totals.refunded.amount.is_positive());
    // A deposit that was given back calls nothing off.
    Ok(refunded
        && connection.settings.cancel.when_refunded
        && payments::of(connection, order)?.all_given_back(order))
}

fn write(connection: &Connection, known: &mut Known, seen: &Seen) -> Result<Work, Failure> {
    let mut work = Work::default();
    let rejected = seen.fulfillment.state == FulfillmentState::Rejected;
    if rejected && !seen.renewal && called_off(connection, seen.order)? {
        return Ok(work);
    }
    let delivered = seen.fulfillment.state.has_delivered();
    // A renewal brings the order's goods once more; as fulfilments of the order they would be too many.
    if delivered && !seen.renewal {
        work = post_new(connection, work, known, (seen.order, seen.fulfillment))?;
    }
    work = tell_of_refusal(work, known, seen.order, seen.fulfillment);
    if let Some(text) = timeline::note(seen.order, seen.fulfillment, connection.cx.clock.now()) {
        let mark = fulfillments::mark(seen.id, seen.fulfillment);
        work = notes::write_once(connection, work, seen.order.customer_id(), &mark, &text)?;
    }
    if delivered {
        work = cash::settle(connection, work, known, seen)?;
    }
    messages::plan(connection, work, seen)
}

#[cfg(test)]
mod tests;
