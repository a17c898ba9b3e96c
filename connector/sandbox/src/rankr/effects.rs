//! What the order sink holds, typed and without JSON, for a judge that counts.

use std::collections::BTreeMap;

use transload_model::Decimal;

use super::kind::RankrKind;
use super::store::{Collection, Rankr, Record};
use crate::json::{Json, Object};

/// What the order sink holds, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RankrEffects {
    /// The orders.
    pub orders: BTreeMap<String, RankrRecord>,
    /// The fulfilments of each order by its id, oldest first. An order without any has an empty list.
    pub fulfillments: BTreeMap<String, Vec<RankrFulfillment>>,
    /// Fulfilments that were posted with `notifyCustomer`, by the order's id. Orders without any are not in it.
    pub notices: BTreeMap<String, usize>,
    /// The transactions.
    pub transactions: BTreeMap<String, RankrRecord>,
    /// The subscriptions.
    pub subscriptions: BTreeMap<String, RankrRecord>,
    /// The invoices.
    pub invoices: BTreeMap<String, RankrRecord>,
    /// Events that were sent, by type.
    pub events: BTreeMap<String, u64>,
}

/// An order, a transaction, a subscription or an invoice. What the kind has not, or what was not told, is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RankrRecord {
    /// Milliseconds since 1970 of the source's last change.
    pub version: u64,
    /// The status, in the contract's word.
    pub status: String,
    /// `amount`.
    pub amount: Option<Decimal>,
    /// `currency`.
    pub currency: Option<String>,
    /// `amountPaid`.
    pub paid: Option<Decimal>,
    /// `amountRefunded`.
    pub refunded: Option<Decimal>,
    /// `amountDue`.
    pub due: Option<Decimal>,
    /// `paymentStatus`.
    pub payment_status: Option<String>,
    /// `fulfillmentStatus`.
    pub fulfillment_status: Option<String>,
    /// `orderId` of what is no order.
    pub order: Option<String>,
    /// `nextChargeAt`.
    pub next_charge: Option<String>,
    /// The lines of an order.
    pub lines: Vec<RankrLine>,
    /// Writes of the API that were accepted for it, those that changed nothing too.
    pub writes: u64,
}

/// A line of an order or of a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankrLine {
    /// `lineId`.
    pub id: String,
    /// `quantity`.
    pub quantity: Option<Decimal>,
}

/// A fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankrFulfillment {
    /// `fulfillmentId`.
    pub id: String,
    /// The status, in the contract's word.
    pub status: String,
    /// Who made it: `ghl`, `sink` or nobody known.
    pub origin: Option<String>,
    /// `trackingNumber`.
    pub tracking_number: Option<String>,
    /// What was fulfilled.
    pub lines: Vec<RankrLine>,
}

impl RankrEffects {
    pub(crate) fn of(rankr: &Rankr) -> Self {
        let ids = rankr.orders.iter().map(|(id, _)| id.to_owned());
        let told = rankr.fulfillments.iter().filter(|(_, of_order)| of_order.notices > 0);
        Self {
            orders: records(RankrKind::Order, &rankr.orders),
            fulfillments: ids.map(|id| (id.clone(), fulfillments(rankr, &id))).collect(),
            notices: told.map(|(id, of_order)| (id.clone(), of_order.notices)).collect(),
            transactions: records(RankrKind::Transaction, &rankr.transactions),
            subscriptions: records(RankrKind::Subscription, &rankr.subscriptions),
            invoices: records(RankrKind::Invoice, &rankr.invoices),
            events: rankr.events.clone(),
        }
    }
}

fn records(kind: RankrKind, collection: &Collection) -> BTreeMap<String, RankrRecord> {
    collection.iter().map(|(id, one)| (id.to_owned(), record(kind, one))).collect()
}

/// The object of that kind and id.
pub(crate) fn find(rankr: &Rankr, kind: RankrKind, id: &str) -> Option<RankrRecord> {
    rankr.of(kind).get(id).map(|one| record(kind, one))
}

/// The fulfilments of an order, oldest first.
pub(crate) fn fulfillments(rankr: &Rankr, order: &str) -> Vec<RankrFulfillment> {
    let list = rankr.fulfillments.get(order).map(|of_order| of_order.list.as_slice()).unwrap_or_default();
    list.iter().map(fulfillment).collect()
}

fn record(kind: RankrKind, record: &Record) -> RankrRecord {
    let document = &record.document;
    let text = |name| document.str(name).map(str::to_owned);
    let amount = |name| decimal(document.get(name));
    RankrRecord {
        version: record.version(),
        status: text("status").unwrap_or_default(),
        amount: amount("amount"),
        currency: text("currency"),
        paid: amount("amountPaid"),
        refunded: amount("amountRefunded"),
        due: amount("amountDue"),
        payment_status: text("paymentStatus"),
        fulfillment_status: text("fulfillmentStatus"),
        order: text("orderId").filter(|_| kind != RankrKind::Order),
        next_charge: text("nextChargeAt"),
        lines: lines(document),
        writes: record.writes,
    }
}

fn fulfillment(document: &Object) -> RankrFulfillment {
    let text = |name| document.str(name).map(str::to_owned);
    RankrFulfillment {
        id: text("fulfillmentId").unwrap_or_default(),
        status: text("status").unwrap_or_default(),
        origin: text("origin"),
        tracking_number: text("trackingNumber"),
        lines: lines(document),
    }
}

fn lines(document: &Object) -> Vec<RankrLine> {
    let lines = document.get("lines").and_then(Json::as_array).unwrap_or_default();
    let line = |line: &Json| RankrLine {
        id: line.get("lineId").and_then(Json::as_str).unwrap_or_default().to_owned(),
        quantity: decimal(line.get("quantity")),
    };
    lines.iter().map(line).collect()
}

fn decimal(value: Option<&Json>) -> Option<Decimal> {
    value.and_then(Json::as_str).and_then(|text| text.parse().ok())
}
