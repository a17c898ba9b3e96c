//! Objects for tests: the examples of the contract's document, and any that the sink can hold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use transload_model::{
    Address, Currency, Decimal, Entity, FulfilledLine, Fulfillment, Instant, Invoice, Line, Money, Order,
    Party, Subscription, Tracking, Transaction,
};

use crate::words::Words;
use crate::{SinkFulfillment, SinkInvoice, SinkOrder, SinkSubscription, SinkTransaction, VERSION_MAX};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../openapi.json")).unwrap());

/// The contract's document.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// The document's example of the schema `name`.
pub(crate) fn example(name: &str) -> Value {
    document()["components"]["schemas"][name]["examples"][0].clone()
}

/// The same as text.
pub(crate) fn example_text(name: &str) -> String {
    example(name).to_string()
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    "[a-zé0-9]([a-zA-Zé0-9 /~\"\\\\-]{0,8}[a-z0-9])?"
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (0..=i64::MAX, 0..=Decimal::EXPONENT_MAX)
        .prop_map(|(units, exponent)| Decimal::new(units, exponent).unwrap())
}

fn instant() -> impl Strategy<Value = Instant> {
    // 9999-12-31T23:59:59.999Z by `date -ud … +%s`.
    (0..=253_402_300_799_999_u64).prop_map(Instant)
}

fn version() -> impl Strategy<Value = u64> {
    0..=VERSION_MAX
}

fn currency() -> impl Strategy<Value = Currency> {
    select(&["USD", "JPY", "KWD"][..]).prop_map(|code| code.parse().unwrap())
}

fn status<S: Words + std::fmt::Debug>() -> impl Strategy<Value = S> {
    let mut all: Vec<S> = S::WORDS.iter().map(|(_, status)| status.clone()).collect();
    all.push(S::other("lost at sea".to_owned()));
    select(all)
}

fn party() -> impl Strategy<Value = Option<Party>> {
    (of(text()), of(text()), of(text()), of(text())).prop_map(|(id, name, email, phone)| {
        let party = Party { id, name, email, phone, address: None };
        (party != Party::default()).then_some(party)
    })
}

/// A customer of whom only the id is held.
fn payer() -> impl Strategy<Value = Option<Party>> {
    of(text()).prop_map(|id| id.map(|id| Party { id: Some(id), ..Party::default() }))
}

fn address() -> impl Strategy<Value = Option<Address>> {
    (vec(text(), 0..3), of(text()), of(text()), of(text()), of(text())).prop_map(
        |(lines, city, region, postal_code, country)| {
            let address = Address { lines, city, region, postal_code, country };
            (address != Address::default()).then_some(address)
        },
    )
}

fn line() -> impl Strategy<Value = (Line, Option<Decimal>)> {
    (text(), of(text()), text(), decimal(), of(signed())).prop_map(|(id, sku, name, quantity, price)| {
        (Line { id, sku, name, quantity, unit_price: None, physical: None }, price)
    })
}

prop_compose! {
    pub(crate) fn any_order()(
        (id, number, note) in (text(), of(text()), of(text())),
        (status, payment, fulfillment) in (status(), of(status()), of(status())),
        (unit, total, paid, refunded) in (currency(), decimal(), of(signed()), of(signed())),
        (customer, ship_to, lines) in (party(), address(), vec(line(), 0..3)),
        (live, created_at, updated_at) in (any::<bool>(), of(instant()), of(instant())),
        version in version(),
        extra in btree_map(text(), text(), 0..3),
    ) -> SinkOrder {
        let money = |amount| Money::new(amount, unit);
        let lines = lines.into_iter().map(|(line, price)| Line { unit_price: price.map(money), ..line });
        let order = Order {
            id, number, status, payment, fulfillment, total: money(total), paid: paid.map(money),
            subtotal: None, discount: None, tax: None, shipping: None, billed_by: None,
            customer, ship_to, lines: lines.collect(), note, live, created_at, updated_at,
        };
        SinkOrder { order, version, refunded: refunded.map(money), extra, received_at: None, fulfillments_at: None }
    }
}

