//! What an order looks like from outside: the same until something changes that could make a difference.

use std::collections::BTreeMap;

use transload_model::{Fingerprint, FulfillmentStatus, Order, Transaction};

use crate::Shop;

/// An order's row in the list, with what else decides how it is compared: this release and the settings.
pub fn row(shop: &Shop, row: &Order) -> Fingerprint {
    Fingerprint::new()
        .and(env!("CARGO_PKG_VERSION"))
        .and(shop.cx.settings.get())
        .and(&row.id)
        .and(row.status.describe())
        .and_maybe(row.fulfillment.as_ref().map(fulfillment))
        .and(row.total)
        .and(row.live)
        .and_maybe(row.updated_at.map(|at| at.0))
}

/// A payment.
pub fn payment(payment: &Transaction) -> Fingerprint {
    Fingerprint::new()
        .and(payment.status.describe())
        .and(payment.amount)
        .and_maybe(payment.refunded)
        .and(payment.live)
        .and_maybe(payment.charge_id.as_deref())
        .and_maybe(payment.updated_at.map(|at| at.0))
}

/// All of it: the row, the payments by id, and the counterpart in the other system.
pub fn whole(row: Fingerprint, payments: &BTreeMap<String, String>, other: &str) -> Fingerprint {
    let paid = payments.iter().fold(row, |before, (id, print)| before.and(id).and(print));
    paid.and(other)
}

fn fulfillment(status: &FulfillmentStatus) -> &str {
    match status {
        FulfillmentStatus::Unfulfilled => "unfulfilled",
        FulfillmentStatus::PartiallyFulfilled => "partially fulfilled",
        FulfillmentStatus::Fulfilled => "fulfilled",
        FulfillmentStatus::Cancelled => "cancelled",
        FulfillmentStatus::Other(text) => text,
    }
}
