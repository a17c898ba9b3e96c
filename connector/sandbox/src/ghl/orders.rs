//! `GET /payments/orders` and `GET /payments/orders/{orderId}`.

use http::StatusCode;

use super::parameters::{Filter, check_location};
use super::store::Order;
use super::{Call, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;

/// Members of an order's detail that come from the document, in the order of the OpenAPI file. Its nested objects are
/// shown whole: the file closes none of them, and the webhook's sample has more in them than the file lists.
const DETAIL: [&str; 18] = [
    "_id",
    "altId",
    "altType",
    "contactId",
    "currency",
    "amount",
    "status",
    "liveMode",
    "createdAt",
    "updatedAt",
    "fulfillmentStatus",
    "contactSnapshot",
    "amountSummary",
    "source",
    "items",
    "coupon",
    "meta",
    "createdBy",
];

/// The list: no items, no payment status, and the source and contact flattened.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    check_location(call, false)?;
    let filter = Filter::read(call)?;
    let payment_status = call.request.parameter("paymentStatus");
    if let Some(value) = &payment_status
        && !["paid", "unpaid", "refunded", "partially_paid"].contains(&value.as_str())
    {
        let text =
            "paymentStatus must be one of the following values: paid, unpaid, refunded, partially_paid";
        return Err(Refusal::unprocessable(vec![text.to_owned()]));
    }
    let status = call.request.parameter("status");
    let contact = call.request.parameter("contactId");
    let source = call.request.parameter("sourceId");
    let found: Vec<&Order> = (call.state.ghl.orders.between(filter.from, filter.before).rev())
        .filter(|order| filter.accepts(order.created, order.live))
        .filter(|order| payment_status.as_deref().is_none_or(|wanted| order.payment_status() == wanted))
        .filter(|order| is(&order.document, "status", status.as_deref()))
        .filter(|order| is(&order.document, "contactId", contact.as_deref()))
        .filter(|order| source.is_none() || source_member(order, "id").as_str() == source.as_deref())
        .collect();
    let page = filter.page(&found, |order| list_item(order));
    Ok(call.reply(StatusCode::OK, page))
}

fn is(document: &Object, member: &str, wanted: Option<&str>) -> bool {
    wanted.is_none() || document.str(member) == wanted
}

/// The detail: a bare object, not wrapped.
pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_location(call, false)?;
    let order = find(call, id)?;
    let mut detail = order.document.pick(&DETAIL);
    detail.set("trackingId", order.tracking.as_str());
    detail.set("markAsTest", !order.live);
    Ok(call.reply(StatusCode::OK, detail))
}

/// The order, or the refusal that the OpenAPI file documents: 400, not 404.
pub(super) fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Order, Refusal> {
    call.state.ghl.order(id).ok_or_else(|| Refusal::bad_request("Order not found"))
}

fn list_item(order: &Order) -> Json {
    let document = &order.document;
    let mut item = document.pick(&["_id", "altId", "altType", "contactId"]);
    item.set_some("contactName", contact_name(document));
    item.set_some("contactEmail", member(document, "contactSnapshot", "email"));
    item.set_some("currency", document.get("currency").cloned());
    item.set_some("amount", document.get("amount").cloned());
    item.set_some("subtotal", member(document, "amountSummary", "subtotal"));
    item.set_some("discount", member(document, "amountSummary", "discount"));
    item.set_some("status", document.get("status").cloned());
    item.set("liveMode", order.live);
    item.set("totalProducts", order.lines().len());
    // Required by the OpenAPI file, so an order without a source has the one of an order made by hand.
    item.set_some("sourceType", source_member(order, "type"));
    item.set_default("sourceType", "manual");
    item.set_some("sourceSubType", source_member(order, "subType"));
    item.set_some("sourceName", source_member(order, "name"));
    item.set_some("sourceId", source_member(order, "id"));
    item.set_some("sourceMeta", source_member(order, "meta"));
    item.set_some("couponCode", member(document, "coupon", "code"));
    item.set_some("createdAt", document.get("createdAt").cloned());
    item.set_some("updatedAt", document.get("updatedAt").cloned());
    item.set_some("fulfillmentStatus", document.get("fulfillmentStatus").cloned());
    let recurring = order.lines().iter().filter(|line| is_recurring(line)).count();
    item.set("onetimeProducts", order.lines().len() - recurring);
    item.set("recurringProducts", recurring);
    item.into()
}

fn is_recurring(line: &Json) -> bool {
    line.get("price").and_then(|price| price.get("type")).and_then(Json::as_str) == Some("recurring")
}

fn source_member(order: &Order, name: &str) -> Json {
    member(&order.document, "source", name)
}

/// A member of a member; null if it is not there.
pub(super) fn member(document: &Object, outer: &str, inner: &str) -> Json {
    document.get(outer).and_then(|value| value.get(inner)).cloned().into()
}

/// First and last name of the order's contact snapshot.
pub(super) fn contact_name(document: &Object) -> Json {
    let part = |name| member(document, "contactSnapshot", name).as_str().unwrap_or_default().to_owned();
    let name = format!("{} {}", part("firstName"), part("lastName"));
    let name = name.trim();
    if name.is_empty() { Json::Null } else { name.into() }
}
