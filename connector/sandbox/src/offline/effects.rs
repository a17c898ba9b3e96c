//! What connectors have written, typed and without JSON, for a judge that counts.

use std::collections::{BTreeMap, HashMap};

use transload_model::Decimal;

use crate::ghl::invoices::Invoice;
use crate::ghl::payments::{EntityKind, Taken, Transaction};
use crate::ghl::store::{Order as GhlOrder, price_of};
use crate::json::{Json, Object};
use crate::rankr::effects::RankrEffects;
use crate::state::State;
use crate::track_pod::store::{Key, Order};

/// Everything that connectors write, by the object it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Track-POD's orders by their `Id`, oldest first, deleted ones too; those without an `Id` under the empty text.
    pub delivery_orders: BTreeMap<String, Vec<DeliveryOrder>>,
    /// The fulfilments of each GHL order by its id, oldest first. An order without any has an empty list.
    pub fulfillments: BTreeMap<String, Vec<GhlFulfillment>>,
    /// Fulfilments of each GHL order, by its id, of which GHL was to tell the customer itself.
    pub notices: BTreeMap<String, usize>,
    /// Payments that were recorded by hand, by the GHL order's id, oldest first. Orders without any are not in it.
    pub payments: BTreeMap<String, Vec<RecordedPayment>>,
    /// What each subscription in GHL was charged by its id, oldest first, tries too. One never charged has an empty list.
    pub charges: BTreeMap<String, Vec<GhlCharge>>,
    /// GHL's invoices by their id.
    pub invoices: BTreeMap<String, GhlInvoice>,
    /// The texts of each GHL contact's notes by its id, oldest first. A contact without any has an empty list.
    pub notes: BTreeMap<String, Vec<String>>,
    /// The messages to each GHL contact by its id, oldest first.
    pub messages: BTreeMap<String, Vec<SentMessage>>,
    /// Each GHL contact's tags by its id, in the order in which they came.
    pub tags: BTreeMap<String, Vec<String>>,
    /// The ids of the workflows to which each GHL contact was added, once for each time.
    pub workflows: BTreeMap<String, Vec<String>>,
    /// The records of custom objects by their schema's key, oldest first.
    pub records: BTreeMap<String, Vec<GhlRecord>>,
    /// The opportunities, oldest first.
    pub opportunities: Vec<GhlOpportunity>,
    /// What Rankr holds.
    pub rankr: RankrEffects,
}

/// A payment that GHL did not take itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPayment {
    /// The transaction's id.
    pub id: String,
    /// How much, in the order's currency.
    pub amount: Decimal,
    /// `cash`, `card`, `cheque`, `bank_transfer` or `other`.
    pub mode: String,
    /// The members of `meta`: strings as they are, other values as JSON.
    pub meta: BTreeMap<String, String>,
}

/// A charge of a subscription, or a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlCharge {
    /// The transaction's id.
    pub id: String,
    /// The id of the order that it belongs to.
    pub order: String,
    /// How much.
    pub amount: Decimal,
    /// `succeeded`, `failed`, …
    pub status: String,
}

/// An invoice in GHL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlInvoice {
    /// The id of the order that it bills.
    pub order: Option<String>,
    /// `draft`, `sent`, `payment_processing`, `paid`, `void` or `partially_paid`.
    pub status: String,
    /// What it asks for.
    pub total: Decimal,
    /// What has been paid; what was given back is still in it.
    pub paid: Decimal,
}

/// A message to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The vendor's id.
    pub id: String,
    /// `SMS`, `Email`, …
    pub kind: String,
    /// An e-mail's subject.
    pub subject: Option<String>,
    /// The text; an e-mail's HTML if it has no text.
    pub text: String,
}

/// A record of a custom object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlRecord {
    /// The vendor's id.
    pub id: String,
    /// Its properties: strings as they are, other values as JSON.
    pub properties: BTreeMap<String, String>,
}

/// An opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlOpportunity {
    /// The vendor's id.
    pub id: String,
    /// The contact's id.
    pub contact: String,
    /// What it is called.
    pub name: String,
    /// `open`, `won`, `lost` or `abandoned`.
    pub status: String,
    /// Its value.
    pub value: Option<Decimal>,
}

