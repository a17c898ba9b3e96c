//! `GET /payments/transactions` and `GET /payments/transactions/{transactionId}`, which have different shapes, and
//! `POST /payments/orders/{orderId}/record-payment`, which makes one.

use http::StatusCode;
use jiff::Timestamp;

use super::orders::{contact_name, find, member};
use super::parameters::{Filter, check_location, own_location};
use super::payments::{NewPayment, Taken, Transaction};
use super::store::{Ghl, StoreError};
use super::{Call, Checks, Refusal};
use crate::ids::Ids;
use crate::json::{Json, Number, Object};
use crate::message::Reply;
use crate::state::State;

/// The account at the payment provider that took the payments: made up.
pub(super) const CONNECTED_ACCOUNT: &str = "6b1f00aa21c3d4e5f6a7b8c9";

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let filter = Filter::read(call)?;
    let parameter = |name| call.request.parameter(name);
    let (contact, subscription) = (parameter("contactId"), parameter("subscriptionId"));
    let (source, sub_source) = (parameter("entitySourceType"), parameter("entitySourceSubType"));
    let payments = &call.state.ghl.payments;
    let wanted = |transaction: &&Transaction| {
        let is = |name, wanted: &Option<String>| {
            wanted.is_none() || member(&transaction.origin, "source", name).as_str() == wanted.as_deref()
        };
        filter.accepts(transaction.created, transaction.live)
            && (subscription.is_none() || transaction.subscription == subscription)
            && (contact.is_none() || transaction.origin.str("contactId") == contact.as_deref())
            && is("type", &source)
            && is("subType", &sub_source)
    };
    let found: Vec<&Transaction> = match parameter("entityId") {
        Some(entity) => payments.of_entity(&entity).into_iter().rev().filter(wanted).collect(),
        None => payments.all.between(filter.from, filter.before).rev().filter(wanted).collect(),
    };
    let page = filter.page(&found, |transaction| list_item(transaction).into());
    Ok(call.reply(StatusCode::OK, page))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let transaction = call.state.ghl.payments.get(id);
    let transaction = transaction.ok_or_else(|| Refusal::bad_request("Transaction not found"))?;
    let detail = detail(transaction);
    Ok(call.reply(StatusCode::OK, detail))
}

/// Notes a payment that someone else took. There is no key against doubles, except that no more can be recorded than is due.
pub(super) fn record(call: &mut Call<'_>, order_id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    check_record(&body)?;
    own_location(call, body.str("altId").unwrap_or_default())?;
    let order = find(call, order_id)?;
    let due = order.due().map_err(|error| Refusal::bad_request(&error.to_string()))?;
    let amount = match body.get("amount") {
        Some(Json::Number(amount)) => amount.clone(),
        _ => due.into(),
    };
    if amount.decimal().is_none_or(|amount| amount > due) || !due.is_positive() {
        let text = format!("Amount {} is more than the due amount {due}", amount.text());
        return Err(Refusal::bad_request(&text));
    }
    let State { ghl, ids, .. } = &mut *call.state;
    let recorded = record_in(ghl, ids, order_id, amount, body, call.now);
    let (id, completed) = recorded.map_err(|error| match error {
        StoreError::Full(text) => Refusal::full(&text),
        StoreError::Missing(text) | StoreError::Invalid(text) => Refusal::bad_request(&text),
    })?;
    if completed {
        super::emit(call.state, "OrderStatusUpdate", order_id, call.now);
    }
    let mut reply = Object::default();
    reply.set("success", true);
    Ok(call.reply(StatusCode::OK, reply).about(&id))
}

/// Notes the payment. Returns the transaction's id, and whether the order's status changed to `completed` by it.
pub(crate) fn record_in(
    ghl: &mut Ghl,
    ids: &mut Ids,
    order: &str,
    amount: Number,
    record: Object,
    now: Timestamp,
) -> Result<(String, bool), StoreError> {
    let payment =
        NewPayment { amount: Some(amount), status: "succeeded", taken: Some(record), subscription: None };
    ghl.pay(order, payment, ids, now)
}

