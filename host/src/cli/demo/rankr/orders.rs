//! The orders as they stand at the end.

use serde::Serialize;
use transload_sandbox::RankrOrderState;

use super::Evidence;
use crate::cli::demo::evidence::{amount, money, text};
use crate::cli::style;

/// One order, for people and for `--json`: what Rankr has, but for what names GoHighLevel.
#[derive(Debug, Serialize)]
pub struct Row {
    order: String,
    total: String,
    paid: String,
    payment: String,
    status: String,
    ghl_fulfillments: usize,
    rankr_fulfillments: usize,
    notes: usize,
}

/// Rankr's order for one of GoHighLevel's.
pub fn held<'a>(evidence: &'a Evidence, id: &str) -> Option<&'a RankrOrderState> {
    evidence.snapshot.rankr.orders.iter().find(|state| text(&state.order, "orderId") == id)
}

/// The orders of the story.
pub fn rows(evidence: &Evidence) -> Vec<Row> {
    let story = &evidence.orders;
    [&story.whole, &story.recurring, &story.troubled].into_iter().map(|id| row(evidence, id)).collect()
}

fn row(evidence: &Evidence, id: &str) -> Row {
    let held = held(evidence, id);
    let member = |name| held.map(|state| text(&state.order, name).to_owned()).unwrap_or_default();
    let currency = member("currency");
    let worth = |name| held.map(|state| money(amount(&state.order, name), &currency)).unwrap_or_default();
    Row {
        order: id.to_owned(),
        total: worth("amount"),
        paid: worth("amountPaid"),
        payment: member("paymentStatus"),
        status: member("status"),
        ghl_fulfillments: evidence.order(id).map(|state| state.fulfillments.len()).unwrap_or_default(),
        rankr_fulfillments: held.map(|state| state.fulfillments.len()).unwrap_or_default(),
        notes: evidence.notes(id).len(),
    }
}

/// The same for people.
pub fn table(rows: Vec<Row>) -> comfy_table::Table {
    let mut orders =
        style::table(&["Order", "Total", "Paid", "Payment", "Status", "Sent (GHL, Rankr)", "Notes"]);
    for row in rows {
        let sent = format!("{}, {}", row.ghl_fulfillments, row.rankr_fulfillments);
        let notes = row.notes.to_string();
        orders.add_row([row.order, row.total, row.paid, row.payment, row.status, sent, notes]);
    }
    orders
}
