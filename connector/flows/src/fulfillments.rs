//! What was delivered is written down in GoHighLevel, whoever delivered it.

use transload_ghl::NewFulfillment;
use transload_model::{Fulfillment, FulfillmentState, LineQuantity, Order, newly_fulfilled};
use transload_sdk::{Failure, Severity, Verb, Work};

use crate::Shop;
use crate::events::GHL;
use crate::progress::Known;

/// Posts a fulfilment of what is delivered and not written down yet, whoever wrote it down. What was delivered
/// beyond the order is told to a person, once, and not posted.
pub fn post_new(
    shop: &Shop,
    work: Work,
    known: &mut Known,
    (order, fulfillment): (&Order, &Fulfillment),
) -> Result<Work, Failure> {
    let written: Vec<LineQuantity> = if shop.settings.writes {
        shop.ghl.fulfillments(&order.id)?.into_iter().flat_map(|posted| posted.lines).collect()
    } else {
        Vec::new()
    };
    let ordered: Vec<LineQuantity> =
        order.lines.iter().map(|line| LineQuantity::new(&line.id, line.quantity)).collect();
    let new = newly_fulfilled(&ordered, &fulfilled(fulfillment), &written)?;
    let mut work = work;
    for excess in &new.excess {
        if known.tells(&format!("too much {}×{}", excess.quantity.normalized(), excess.line_id)) {
            let text = format!(
                "{} of line {} were delivered beyond what order {} asks for",
                excess.quantity, excess.line_id, order.id
            );
            work = work.alert(Severity::Warning, "delivered-too-much", &order.id, text);
        }
    }
    if !shop.settings.writes {
        return Ok(work);
    }
    if new.lines.is_empty() {
        let summary = "all that was delivered is written down";
        return Ok(work.effect(Verb::Verified, GHL, "fulfillment", &order.id, summary));
    }
    let summary = format!("fulfilled {}", counted(&new.lines, order));
    let posted = NewFulfillment {
        lines: new.lines,
        tracking: fulfillment.tracking.clone(),
        notify_customer: shop.settings.notify_customer,
    };
    let id = shop.ghl.create_fulfillment(&order.id, &posted)?;
    let link = fulfillment.tracking.first().and_then(|tracking| tracking.url.clone());
    Ok(work.effect(Verb::Created, GHL, "fulfillment", &id, summary).link(link))
}

/// Goods that come back with the driver have to be dealt with by a person, all of them or some: they are told of it, once.
pub fn tell_of_refusal(work: Work, known: &mut Known, order: &Order, fulfillment: &Fulfillment) -> Work {
    let text = if fulfillment.state == FulfillmentState::Rejected {
        let reason = fulfillment.reason.as_deref().unwrap_or("no reason given");
        format!("the customer got none of order {}: {reason}", order.id)
    } else {
        let refused = refused(order, fulfillment);
        if refused.is_empty() {
            return work;
        }
        format!("of order {}, the customer did not accept {}", order.id, refused.join("; "))
    };
    if !known.tells(&format!("refused {} {text}", fulfillment.attempt)) {
        return work;
    }
    work.alert(Severity::Warning, "goods-rejected", &order.id, text)
}

/// What tells a note of a delivery from others of it: state, attempt, and what was delivered, because a partial delivery
/// may grow.
pub fn mark(delivery_id: &str, fulfillment: &Fulfillment) -> String {
    let quantities: Vec<String> = fulfilled(fulfillment)
        .iter()
        .map(|line| format!("{}×{}", line.quantity.normalized(), line.line_id))
        .collect();
    let mark = format!(
        "{} {delivery_id} attempt {} {}",
        fulfillment.state.describe(),
        fulfillment.attempt,
        quantities.join(" ")
    );
    mark.trim_end().to_owned()
}

/// The lines of which something was delivered.
pub fn fulfilled(fulfillment: &Fulfillment) -> Vec<LineQuantity> {
    let lines = fulfillment.lines.iter().filter(|line| line.fulfilled.is_positive());
    lines.map(|line| LineQuantity::new(&line.line_id, line.fulfilled)).collect()
}

/// What of a delivery that took place was not accepted, with the driver's reasons: `1 × Coat (Damaged)`.
pub fn refused(order: &Order, fulfillment: &Fulfillment) -> Vec<String> {
    if !fulfillment.state.has_delivered() {
        return Vec::new();
    }
    let short = fulfillment.lines.iter().filter_map(|line| {
        let (reason, ordered) = (line.reason.as_deref()?, line.ordered?);
        let missing = ordered.checked_sub(line.fulfilled).ok().filter(|missing| missing.is_positive())?;
        let missing = [LineQuantity::new(&line.line_id, missing)];
        Some(format!("{} ({reason})", counted(&missing, order)))
    });
    short.collect()
}

/// `2 × Coffee, 1 × Mug`.
pub fn counted(lines: &[LineQuantity], order: &Order) -> String {
    let name = |id: &str| {
        order.lines.iter().find(|line| line.id == id).map_or_else(|| id.to_owned(), |line| line.name.clone())
    };
    let parts: Vec<String> = lines
        .iter()
        .map(|line| format!("{} × {}", line.quantity.normalized(), name(&line.line_id)))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests;
