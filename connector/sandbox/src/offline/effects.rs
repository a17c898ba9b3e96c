//! What connectors have written, typed and without JSON, for a judge that counts.

use std::collections::BTreeMap;

use transload_model::Decimal;

use crate::ghl::store::{Order as GhlOrder, price_of};
use crate::json::{Json, Object};
use crate::state::State;
use crate::track_pod::store::Order;

/// Everything that connectors write, by the object it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Track-POD's orders by their `Id`, oldest first, deleted ones too; those without an `Id` under the empty text.
    pub delivery_orders: BTreeMap<String, Vec<DeliveryOrder>>,
    /// The fulfilments of each GHL order by its id, oldest first. An order without any has an empty list.
    pub fulfillments: BTreeMap<String, Vec<GhlFulfillment>>,
    /// The texts of each GHL contact's notes by its id, oldest first. A contact without any has an empty list.
    pub notes: BTreeMap<String, Vec<String>>,
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
        for order in &state.track_pod.orders {
            let id = order.id().unwrap_or_default().to_owned();
            effects.delivery_orders.entry(id).or_default().push(delivery_order(order));
        }
        for order in &state.ghl.orders {
            let id = order.document.str("_id").unwrap_or_default().to_owned();
            effects.fulfillments.insert(id, fulfillments_of(order));
        }
        let contacts = state.ghl.contacts.keys();
        effects.notes = contacts.map(|id| (id.clone(), notes(state, id))).collect();
        effects
    }
}

pub(super) fn delivery_orders(state: &State, id: &str) -> Vec<DeliveryOrder> {
    state.track_pod.with_id(id).map(delivery_order).collect()
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
