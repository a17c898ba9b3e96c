//! `GET /payments/transactions` and `GET /payments/transactions/{transactionId}`, which have different shapes.

use http::StatusCode;

use super::orders::{contact_name, member, source_member};
use super::parameters::{Filter, check_location};
use super::store::{Order, Transaction};
use super::{Call, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;

/// The account at the payment provider that took the payments: made up.
const CONNECTED_ACCOUNT: &str = "6b1f00aa21c3d4e5f6a7b8c9";

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let filter = Filter::read(call)?;
    let entity = call.request.parameter("entityId");
    let contact = call.request.parameter("contactId");
    let subscription = call.request.parameter("subscriptionId");
    let ghl = &call.state.ghl;
    let found: Vec<(&Transaction, &Order)> = (ghl.transactions.iter().rev())
        .filter(|transaction| filter.accepts(transaction.created, transaction.live))
        .filter(|transaction| entity.as_deref().is_none_or(|wanted| transaction.order == wanted))
        // The fake takes payments for orders only, so none belongs to a subscription.
        .filter(|_| subscription.is_none())
        .filter_map(|transaction| Some((transaction, ghl.order(&transaction.order)?)))
        .filter(|(_, order)| contact.is_none() || order.document.str("contactId") == contact.as_deref())
        .collect();
    let page = filter.page(&found, |(transaction, order)| list_item(transaction, order).into());
    Ok(call.reply(StatusCode::OK, page))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let not_found = || Refusal::bad_request("Transaction not found");
    let transaction = call.state.ghl.transaction(id).ok_or_else(not_found)?;
    let order = call.state.ghl.order(&transaction.order).ok_or_else(not_found)?;
    let detail = detail(transaction, order);
    Ok(call.reply(StatusCode::OK, detail))
}

/// What list and detail have in common.
fn common(transaction: &Transaction, order: &Order) -> Object {
    let mut item = Object::default();
    item.set("_id", transaction.id.as_str());
    item.set_some("altId", order.document.get("altId").cloned());
    item.set("altType", "location");
    item.set_some("contactId", order.document.get("contactId").cloned());
    item.set_some("currency", order.document.get("currency").cloned());
    item.set("amount", transaction.amount.clone());
    item.set("amountRefunded", transaction.refunded);
    item.set("status", transaction.status.as_str());
    item.set("liveMode", transaction.live);
    item.set("createdAt", format!("{:.3}", transaction.created));
    item.set("updatedAt", format!("{:.3}", transaction.updated));
    item.set("entityType", "order");
    item.set("entityId", transaction.order.as_str());
    item.set("chargeId", transaction.charge.as_str());
    let snapshot = [("id", transaction.charge.as_str().into()), ("object", "charge".into())];
    item.set("chargeSnapshot", Json::object(snapshot));
    item
}

/// An item of the list: source and provider are flat, and `fulfilledAt` is the time of the charge.
pub(super) fn list_item(transaction: &Transaction, order: &Order) -> Object {
    let mut item = common(transaction, order);
    item.set_some("contactName", contact_name(&order.document));
    item.set_some("contactEmail", member(&order.document, "contactSnapshot", "email"));
    item.set_some("entitySourceType", source_member(order, "type"));
    item.set_default("entitySourceType", "manual");
    item.set_some("entitySourceSubType", source_member(order, "subType"));
    item.set_some("entitySourceName", source_member(order, "name"));
    item.set_some("entitySourceId", source_member(order, "id"));
    item.set_some("entitySourceMeta", source_member(order, "meta"));
    item.set("paymentProviderType", "stripe");
    item.set("paymentProviderConnectedAccount", CONNECTED_ACCOUNT);
    let card = Json::object([("brand", "visa".into()), ("last4", "4242".into())]);
    item.set("paymentMethod", Json::object([("card", card)]));
    item.set("fulfilledAt", format!("{:.3}", transaction.created));
    item
}

/// The detail: source and provider are nested, and there is neither contact name nor `fulfilledAt`.
fn detail(transaction: &Transaction, order: &Order) -> Object {
    let mut detail = common(transaction, order);
    detail.set_some("contactSnapshot", order.document.get("contactSnapshot").cloned());
    detail.set_some("entitySource", order.document.get("source").cloned());
    let account = [("_id", CONNECTED_ACCOUNT.into()), ("accountId", "acct_sandbox".into())];
    let provider = [("type", "stripe".into()), ("connectedAccount", Json::object(account))];
    detail.set("paymentProvider", Json::object(provider));
    detail.set("markAsTest", !transaction.live);
    detail.set("isParent", false);
    detail
}