prop_compose! {
    pub(crate) fn any_fulfillment()(
        (id, order_id, state) in (text(), text(), status()),
        (number, carrier, url) in (of(text()), of(text()), of(text())),
        lines in vec((text(), decimal()), 0..3),
        (origin, reason) in (of(text()), of(text())),
        (happened_at, updated_at) in (of(instant()), of(instant())),
    ) -> SinkFulfillment {
        let tracking = Tracking { number, carrier, url };
        let lines = lines.into_iter();
        let fulfillment = Fulfillment {
            id, order_id, state, attempt: 1,
            lines: lines.map(|(line_id, fulfilled)| FulfilledLine { line_id, ordered: None, fulfilled, reason: None }).collect(),
            tracking: if tracking == Tracking::default() { Vec::new() } else { vec![tracking] },
            proof: None, cash_collected: None, reason, happened_at, estimated_at: None,
        };
        SinkFulfillment { fulfillment, origin, notify_customer: false, updated_at }
    }
}

prop_compose! {
    pub(crate) fn any_transaction()(
        (id, status, unit, amount, refunded) in (text(), status(), currency(), decimal(), of(decimal())),
        (order, invoice, subscription) in (of(text()), of(text()), of(text())),
        (customer, method, charge_id) in (payer(), of(text()), of(text())),
        (live, created_at, updated_at) in (any::<bool>(), instant(), of(instant())),
        version in version(),
    ) -> SinkTransaction {
        let settles = [order.map(Entity::Order), invoice.map(Entity::Invoice), subscription.map(Entity::Subscription)];
        let transaction = Transaction {
            id, amount: Money::new(amount, unit), refunded: refunded.map(|amount| Money::new(amount, unit)), status,
            settles: settles.into_iter().flatten().collect(), customer, method, charge_id, live,
            created_at: Some(created_at), updated_at,
        };
        SinkTransaction { transaction, version, received_at: None }
    }
}

prop_compose! {
    pub(crate) fn any_subscription()(
        (id, status, order_id, period) in (text(), status(), of(text()), of(text())),
        (unit, amount, customer) in (currency(), of(decimal()), payer()),
        (next_charge_at, ended_at, created_at, updated_at) in (of(instant()), of(instant()), of(instant()), of(instant())),
        (last_charge_at, last_transaction_id) in (of(instant()), of(text())),
        (live, version) in (any::<bool>(), version()),
    ) -> SinkSubscription {
        let subscription = Subscription {
            id, status, order_id, amount: amount.map(|amount| Money::new(amount, unit)), period, customer,
            next_charge_at, ended_at, live, created_at, updated_at,
        };
        SinkSubscription { subscription, version, last_charge_at, last_transaction_id, received_at: None }
    }
}

prop_compose! {
    pub(crate) fn any_invoice()(
        (id, number, status, order_id) in (text(), of(text()), status(), of(text())),
        (unit, total, paid, due) in (currency(), decimal(), of(signed()), of(signed())),
        (customer, due_at, created_at, updated_at) in (payer(), of(instant()), of(instant()), of(instant())),
        (live, version) in (any::<bool>(), version()),
    ) -> SinkInvoice {
        let money = |amount| Money::new(amount, unit);
        let invoice = Invoice {
            id, number, status, order_id, total: money(total), paid: paid.map(money), due: due.map(money), customer,
            due_at, live, created_at, updated_at,
        };
        SinkInvoice { invoice, version, received_at: None }
    }
}

/// Amounts that may be below zero.
fn signed() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0..=Decimal::EXPONENT_MAX)
        .prop_map(|(units, exponent)| Decimal::new(units, exponent).unwrap())
}

/// Settings' names from pairs.
pub(crate) fn names(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, other)| (name.to_owned(), other.to_owned())).collect()
}
