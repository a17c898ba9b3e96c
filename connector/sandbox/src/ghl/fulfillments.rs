//! `GET` and `POST /payments/orders/{orderId}/fulfillments`.

use http::StatusCode;
use jiff::Timestamp;

use super::orders::find;
use super::parameters::{check_location, own_location};
use super::store::{PER_ORDER_MAX, StoreError, missing};
use super::{Call, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;
use crate::state::State;

/// Members of a tracking; all optional, all strings.
const TRACKING: [&str; 3] = ["trackingNumber", "shippingCarrier", "trackingUrl"];

pub(super) fn list(call: &mut Call<'_>, order: &str) -> Result<Reply, Refusal> {
    check_location(call, true)?;
    let fulfillments = find(call, order)?.fulfillments.clone();
    let mut body = Object::default();
    body.set("status", true);
    body.set("data", fulfillments);
    Ok(call.reply(StatusCode::OK, body))
}

/// Notes what was sent. There is no key against doubles: the same request again makes a second fulfilment.
pub(super) fn create(call: &mut Call<'_>, order_id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let problems = problems_of(&body);
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(problems));
    }
    own_location(call, body.str("altId").unwrap_or_default())?;
    if find(call, order_id)?.fulfillments.len() >= PER_ORDER_MAX {
        return Err(Refusal::full("the order has too many fulfillments for the sandbox"));
    }
    let fulfillment = fulfil(call.state, order_id, &body, call.now)?;
    let id = fulfillment.str("_id").unwrap_or_default().to_owned();
    let mut body = Object::default();
    body.set("status", true);
    body.set("data", fulfillment);
    Ok(call.reply(StatusCode::OK, body).about(&id))
}

/// Adds the fulfilment that a body describes, which must have passed its checks; the fulfilment.
fn fulfil(state: &mut State, order_id: &str, body: &Object, now: Timestamp) -> Result<Object, Refusal> {
    let State { ghl, ids, .. } = state;
    let order = ghl.orders.get_mut(order_id).ok_or_else(|| Refusal::bad_request("Order not found"))?;
    let requested = body.get("items").and_then(Json::as_array).unwrap_or_default();
    let mut items = Vec::new();
    for item in requested {
        let price = item.get("priceId").and_then(Json::as_str).unwrap_or_default();
        let Some(line) = order.line_with_price(price) else {
            return Err(Refusal::bad_request(&format!("Price {price} not found in the order")));
        };
        let mut fulfilled = Object::default();
        fulfilled.set("_id", ids.hex24());
        fulfilled.set_some("name", line.get("name").cloned());
        fulfilled.set("product", product(&ghl.location, line, now));
        for (name, from) in [("price", line), ("qty", item)] {
            fulfilled.set_some(name, from.get(name).cloned());
        }
        items.push(fulfilled);
    }
    let trackings = body.get("trackings").and_then(Json::as_array).unwrap_or_default();
    let trackings: Vec<_> =
        trackings.iter().filter_map(Json::as_object).map(|one| one.pick(&TRACKING)).collect();
    let mut fulfillment = body.pick(&["altId", "altType"]);
    fulfillment.set("trackings", trackings);
    fulfillment.set("_id", ids.hex24());
    fulfillment.set("items", items);
    fulfillment.set("createdAt", format!("{now:.3}"));
    fulfillment.set("updatedAt", format!("{now:.3}"));
    let mut fulfillments = std::mem::take(&mut order.fulfillments);
    fulfillments.push(fulfillment.clone());
    order.set_fulfillments(fulfillments, now);
    if body.get("notifyCustomer").and_then(Json::as_bool) == Some(true) {
        order.notices += 1;
    }
    Ok(fulfillment)
}

/// The line's product with the members that the OpenAPI file requires here, which an order's line does not have.
fn product(location: &str, line: &Json, now: Timestamp) -> Object {
    let mut product = line.get("product").and_then(Json::as_object).cloned().unwrap_or_default();
    product.set_default("locationId", location);
    product.set_default("productType", "PHYSICAL");
    for name in ["createdAt", "updatedAt"] {
        product.set_default(name, format!("{now:.3}"));
    }
    product
}

/// Adds a fulfilment that a person made, to an order that has room for it; the fulfilment.
pub(crate) fn add_by_person(
    state: &mut State,
    order: &str,
    mut body: Object,
    now: Timestamp,
) -> Result<Object, StoreError> {
    body.set("altId", state.ghl.location.as_str());
    body.set("altType", "location");
    let problems = problems_of(&body);
    if !problems.is_empty() {
        return Err(StoreError::Invalid(problems.join("; ")));
    }
    let held = state.ghl.order(order).ok_or_else(|| missing("order", order))?.fulfillments.len();
    if held >= PER_ORDER_MAX {
        return Err(StoreError::Full(format!("an order has at most {PER_ORDER_MAX} fulfillments")));
    }
    fulfil(state, order, &body, now)
        .map_err(|_| StoreError::Invalid(format!("order {order} has not all of these prices")))
}

/// Adds a fulfilment as the API would, for a history that is made at once.
pub(crate) fn add(
    state: &mut State,
    order: &str,
    items: Vec<Json>,
    tracking: Json,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut body = Object::default();
    body.set("altId", state.ghl.location.as_str());
    body.set("altType", "location");
    body.set("items", items);
    body.set("trackings", vec![tracking]);
    let made = fulfil(state, order, &body, now);
    made.map(|_| ()).map_err(|_| StoreError::Invalid(format!("order {order} cannot be fulfilled so")))
}

/// What is wrong with the body: all five members are required.
fn problems_of(body: &Object) -> Vec<String> {
    let mut problems = Vec::new();
    if body.str("altId").is_none_or(str::is_empty) {
        problems.push("altId must be a string".to_owned());
        problems.push("altId should not be empty".to_owned());
    }
    if body.str("altType") != Some("location") {
        problems.push("altType must be one of the following values: location".to_owned());
    }
    match body.get("trackings").and_then(Json::as_array) {
        Some(trackings) => problems.extend(trackings.iter().enumerate().flat_map(tracking_problems)),
        None => problems.push("trackings must be an array".to_owned()),
    }
    match body.get("items").and_then(Json::as_array) {
        Some([]) => problems.push("items should not be empty".to_owned()),
        Some(items) => problems.extend(items.iter().enumerate().flat_map(item_problems)),
        None => problems.push("items must be an array".to_owned()),
    }
    if body.get("notifyCustomer").and_then(Json::as_bool).is_none() {
        problems.push("notifyCustomer must be a boolean value".to_owned());
    }
    problems
}

fn tracking_problems((index, tracking): (usize, &Json)) -> Vec<String> {
    let Some(tracking) = tracking.as_object() else {
        return vec![format!("trackings.{index} must be an object")];
    };
    let wrong =
        TRACKING.iter().filter(|name| tracking.get(name).is_some_and(|value| value.as_str().is_none()));
    wrong.map(|name| format!("trackings.{index}.{name} must be a string")).collect()
}

fn item_problems((index, item): (usize, &Json)) -> Vec<String> {
    let mut problems = Vec::new();
    if item.get("priceId").and_then(Json::as_str).is_none_or(str::is_empty) {
        problems.push(format!("items.{index}.priceId must be a string"));
    }
    if !item.get("qty").and_then(Json::as_decimal).is_some_and(|qty| qty.is_positive()) {
        problems.push(format!("items.{index}.qty must be a positive number"));
    }
    problems
}