fn check_record(body: &Object) -> Result<(), Refusal> {
    let inner = |outer: &str, name: &str| body.get(outer).and_then(|value| value.get(name));
    let text = |outer, name| inner(outer, name).and_then(Json::as_str);
    let amount = body.get("amount").and_then(Json::as_decimal);
    let card = ["visa", "mastercard", "other"].contains(&text("card", "type").unwrap_or_default())
        && text("card", "last4").is_some();
    Checks::of(body)
        .location()
        .choice("mode", &["cash", "card", "cheque", "bank_transfer", "other"])
        .optional_numbers(&["amount"])
        .rule(amount.is_none_or(|amount| amount.is_positive()), "amount must be a positive number")
        .optional_texts(&["notes"])
        .optional_booleans(&["isPartialPayment"])
        .optional_objects(&["card", "cheque", "meta"])
        .rule(body.get("card").is_none() || card, "card must have a type and last4")
        .rule(
            body.get("cheque").is_none() || text("cheque", "number").is_some(),
            "cheque.number must be a string",
        )
        .end()
}

/// What list and detail have in common.
fn common(transaction: &Transaction) -> Object {
    let mut item = Object::default();
    item.set("_id", transaction.id.as_str());
    item.set_some("altId", transaction.origin.get("altId").cloned());
    item.set("altType", "location");
    item.set_some("contactId", transaction.origin.get("contactId").cloned());
    item.set_some("currency", transaction.origin.get("currency").cloned());
    item.set("amount", transaction.amount.clone());
    item.set("amountRefunded", transaction.refunded);
    item.set("status", transaction.status.as_str());
    item.set("liveMode", transaction.live);
    item.set("createdAt", format!("{:.3}", transaction.created));
    item.set("updatedAt", format!("{:.3}", transaction.updated));
    item.set("entityType", transaction.kind.name());
    item.set("entityId", transaction.entity.as_str());
    item.set_some("subscriptionId", transaction.subscription.clone());
    if let Taken::Provider { charge } = &transaction.taken {
        item.set("chargeId", charge.as_str());
        let snapshot = [("id", charge.as_str().into()), ("object", "charge".into())];
        item.set("chargeSnapshot", Json::object(snapshot));
    }
    item
}

/// An item of the list: source and provider are flat, and `fulfilledAt` is the time of the charge.
pub(super) fn list_item(transaction: &Transaction) -> Object {
    let mut item = common(transaction);
    flat_origin(&mut item, &transaction.origin);
    match &transaction.taken {
        Taken::Provider { .. } => {
            item.set("paymentProviderType", "stripe");
            item.set("paymentProviderConnectedAccount", CONNECTED_ACCOUNT);
            let card = Json::object([("brand", "visa".into()), ("last4", "4242".into())]);
            item.set("paymentMethod", Json::object([("card", card)]));
        }
        // How the vendor shows a payment that no provider took is not documented.
        Taken::ByHand { record } => {
            let mut method = Object::default();
            method.set_some("type", record.get("mode").cloned());
            method.set_some("card", record.get("card").cloned());
            item.set("paymentMethod", method);
        }
    }
    item.set("fulfilledAt", format!("{:.3}", transaction.created));
    edited(item, &transaction.edits)
}

/// Contact and source of an order, flat as the lists have them.
pub(super) fn flat_origin(item: &mut Object, origin: &Object) {
    item.set_some("contactName", contact_name(origin));
    item.set_some("contactEmail", member(origin, "contactSnapshot", "email"));
    item.set_some("entitySourceType", member(origin, "source", "type"));
    item.set_default("entitySourceType", "manual");
    item.set_some("entitySourceSubType", member(origin, "source", "subType"));
    item.set_some("entitySourceName", member(origin, "source", "name"));
    item.set_some("entitySourceId", member(origin, "source", "id"));
    item.set_some("entitySourceMeta", member(origin, "source", "meta"));
}

/// The detail: source and provider are nested, and there is neither contact name nor `fulfilledAt`.
fn detail(transaction: &Transaction) -> Object {
    let mut detail = common(transaction);
    detail.set_some("contactSnapshot", transaction.origin.get("contactSnapshot").cloned());
    detail.set_some("entitySource", transaction.origin.get("source").cloned());
    match &transaction.taken {
        Taken::Provider { .. } => detail.set("paymentProvider", provider()),
        Taken::ByHand { record } => detail.set_some("meta", record.get("meta").cloned()),
    }
    detail.set("markAsTest", !transaction.live);
    detail.set("isParent", false);
    edited(detail, &transaction.edits)
}

/// The payment provider, as details show it.
pub(super) fn provider() -> Json {
    let account = [("_id", CONNECTED_ACCOUNT.into()), ("accountId", "acct_sandbox".into())];
    Json::object([("type", "stripe".into()), ("connectedAccount", Json::object(account))])
}

/// The object with the members that the control API replaced.
fn edited(mut shown: Object, edits: &Object) -> Object {
    for (name, value) in edits.iter() {
        match value {
            Json::Null => shown.remove(name),
            value => shown.set(name, value.clone()),
        }
    }
    shown
}
