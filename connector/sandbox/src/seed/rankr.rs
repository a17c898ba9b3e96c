//! A made-up history in the order sink, as a connector carried it there from GHL.

use jiff::Timestamp;
use transload_model::Decimal;

use super::sum;
use crate::control::{Refused, invalid};
use crate::ghl::payments::{EntityKind, Taken, Transaction};
use crate::ghl::store::{Order, price_of};
use crate::json::{Json, Object};
use crate::rankr::kind::RankrKind;
use crate::state::State;

/// Carries an order with its fulfilments and transactions across. What the sink notes as its own time is that of GHL's
/// last change.
pub(super) fn carry(state: &mut State, id: &str, transactions: &[String]) -> Result<(), Refused> {
    let State { ghl, rankr, .. } = state;
    let found = ghl.order(id).ok_or_else(|| invalid("the order is gone"))?;
    let changed = time(&found.document, "updatedAt")?;
    rankr.of_mut(RankrKind::Order).store(id, order(found, changed)?, changed, 0)?;
    for one in &found.fulfillments {
        rankr.fulfil(id, fulfillment(id, one), changed)?;
    }
    for id in transactions {
        let found = ghl.payments.get(id).ok_or_else(|| invalid("the transaction is gone"))?;
        rankr.of_mut(RankrKind::Transaction).store(id, transaction(found), found.updated, 0)?;
    }
    Ok(())
}

fn order(order: &Order, changed: Timestamp) -> Result<Object, Refused> {
    let document = &order.document;
    let contact = document.get("contactSnapshot");
    let member = |name| contact.and_then(|contact| contact.get(name)?.as_str()).unwrap_or_default();
    let customer = [
        ("customerId", member("id").into()),
        ("name", format!("{} {}", member("firstName"), member("lastName")).into()),
        ("email", member("email").into()),
        ("phone", member("phone").into()),
    ];
    let address = [
        ("lines", vec![member("address1")].into()),
        ("city", member("city").into()),
        ("region", member("state").into()),
        ("postalCode", member("postalCode").into()),
        ("country", member("country").into()),
    ];
    let mut carried = Object::default();
    carried.set("orderId", order.id());
    carried.set("version", changed.as_millisecond());
    carried.set_some("status", document.get("status").cloned());
    carried.set("paymentStatus", payment_status(order));
    carried.set_some("fulfillmentStatus", document.get("fulfillmentStatus").cloned());
    carried.set("amount", order.amount.to_string());
    carried.set_some("currency", document.get("currency").cloned());
    carried.set("amountPaid", order.captured.checked_sub(order.refunded).map_err(sum)?.to_string());
    carried.set("amountRefunded", order.refunded.to_string());
    carried.set_some("customerId", document.get("contactId").cloned());
    carried.set("customer", Json::object(customer));
    carried.set("shipTo", Json::object(address));
    carried.set("lines", order.lines().iter().map(line).collect::<Vec<_>>());
    carried.set("live", order.live);
    carried.set_some("createdAt", document.get("createdAt").cloned());
    carried.set_some("updatedAt", document.get("updatedAt").cloned());
    Ok(carried)
}

/// The contract's word: GHL has none for an order that was given back in part.
fn payment_status(order: &Order) -> &'static str {
    match order.payment_status() {
        "paid" | "partially_paid" if order.refunded.is_positive() => "partially_refunded",
        status => status,
    }
}

fn line(line: &Json) -> Json {
    Json::object([
        ("lineId", price_of(line).into()),
        ("name", line.get("name").cloned().into()),
        ("quantity", text(line.get("qty"))),
        ("unitPrice", text(line.get("price").and_then(|price| price.get("amount")))),
    ])
}

fn fulfillment(order: &str, fulfillment: &Object) -> Object {
    let items = fulfillment.get("items").and_then(Json::as_array).unwrap_or_default();
    let item =
        |item: &Json| Json::object([("lineId", price_of(item).into()), ("quantity", text(item.get("qty")))]);
    let tracking = fulfillment.get("trackings").and_then(Json::as_array).and_then(<[Json]>::first);
    let tracked = |name| tracking.and_then(|tracking| tracking.get(name)).cloned();
    let mut carried = Object::default();
    carried.set_some("fulfillmentId", fulfillment.get("_id").cloned());
    carried.set("orderId", order);
    carried.set("status", "created");
    carried.set("origin", "ghl");
    carried.set_some("trackingNumber", tracked("trackingNumber"));
    carried.set_some("trackingUrl", tracked("trackingUrl"));
    carried.set_some("carrier", tracked("shippingCarrier"));
    carried.set("lines", items.iter().map(item).collect::<Vec<_>>());
    carried.set_some("happenedAt", fulfillment.get("createdAt").cloned());
    carried.set_some("updatedAt", fulfillment.get("updatedAt").cloned());
    carried
}

fn transaction(transaction: &Transaction) -> Object {
    let mut carried = Object::default();
    carried.set("transactionId", transaction.id.as_str());
    carried.set("version", transaction.updated.as_millisecond());
    carried.set("amount", transaction.amount.text());
    carried.set_some("currency", transaction.origin.get("currency").cloned());
    carried.set("amountRefunded", transaction.refunded.to_string());
    carried.set("status", transaction.status.as_str());
    carried.set("timestamp", format!("{:.3}", transaction.created));
    let settled = match transaction.kind {
        EntityKind::Order => "orderId",
        EntityKind::Invoice => "invoiceId",
    };
    carried.set(settled, transaction.entity.as_str());
    carried.set_some("customerId", transaction.origin.get("contactId").cloned());
    match &transaction.taken {
        Taken::Provider { charge } => {
            carried.set("method", "card");
            carried.set("chargeId", charge.as_str());
        }
        Taken::ByHand { record } => carried.set_some("method", record.get("mode").cloned()),
    }
    carried.set("live", transaction.live);
    carried.set("updatedAt", format!("{:.3}", transaction.updated));
    carried
}

/// A number as text, with its digits.
fn text(number: Option<&Json>) -> Json {
    number.and_then(Json::as_decimal).map(|number: Decimal| number.to_string()).into()
}

fn time(document: &Object, name: &str) -> Result<Timestamp, Refused> {
    let time = document.str(name).and_then(|text| text.parse().ok());
    time.ok_or_else(|| invalid(format!("{name} is no time")))
}
