//! The merchant and the customer: orders, payments, refunds.

use jiff::Timestamp;
use serde::Deserialize;

use super::invoices;
use super::plant::{self, Made};
use super::types::{ContactState, GhlSnapshot, OrderState, Pay, PlaceOrder, Placed, Refund};
use super::{Answer, Refused, body, done, invalid, missing, object, ok};
use crate::ghl;
use crate::ghl::payments::NewPayment;
use crate::json::{Json, Object};
use crate::message::Request;
use crate::state::State;

/// An order with the amounts of the vendor's own OrderCreate sample (150.10 USD = 138 + 12.10 tax, two lines of 17 and
/// 121); goods, names and ids are ours.
const SAMPLE: &str = include_str!("../ghl/sample-order.json");

pub(super) fn route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", ["orders"]) => ok(&place(state, body(request)?, now)?),
        ("POST", ["orders", id, "payments"]) => ok(&Made { id: pay(state, id, body(request)?, now)? }),
        ("PUT", ["orders", id, "status"]) => {
            let change: NewStatus = body(request)?;
            ok(&set_status(state, id, &change.status, now)?)
        }
        ("POST", ["transactions", id, "refunds"]) => ok(&refund(state, id, body(request)?, now)?),
        ("PUT", ["contacts", id]) => {
            state.ghl.put_contact(id, &object(body(request)?)?)?;
            done()
        }
        (_, ["invoices", rest @ ..]) => invoices::route(state, rest, request, now),
        _ => plant::ghl_route(state, route, request, now),
    }
}

/// The body of a change of status.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: String,
}

/// Places an order.
pub(crate) fn place(state: &mut State, order: PlaceOrder, now: Timestamp) -> Result<Placed, Refused> {
    let document = match order.order {
        Some(document) => document,
        None => Json::parse(SAMPLE).map_err(|error| invalid(error.to_string()))?,
    };
    let id = state.ghl.place(object(document)?, &mut state.ids, now)?;
    if order.webhook {
        ghl::emit(state, "OrderCreate", &id, now);
    }
    let contact = state.ghl.order(&id).and_then(|order| order.document.str("contactId"));
    Ok(Placed { contact_id: contact.map(str::to_owned), id })
}

/// Pays an order, or tries to; the transaction's id.
pub(crate) fn pay(state: &mut State, order: &str, pay: Pay, now: Timestamp) -> Result<String, Refused> {
    let status = pay.status.as_deref().unwrap_or("succeeded");
    let payment = NewPayment { amount: pay.amount, status, taken: None, subscription: None };
    let (id, completed) = state.ghl.pay(order, payment, &mut state.ids, now)?;
    if completed {
        ghl::emit(state, "OrderStatusUpdate", order, now);
    }
    Ok(id)
}

/// Sets an order's status; the order.
pub(crate) fn set_status(state: &mut State, id: &str, status: &str, now: Timestamp) -> Result<Json, Refused> {
    state.ghl.set_status(id, status, now)?;
    ghl::emit(state, "OrderStatusUpdate", id, now);
    let order = state.ghl.order(id).ok_or_else(|| missing(format!("there is no order {id}")))?;
    Ok(order.document.clone().into())
}

/// Refunds a transaction, which is returned.
pub(crate) fn refund(state: &mut State, id: &str, refund: Refund, now: Timestamp) -> Result<Json, Refused> {
    state.ghl.refund(id, refund.amount, now)?;
    Ok(state.ghl.payments.get(id).map(ghl::transaction_shown).into())
}

/// All data of GHL.
pub(super) fn snapshot(state: &State) -> GhlSnapshot {
    let ghl = &state.ghl;
    let orders = ghl.orders.iter().map(|order| OrderState {
        order: order.document.clone().into(),
        fulfillments: all(&order.fulfillments),
        captured: order.captured.into(),
        refunded: order.refunded.into(),
        payment_status: order.payment_status().to_owned(),
    });
    let contacts = ghl.contacts.values().map(|contact| ContactState {
        contact: contact.document.clone().into(),
        notes: all(&contact.notes),
        messages: all(&contact.messages),
        workflows: contact.workflows.clone(),
    });
    GhlSnapshot {
        orders: orders.collect(),
        transactions: ghl.payments.all.iter().map(ghl::transaction_shown).collect(),
        subscriptions: ghl.subscriptions.iter().map(ghl::subscription_shown).collect(),
        invoices: all(ghl.invoices.iter().map(|invoice| &invoice.document)),
        contacts: contacts.collect(),
        providers: all(&ghl.providers.0),
        records: all(ghl.records.iter()),
        opportunities: all(ghl.opportunities.iter()),
    }
}

fn all<'a>(documents: impl IntoIterator<Item = &'a Object>) -> Vec<Json> {
    documents.into_iter().cloned().map(Json::from).collect()
}
