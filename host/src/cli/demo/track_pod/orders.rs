//! The orders as they stand at the end.

use serde::Serialize;
use transload_sandbox::Json;

use super::Evidence;
use super::checks::deliveries;
use crate::cli::demo::evidence::{money, text};
use crate::cli::style;

/// One order, for people and for `--json`.
#[derive(Debug, Serialize)]
pub struct Row {
    order: String,
    total: String,
    payment: String,
    delivery: String,
    fulfillments: usize,
    notes: usize,
    revenue: String,
}

/// The orders of the story.
pub fn rows(evidence: &Evidence) -> Vec<Row> {
    let orders = &evidence.orders;
    [&orders.whole, &orders.partial, &orders.troubled].into_iter().map(|id| row(evidence, id)).collect()
}

fn row(evidence: &Evidence, id: &str) -> Row {
    let state = evidence.order(id);
    let delivery = deliveries(evidence, id);
    Row {
        order: id.to_owned(),
        total: state.map(|state| total(&state.order)).unwrap_or_default(),
        payment: state.map(|state| state.payment_status.clone()).unwrap_or_default(),
        delivery: delivery.first().map(|delivery| text(delivery, "Status").to_owned()).unwrap_or_default(),
        fulfillments: state.map(|state| state.fulfillments.len()).unwrap_or_default(),
        notes: evidence.notes(id).len(),
        revenue: evidence.revenue(id).map(|effect| effect.summary.clone()).unwrap_or_default(),
    }
}

fn total(order: &Json) -> String {
    money(order.get("amount").and_then(Json::as_decimal), text(order, "currency"))
}

/// The same for people.
pub fn table(rows: Vec<Row>) -> comfy_table::Table {
    let mut orders =
        style::table(&["Order", "Total", "Payment", "Delivery", "Fulfilments", "Notes", "Earned"]);
    for row in rows {
        let (fulfillments, notes) = (row.fulfillments.to_string(), row.notes.to_string());
        let earned = row.revenue.rsplit("net ").next().unwrap_or_default().to_owned();
        orders.add_row([row.order, row.total, row.payment, row.delivery, fulfillments, notes, earned]);
    }
    orders
}
