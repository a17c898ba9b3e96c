//! The merchant and the payer: invoices.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::plant::{Edit, Made, event};
use super::{Answer, Refused, body, done, invalid, missing, no_such_path, object, ok};
use crate::ghl;
use crate::ghl::billing::{Draft, InvoicePayment};
use crate::ghl::store::StoreError;
use crate::json::{Json, Number, Object};
use crate::message::Request;
use crate::state::State;

/// An invoice to make, as a draft.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    /// The id of the order that it bills, which gives what is not given here and then names the invoice as its source. An
    /// order is billed by one invoice that is not void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The contact's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The currency; USD without it and without an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The total; without it the sum of the items, and without those the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// What is billed; one item of the whole amount without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<InvoiceItem>,
    /// The day by which it is to be paid, `2026-02-01`; the day it is made without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

impl NewInvoice {
    /// An invoice for all of an order.
    pub fn of_order(order: &str) -> Self {
        Self { order: Some(order.to_owned()), ..Self::default() }
    }
}

/// An item of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceItem {
    /// What it is.
    pub name: String,
    /// How many.
    pub qty: Number,
    /// The price of one.
    pub amount: Number,
}

/// A payment of an invoice, or a try.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayInvoice {
    /// The amount in the invoice's currency; all that is due without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// The transaction's status; `succeeded` without it. Only that one counts as paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How it was paid elsewhere and recorded here: `cash`, `card`, `cheque`, `bank_transfer` or `other`. The payment
    /// provider took it without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

pub(super) fn route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", []) => ok(&Made { id: make(state, body(request)?, now)? }),
        ("PUT", [id]) => ok(&edit(state, id, body(request)?, now)?),
        ("DELETE", [id]) => {
            delete(state, id, now)?;
            done()
        }
        ("POST", [id, "send"]) => ok(&send(state, id, now)?),
        ("POST", [id, "payments"]) => ok(&Made { id: pay(state, id, body(request)?, now)? }),
        ("POST", [id, "void"]) => ok(&void(state, id, now)?),
        _ => Err(no_such_path(request)),
    }
}

/// Makes a draft; its id.
pub(crate) fn make(state: &mut State, new: NewInvoice, now: Timestamp) -> Result<String, Refused> {
    let no_date = |text: &str| invalid(format!("due {text:?}: write it as 2026-02-01"));
    let due = new.due.map(|text| text.parse::<Date>().map_err(|_| no_date(&text))).transpose()?;
    let item = |item: InvoiceItem| {
        let mut document = Object::default();
        document.set("name", item.name);
        document.set("qty", item.qty);
        document.set("amount", item.amount);
        document
    };
    let draft = Draft {
        order: new.order,
        contact: new.contact,
        currency: new.currency,
        amount: new.amount,
        items: new.items.into_iter().map(item).collect(),
        due,
    };
    let id = state.ghl.make_invoice(draft, &mut state.ids, now)?;
    tell(state, "InvoiceCreate", &id, now)?;
    Ok(id)
}

/// Sends an invoice, which is returned.
pub(crate) fn send(state: &mut State, id: &str, now: Timestamp) -> Result<Json, Refused> {
    state.ghl.send_invoice(id, now)?;
    tell(state, "InvoiceSent", id, now)
}

/// Pays an invoice, or tries to; the transaction's id.
pub(crate) fn pay(state: &mut State, id: &str, pay: PayInvoice, now: Timestamp) -> Result<String, Refused> {
    const MODES: [&str; 5] = ["cash", "card", "cheque", "bank_transfer", "other"];
    if let Some(mode) = pay.mode.as_deref().filter(|mode| !MODES.contains(mode)) {
        return Err(invalid(format!("mode {mode:?}: one of {}", MODES.join(", "))));
    }
    let record = pay.mode.map(|mode| {
        let mut record = Object::default();
        record.set("mode", mode);
        record
    });
    let status = pay.status.as_deref().unwrap_or("succeeded");
    let payment = InvoicePayment { amount: pay.amount, status, record };
    let settled = state.ghl.pay_invoice(id, payment, &mut state.ids, now)?;
    if let Some(event) = settled.event {
        tell(state, event, id, now)?;
    }
    if let Some(order) = settled.completed {
        ghl::emit(state, "OrderStatusUpdate", &order, now);
    }
    Ok(settled.transaction)
}

/// Calls an invoice off, which is returned.
pub(crate) fn void(state: &mut State, id: &str, now: Timestamp) -> Result<Json, Refused> {
    state.ghl.void_invoice(id, now).map_err(as_the_vendor)?;
    tell(state, "InvoiceVoid", id, now)
}

/// Replaces members of an invoice, which is returned.
pub(crate) fn edit(state: &mut State, id: &str, edit: Edit, now: Timestamp) -> Result<Json, Refused> {
    let event = event(edit.webhook)?;
    state.ghl.edit_invoice(id, &object(edit.members)?, now)?;
    match event {
        Some(event) => tell(state, &event, id, now),
        None => shown(state, id),
    }
}

/// Takes a draft away.
pub(crate) fn delete(state: &mut State, id: &str, now: Timestamp) -> Result<(), Refused> {
    let document = state.ghl.delete_invoice(id, now).map_err(as_the_vendor)?;
    ghl::emit_invoice(state, "InvoiceDelete", &document, now);
    Ok(())
}

/// What the vendor's own API refuses with a 400.
fn as_the_vendor(error: StoreError) -> Refused {
    match error {
        StoreError::Invalid(text) => invalid(text),
        error => error.into(),
    }
}

fn tell(state: &mut State, event: &str, id: &str, now: Timestamp) -> Result<Json, Refused> {
    let document = document(state, id)?;
    ghl::emit_invoice(state, event, &document, now);
    Ok(document.into())
}

fn shown(state: &State, id: &str) -> Result<Json, Refused> {
    Ok(document(state, id)?.into())
}

fn document(state: &State, id: &str) -> Result<Object, Refused> {
    let invoice = state.ghl.invoices.get(id);
    Ok(invoice.ok_or_else(|| missing(format!("there is no invoice {id}")))?.document.clone())
}
