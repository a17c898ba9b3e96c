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
        ("POST", ["orders"]) => place(state, body(request)?, now),
        ("POST", ["orders", id, "payments"]) => pay(state, id, body(request)?, now),
        ("PUT", ["orders", id, "status"]) => set_status(state, id, &body(request)?, now),
        ("POST", ["transactions", id, "refunds"]) => refund(state, id, body(request)?, now),
        ("PUT", ["contacts", id]) => {
            state.ghl.put_contact(id, &object(body(request)?)?)?;
            done()
        }
        _ => Err(no_such_path(request)),
    }
}

fn place(state: &mut State, order: PlaceOrder, now: Timestamp) -> Answer {
    let document = match order.order {
        Some(document) => document,
        None => Json::parse(SAMPLE).map_err(|error| invalid(error.to_string()))?,
    };
    let id = state.ghl.place(object(document)?, &mut state.ids, now)?;
    if order.webhook {
        ghl::emit(state, "OrderCreate", &id, now);
    }
    let contact = state.ghl.order(&id).and_then(|order| order.document.str("contactId"));
    ok(&Placed { contact_id: contact.map(str::to_owned), id })
}

fn pay(state: &mut State, order: &str, pay: Pay, now: Timestamp) -> Answer {
    #[derive(Serialize)]
    struct Paid {
        id: String,
    }
    let status = pay.status.as_deref().unwrap_or("succeeded");
    let (id, completed) = state.ghl.pay(order, pay.amount, status, &mut state.ids, now)?;
    if completed {
        ghl::emit(state, "OrderStatusUpdate", order, now);
    }
    ok(&Paid { id })
}

/// The body of a change of status.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: String,
}

fn set_status(state: &mut State, id: &str, change: &NewStatus, now: Timestamp) -> Answer {
    state.ghl.set_status(id, &change.status, now)?;
    ghl::emit(state, "OrderStatusUpdate", id, now);
    let order = state.ghl.order(id).ok_or_else(|| missing(format!("there is no order {id}")))?;
    ok(&order.document)
}

fn refund(state: &mut State, id: &str, refund: Refund, now: Timestamp) -> Answer {
    state.ghl.refund(id, refund.amount, now)?;
    let shown =
        state.ghl.transaction(id).and_then(|transaction| ghl::transaction_shown(&state.ghl, transaction));
    ok(&shown)
}

fn object(document: Json) -> Result<Object, Refused> {
    match document {
        Json::Object(object) => Ok(object),
        _ => Err(invalid("an object is expected")),
    }
}

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
