//! What an order looks like from outside: the same until something changes that could make a difference.

use std::collections::BTreeMap;

use transload_model::{FulfillmentStatus, Order, Transaction};
use transload_track_pod::{Lookup, Order as Delivery};

use crate::settings::Connection;
use transload_model::Fingerprint;

/// An order's row in the list.
pub fn row(connection: &Connection, row: &Order) -> Fingerprint {
    Fingerprint::new()
        .and(env!("CARGO_PKG_VERSION"))
        .and(connection.cx.settings.get())
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

/// What there is of an order's delivery.
pub fn lookup(lookup: &Lookup) -> String {
    match lookup {
        Lookup::Missing => "missing".to_owned(),
        Lookup::Deleted { .. } => "deleted".to_owned(),
        Lookup::Found(found) => delivery(found).to_string(),
    }
}

/// A delivery.
pub fn delivery(delivery: &Delivery) -> Fingerprint {
    let texts = [
        &delivery.track_id,
        &delivery.number,
        &delivery.date,
        &delivery.cod_actual,
        &delivery.status_date,
        &delivery.change_date,
        &delivery.route_number,
        &delivery.route_status,
        &delivery.load_status,
    ];
    let head = texts.into_iter().fold(Fingerprint::new(), |before, text| before.and_maybe(text.as_deref()));
    let head = head.and_maybe(delivery.kind).and_maybe(delivery.status_id).and_maybe(delivery.cod);
    delivery.goods_list.iter().fold(head, |before, goods| {
        before
            .and_maybe(goods.order_line_id.as_deref())
            .and_maybe(goods.quantity)
            .and_maybe(goods.quantity_fact)
    })
}

/// All of it: the row, the payments by id, and the delivery.
pub fn whole(row: Fingerprint, payments: &BTreeMap<String, String>, delivery: &str) -> Fingerprint {
    let paid = payments.iter().fold(row, |before, (id, print)| before.and(id).and(print));
    paid.and(delivery)
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
