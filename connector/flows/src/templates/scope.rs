//! What rules and templates see.
//!
//! Every documented member is always there: what is not known is `none`, which prints as nothing. A member that is not
//! documented is an error.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use transload_model::{Fulfillment, Instant, Line, Money, Order, Transaction};
use transload_sdk::Failure;
use transload_wire::time;

use super::exact::Exact;
use super::{json, sample};

/// The names of the members of `payment`.
const PAYMENT: [&str; 5] = ["id", "amount", "refunded", "method", "status"];
/// The names of the members of `delivery`.
const DELIVERY: [&str; 11] =
    ["state", "attempt", "link", "number", "reason", "signed_by", "comment", "cash", "lines", "eta", "day"];

/// An object with named members.
#[derive(Debug)]
struct Record(Vec<(&'static str, Value)>);

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(*name)).collect())
    }
}

fn record(members: Vec<(&'static str, Value)>) -> Value {
    Value::from_object(Record(members))
}

fn unknown(members: &[&'static str]) -> Value {
    let nothing = |name| if name == "lines" { Value::from(Vec::<Value>::new()) } else { none() };
    record(members.iter().map(|&name| (name, nothing(name))).collect())
}

fn none() -> Value {
    Value::from(())
}

fn text(text: Option<&str>) -> Value {
    text.map_or_else(none, Value::from)
}

fn amount(money: Option<Money>) -> Value {
    money.map_or_else(none, Exact::amount)
}

/// What the rules and templates of one call see: `order`, `raw`, `delivery`, `payment`.
#[derive(Debug, Clone)]
pub struct Scope {
    order: Value,
    raw: Value,
    delivery: Value,
    payment: Value,
}

impl Scope {
    /// The order and GoHighLevel's own JSON of it, with what was paid for it and is still due.
    pub fn of_order(order: &Order, raw: Option<&str>, paid: Money, due: Money) -> Self {
        Self {
            order: order_value(order, paid, due),
            raw: raw.map_or_else(none, json::value),
            delivery: unknown(&DELIVERY),
            payment: unknown(&PAYMENT),
        }
    }

    /// An order, a delivery and a payment to try rules and templates on, with every member known that there is.
    pub fn sample() -> Result<Self, Failure> {
        sample::scope()
    }

    /// The same of an order that there is.
    pub fn sample_of(order: &Order, raw: &str) -> Self {
        sample::scope_of(order, raw)
    }

    /// With how far the delivery has come.
    pub fn with_delivery(self, fulfillment: &Fulfillment, order: &Order) -> Self {
        Self { delivery: delivery_value(fulfillment, order), ..self }
    }

    /// With a payment.
    pub fn with_payment(self, transaction: &Transaction) -> Self {
        let payment = record(vec![
            ("id", Value::from(transaction.id.as_str())),
            ("amount", Exact::amount(transaction.amount)),
            (
                "refunded",
                Exact::amount(transaction.refunded.unwrap_or(Money::zero(transaction.amount.currency))),
            ),
            ("method", text(transaction.method.as_deref())),
            ("status", Value::from(transaction.status.describe())),
        ]);
        Self { payment, ..self }
    }

    /// All of it.
    pub(super) fn value(&self) -> Value {
        record(vec![
            ("order", self.order.clone()),
            ("raw", self.raw.clone()),
            ("delivery", self.delivery.clone()),
            ("payment", self.payment.clone()),
        ])
    }
}

/// Whether a line has to be delivered, as far as anyone knows: what the source does not speak of is taken for goods.
fn is_physical(line: &Line) -> bool {
    line.physical != Some(false) && line.quantity.is_positive()
}

fn order_value(order: &Order, paid: Money, due: Money) -> Value {
    let lines = order.lines.iter().map(|line| {
        record(vec![
            ("id", Value::from(line.id.as_str())),
            ("sku", text(line.sku.as_deref())),
            ("name", Value::from(line.name.as_str())),
            ("quantity", Exact::quantity(line.quantity)),
            ("unit_price", amount(line.unit_price)),
            ("physical", Value::from(is_physical(line))),
        ])
    });
    record(vec![
        ("id", Value::from(order.id.as_str())),
        ("number", Value::from(order.number.as_deref().unwrap_or(&order.id))),
        ("status", Value::from(order.status.describe())),
        ("total", Exact::amount(order.total)),
        ("paid", Exact::amount(paid)),
        ("due", Exact::amount(due)),
        ("currency", Value::from(order.total.currency.code())),
        ("physical", Value::from(order.lines.iter().any(is_physical))),
        ("lines", lines.collect()),
        ("customer", customer_value(order)),
        ("address", address_value(order)),
        ("note", text(order.note.as_deref())),
        ("live", Value::from(order.live)),
        ("created_at", order.created_at.map_or_else(none, moment)),
        ("created_on", order.created_at.and_then(time::format_date).map_or_else(none, Value::from)),
    ])
}

fn customer_value(order: &Order) -> Value {
    let customer = order.customer.as_ref();
    let member = |value: Option<&String>| text(value.map(String::as_str));
    record(vec![
        ("id", member(customer.and_then(|customer| customer.id.as_ref()))),
        ("name", member(customer.and_then(|customer| customer.name.as_ref()))),
        ("email", member(customer.and_then(|customer| customer.email.as_ref()))),
        ("phone", member(customer.and_then(|customer| customer.phone.as_ref()))),
    ])
}

fn address_value(order: &Order) -> Value {
    let address = order.delivery_address();
    let member = |value: Option<&String>| text(value.map(String::as_str));
    record(vec![
        ("street", address.map_or_else(none, |address| Value::from(address.lines.join(", ")))),
        ("city", member(address.and_then(|address| address.city.as_ref()))),
        ("region", member(address.and_then(|address| address.region.as_ref()))),
        ("postal_code", member(address.and_then(|address| address.postal_code.as_ref()))),
        ("country", member(address.and_then(|address| address.country.as_ref()))),
        ("line", address.map_or_else(none, |address| Value::from(address.one_line()))),
    ])
}

fn delivery_value(fulfillment: &Fulfillment, order: &Order) -> Value {
    let tracking = fulfillment.tracking.first();
    let proof = fulfillment.proof.as_ref();
    let name = |id: &str| {
        order.lines.iter().find(|line| line.id == id).map_or(id, |line| line.name.as_str()).to_owned()
    };
    let lines = fulfillment.lines.iter().map(|line| {
        record(vec![
            ("id", Value::from(line.line_id.as_str())),
            ("name", Value::from(name(&line.line_id))),
            ("quantity", Exact::quantity(line.fulfilled)),
            ("reason", text(line.reason.as_deref())),
        ])
    });
    record(vec![
        ("state", Value::from(fulfillment.state.describe())),
        ("attempt", Exact::quantity(i64::from(fulfillment.attempt).into())),
        ("link", text(tracking.and_then(|tracking| tracking.url.as_deref()))),
        ("number", text(tracking.and_then(|tracking| tracking.number.as_deref()))),
        ("reason", text(fulfillment.reason.as_deref())),
        ("signed_by", text(proof.and_then(|proof| proof.signed_by.as_deref()))),
        ("comment", text(proof.and_then(|proof| proof.note.as_deref()))),
        ("cash", amount(fulfillment.cash_collected)),
        ("lines", lines.collect()),
        ("eta", fulfillment.estimated_at.map_or_else(none, moment)),
        ("day", fulfillment.happened_at.and_then(time::format_date).map_or_else(none, Value::from)),
    ])
}

/// `2026-02-01 15:35`.
fn moment(instant: Instant) -> Value {
    let minutes = instant.0 / 60_000 % (24 * 60);
    let clock = |date| Value::from(format!("{date} {:02}:{:02}", minutes / 60, minutes % 60));
    time::format_date(instant).map_or_else(none, clock)
}