/// An order in Track-POD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOrder {
    /// The vendor's id.
    pub track_id: String,
    /// The order's number.
    pub number: String,
    /// Whether it was deleted.
    pub removed: bool,
    /// How often the API was asked to reject it, and did.
    pub rejections: usize,
    /// 1 in progress, 2 not delivered (site), 3 delivered, 4 partially, 5 not delivered (order); none before that.
    pub status: Option<i64>,
    /// Cash to collect, in the order's currency.
    pub cod: Option<Decimal>,
    /// The lines, as sent.
    pub lines: Vec<DeliveredLine>,
}

/// A line of an order in Track-POD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredLine {
    /// `OrderLineId`, the caller's own.
    pub id: Option<String>,
    /// What is to be delivered.
    pub quantity: Option<Decimal>,
    /// What was accepted, once there is an outcome.
    pub accepted: Option<Decimal>,
}

/// A fulfilment in GHL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlFulfillment {
    /// The vendor's id.
    pub id: String,
    /// What was fulfilled.
    pub items: Vec<GhlItem>,
    /// The tracking numbers that were given.
    pub tracking_numbers: Vec<String>,
}

/// An item of a fulfilment in GHL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhlItem {
    /// The id of the price, by which GHL tells lines apart.
    pub price: String,
    /// How much of it.
    pub quantity: Decimal,
}

impl Effects {
    pub(super) fn of(state: &State) -> Self {
        let mut effects = Self::default();
        for order in state.track_pod.orders.iter().filter(|order| !order.forgotten) {
            let id = order.id().unwrap_or_default().to_owned();
            effects.delivery_orders.entry(id).or_default().push(delivery_order(order));
        }
        for order in state.ghl.orders.iter() {
            effects.fulfillments.insert(order.id().to_owned(), fulfillments_of(order));
            effects.notices.insert(order.id().to_owned(), order.notices);
        }
        effects.read_money(state);
        effects.read_contacts(state);
        for record in state.ghl.records.iter() {
            let schema = record.str("objectKey").unwrap_or_default().to_owned();
            effects.records.entry(schema).or_default().push(record_of(record));
        }
        effects.rankr = RankrEffects::of(&state.rankr);
        effects.opportunities = state.ghl.opportunities.iter().map(opportunity).collect();
        effects
    }

    fn read_money(&mut self, state: &State) {
        let invoices = state.ghl.invoices.iter();
        self.invoices = invoices.map(|invoice| (invoice.id().to_owned(), invoice_of(invoice))).collect();
        let mut subscriptions = HashMap::new();
        for subscription in state.ghl.subscriptions.iter() {
            let id = subscription.document.str("_id").unwrap_or_default();
            subscriptions.insert(subscription.document.str("subscriptionId").unwrap_or_default(), id);
            self.charges.insert(id.to_owned(), Vec::new());
        }
        for transaction in state.ghl.payments.all.iter() {
            if let (Taken::ByHand { record }, EntityKind::Order) = (&transaction.taken, transaction.kind) {
                let payments = self.payments.entry(transaction.entity.clone()).or_default();
                payments.push(recorded(transaction, record));
            }
            let subscription = transaction.subscription.as_deref();
            if let Some(id) = subscription.and_then(|one| subscriptions.get(one)) {
                self.charges.entry((*id).to_owned()).or_default().push(charge(transaction));
            }
        }
    }

    fn read_contacts(&mut self, state: &State) {
        for (id, contact) in &state.ghl.contacts {
            self.notes.insert(id.clone(), notes(state, id));
            self.messages.insert(id.clone(), contact.messages.iter().map(message).collect());
            self.workflows.insert(id.clone(), contact.workflows.clone());
            let tags = contact.document.get("tags").and_then(Json::as_array).unwrap_or_default();
            let tags = tags.iter().filter_map(Json::as_str).map(str::to_owned);
            self.tags.insert(id.clone(), tags.collect());
        }
    }
}

fn recorded(transaction: &Transaction, record: &Object) -> RecordedPayment {
    RecordedPayment {
        id: transaction.id.clone(),
        amount: amount(transaction),
        mode: record.str("mode").unwrap_or_default().to_owned(),
        meta: texts(record.get("meta")),
    }
}

