//! The merchant and the customer: orders, payments, refunds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::types::{ContactState, GhlSnapshot, OrderState, Pay, PlaceOrder, Placed, Refund};
use super::{Answer, Refused, body, done, invalid, missing, no_such_path, ok};
use crate::ghl;
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
        _ => Err(no_such_path(request)),
    }
}

/// The body of a change of status.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: String,
}

/// The id of something that was made.
#[derive(Serialize)]
struct Made {
    id: String,
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
    let (id, completed) = state.ghl.pay(order, pay.amount, status, &mut state.ids, now)?;
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
    let transaction = state.ghl.transaction(id);
    let shown = transaction.and_then(|transaction| ghl::transaction_shown(&state.ghl, transaction));
    Ok(shown.into())
}

fn object(document: Json) -> Result<Object, Refused> {
    match document {
        Json::Object(object) => Ok(object),
        _ => Err(invalid("an object is expected")),
    }
}

/// All data of GHL.
pub(super) fn snapshot(state: &State) -> GhlSnapshot {
    let ghl = &state.ghl;
    let orders = ghl.orders.iter().map(|order| OrderState {
        order: order.document.clone().into(),
        fulfillments: order.fulfillments.iter().cloned().map(Json::from).collect(),
        captured: order.captured.into(),
        refunded: order.refunded.into(),
        payment_status: order.payment_status().to_owned(),
    });
    let contacts = ghl.contacts.values().map(|contact| ContactState {
        contact: contact.document.clone().into(),
        notes: contact.notes.iter().cloned().map(Json::from).collect(),
    });
    let transactions = ghl.transactions.iter().filter_map(|one| ghl::transaction_shown(ghl, one));
    GhlSnapshot {
        orders: orders.collect(),
        transactions: transactions.collect(),
        contacts: contacts.collect(),
    }
}
