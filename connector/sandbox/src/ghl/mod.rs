//! GoHighLevel's API, as its OpenAPI files describe it.
//!
//! A request passes the token, the request rate, the `Version` header and the scope, in this order, and then its own
//! parameters. Each refusal has the shape of the vendor's: a message string for 400 and 401, an array of messages for
//! 422. Undocumented, and so decided here: a page holds at most 100 items, lists begin with the newest, dates of a filter
//! are whole days in UTC with both ends included, a fulfilment of more than was ordered is accepted, a payment recorded by
//! hand is at most what is due, what is paid of an invoice is paid of the order that it bills, and a renewal's transaction names the subscription by its id at the payment provider.

pub(crate) mod billing;
mod check;
mod contacts;
mod endpoint;
pub(crate) mod fulfillments;
pub(crate) mod invoices;
#[cfg(test)]
mod limits;
pub(crate) mod messages;
pub(crate) mod opportunities;
mod orders;
mod parameters;
pub(crate) mod payments;
pub(crate) mod providers;
pub(crate) mod records;
mod refusal;
pub(crate) mod store;
pub(crate) mod subscriptions;
pub(crate) mod transactions;

use http::StatusCode;
use jiff::Timestamp;

pub(crate) use refusal::fault;
pub(crate) use store::Ghl;

use crate::json::{Json, Object};
use crate::message::{Reply, Request};
use crate::pace::{self, Window};
use crate::state::State;
use crate::system::System;
use check::Checks;
use endpoint::Endpoint;
use refusal::Refusal;

/// The app that webhooks name as their sender: a made-up id in the vendor's form.
const APP_ID: &str = "5a6e64626f78617070303031";

/// A request with what it may look at and change.
struct Call<'a> {
    state: &'a mut State,
    request: &'a Request,
    now: Timestamp,
}

impl Call<'_> {
    /// A success: the members with a trace id, as the vendor's replies have it.
    fn reply(&mut self, status: StatusCode, mut members: Object) -> Reply {
        members.set("traceId", self.state.ids.uuid());
        Reply::json(status, &members.into())
    }

    /// The request's body, which must be a JSON object.
    fn body(&self) -> Result<Object, Refusal> {
        let text = std::str::from_utf8(&self.request.body).unwrap_or_default();
        match Json::parse(text) {
            Ok(Json::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::bad_request("the body must be an object")),
            Err(error) => Err(Refusal::bad_request(&error.to_string())),
        }
    }
}

/// Answers a request.
pub(crate) fn handle(state: &mut State, request: &Request, now: Timestamp) -> Reply {
    let route = request.route();
    let Some(endpoint) = Endpoint::find(&request.method, &route) else {
        let text = format!("Cannot {} {}", request.method, request.path);
        return Refusal::not_found(&text).reply();
    };
    let result = admit(state, request, endpoint, now)
        .and_then(|()| endpoint.run(&mut Call { state: &mut *state, request, now }));
    let mut reply = result.unwrap_or_else(Refusal::reply);
    if state.ghl.pacing && reply.status != StatusCode::UNAUTHORIZED {
        reply.headers.extend(rate_headers(&state.ghl.windows, now));
    }
    reply
}

fn admit(
    state: &mut State,
    request: &Request,
    endpoint: Endpoint<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if token != Some(state.ghl.token.as_str()) {
        return Err(Refusal::unauthorized("Invalid token: access token is invalid"));
    }
    if state.ghl.pacing && pace::take(&mut state.ghl.windows, now.as_millisecond()).is_err() {
        return Err(Refusal::too_many_requests());
    }
    // Both texts as seen in public reports of integrators; the OpenAPI file has no example for them.
    match request.header("version") {
        None => return Err(Refusal::unauthorized("version header was not found.")),
        Some(version) if !endpoint.versions().contains(&version) => {
            return Err(Refusal::unauthorized("version header is invalid"));
        }
        Some(_) => {}
    }
    let scopes = state.ghl.scopes.as_deref();
    if scopes.is_some_and(|scopes| !scopes.iter().any(|scope| scope == endpoint.scope())) {
        return Err(Refusal::missing_scope());
    }
    Ok(())
}

/// The limits' headers by the vendor's names: 100 requests in 10 s, 200,000 in a day.
fn rate_headers(windows: &[Window], now: Timestamp) -> Vec<(&'static str, String)> {
    let [burst, daily] = windows else { return Vec::new() };
    let now = now.as_millisecond();
    vec![
        ("x-ratelimit-limit-daily", daily.limit().to_string()),
        ("x-ratelimit-daily-remaining", daily.remaining(now).to_string()),
        ("x-ratelimit-interval-milliseconds", burst.length_ms().to_string()),
        ("x-ratelimit-max", burst.limit().to_string()),
        ("x-ratelimit-remaining", burst.remaining(now).to_string()),
    ]
}

/// Sends an order webhook: the flat envelope, with the order's members between the vendor's own.
pub(crate) fn emit(state: &mut State, event: &str, order: &str, now: Timestamp) {
    if !state.webhooks.wants(System::Ghl, event) {
        return;
    }
    let Some(order) = state.ghl.order(order) else { return };
    let body = flat(&state.ghl.location, event, &order.document);
    send(state, event, body, now);
}

/// Sends an invoice's webhook, in the same envelope.
pub(crate) fn emit_invoice(state: &mut State, event: &str, invoice: &Object, now: Timestamp) {
    if !state.webhooks.wants(System::Ghl, event) {
        return;
    }
    let body = flat(&state.ghl.location, event, invoice);
    send(state, event, body, now);
}

fn flat(location: &str, event: &str, document: &Object) -> Object {
    let mut body = Object::default();
    body.set("type", event);
    body.set("locationId", location);
    for (name, value) in document.iter() {
        body.set(name, value.clone());
    }
    body
}

fn send(state: &mut State, event: &str, mut body: Object, now: Timestamp) {
    body.set("timestamp", format!("{now:.3}"));
    body.set("webhookId", state.ids.uuid());
    body.set("appId", APP_ID);
    let delivery = state.ids.uuid();
    state.webhooks.emit(System::Ghl, event, &body.into(), &delivery);
}

/// A transaction in the shape of the list, for the control API.
pub(crate) fn transaction_shown(transaction: &payments::Transaction) -> Json {
    transactions::list_item(transaction).into()
}

/// A subscription in the shape of the list, for the control API.
pub(crate) fn subscription_shown(subscription: &subscriptions::Subscription) -> Json {
    subscriptions::list_item(subscription).into()
}