fn invoice_of(invoice: &Invoice) -> GhlInvoice {
    GhlInvoice {
        order: invoice.order.clone(),
        status: invoice.status().to_owned(),
        total: invoice.total(),
        paid: invoice.paid(),
    }
}

fn charge(transaction: &Transaction) -> GhlCharge {
    GhlCharge {
        id: transaction.id.clone(),
        order: transaction.entity.clone(),
        amount: amount(transaction),
        status: transaction.status.clone(),
    }
}

/// The fake takes no amount that is not one.
fn amount(transaction: &Transaction) -> Decimal {
    transaction.amount.decimal().unwrap_or(Decimal::ZERO)
}

fn message(message: &Object) -> SentMessage {
    let member = |name| message.str(name).map(str::to_owned);
    SentMessage {
        id: member("id").unwrap_or_default(),
        kind: member("type").unwrap_or_default(),
        subject: member("subject"),
        text: member("message").or(member("html")).unwrap_or_default(),
    }
}

fn record_of(record: &Object) -> GhlRecord {
    let id = record.str("id").unwrap_or_default().to_owned();
    GhlRecord { id, properties: texts(record.get("properties")) }
}

fn opportunity(opportunity: &Object) -> GhlOpportunity {
    let member = |name| opportunity.str(name).unwrap_or_default().to_owned();
    GhlOpportunity {
        id: member("id"),
        contact: member("contactId"),
        name: member("name"),
        status: member("status"),
        value: opportunity.get("monetaryValue").and_then(Json::as_decimal),
    }
}

fn texts(object: Option<&Json>) -> BTreeMap<String, String> {
    let members = object.and_then(Json::as_object).into_iter().flat_map(Object::iter);
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.map(|(name, value)| (name.to_owned(), text(value))).collect()
}

pub(super) fn delivery_orders(state: &State, id: &str) -> Vec<DeliveryOrder> {
    state.track_pod.with_key(Key::Id(id)).map(delivery_order).collect()
}

pub(super) fn fulfillments(state: &State, order: &str) -> Vec<GhlFulfillment> {
    state.ghl.order(order).map(fulfillments_of).unwrap_or_default()
}

pub(super) fn notes(state: &State, contact: &str) -> Vec<String> {
    let notes = state.ghl.contacts.get(contact).map(|contact| contact.notes.as_slice()).unwrap_or_default();
    notes.iter().map(|note| note.str("body").unwrap_or_default().to_owned()).collect()
}

fn delivery_order(order: &Order) -> DeliveryOrder {
    let line = |(index, line): (usize, &Json)| DeliveredLine {
        id: text(line, "OrderLineId"),
        quantity: line.get("Quantity").and_then(Json::as_decimal),
        accepted: order.facts.get(index).and_then(|fact| fact.quantity.decimal()),
    };
    DeliveryOrder {
        track_id: order.track_id.clone(),
        number: order.number().to_owned(),
        removed: order.removed.is_some(),
        rejections: order.rejections,
        status: order.status.as_ref().map(|status| status.id),
        cod: order.fields.get("COD").and_then(Json::as_decimal),
        lines: order.goods().iter().enumerate().map(line).collect(),
    }
}

fn fulfillments_of(order: &GhlOrder) -> Vec<GhlFulfillment> {
    order.fulfillments.iter().map(fulfillment).collect()
}

fn fulfillment(fulfillment: &Object) -> GhlFulfillment {
    let list = |name| fulfillment.get(name).and_then(Json::as_array).unwrap_or_default();
    let item = |item: &Json| GhlItem {
        price: price_of(item).unwrap_or_default().to_owned(),
        // The fake lets in positive numbers only, so each is there and is one.
        quantity: item.get("qty").and_then(Json::as_decimal).unwrap_or(Decimal::ZERO),
    };
    GhlFulfillment {
        id: fulfillment.str("_id").unwrap_or_default().to_owned(),
        items: list("items").iter().map(item).collect(),
        tracking_numbers: list("trackings").iter().filter_map(|one| text(one, "trackingNumber")).collect(),
    }
}

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::as_str).map(str::to_owned)
}
