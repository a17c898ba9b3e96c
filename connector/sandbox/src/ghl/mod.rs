//! GoHighLevel's API, as its OpenAPI files describe it.
//!
//! A request passes the token, the request rate, the `Version` header and the scope, in this order, and then its own
//! parameters. Each refusal has the shape of the vendor's: a message string for 400 and 401, an array of messages for
//! 422. Undocumented, and so decided here: a page holds at most 100 items, lists begin with the newest, dates of a filter
//! are whole days in UTC with both ends included, and a fulfilment of more than was ordered is accepted.

mod contacts;
mod fulfillments;
mod orders;
mod parameters;
mod refusal;
pub(crate) mod store;
mod transactions;

use http::{Method, StatusCode};
use jiff::Timestamp;

pub(crate) use refusal::fault;
pub(crate) use store::Ghl;

use crate::json::{Json, Object};
use crate::message::{Reply, Request};
use crate::pace::{self, Window};
use crate::state::State;
use crate::system::System;
use refusal::Refusal;

/// `Version` headers that the payments and contacts APIs accept at the same time (the vendor's page on versioning).
const VERSIONS: [&str; 3] = ["2021-07-28", "2023-02-21", "v3"];

/// The app that webhooks name as their sender: a made-up id in the vendor's form.
const APP_ID: &str = "5a6e64626f78617070303031";

/// An operation of the API, with the ids from its path.
#[derive(Debug, Clone, Copy)]
enum Endpoint<'a> {
    ListOrders,
    GetOrder(&'a str),
    ListFulfillments(&'a str),
    CreateFulfillment(&'a str),
    ListTransactions,
    GetTransaction(&'a str),
    GetContact(&'a str),
    ListNotes(&'a str),
    CreateNote(&'a str),
}

impl<'a> Endpoint<'a> {
    fn find(method: &Method, route: &[&'a str]) -> Option<Self> {
        Some(match (method.as_str(), route) {
            ("GET", ["payments", "orders"]) => Self::ListOrders,
            ("GET", ["payments", "orders", id]) => Self::GetOrder(id),
            ("GET", ["payments", "orders", id, "fulfillments"]) => Self::ListFulfillments(id),
            ("POST", ["payments", "orders", id, "fulfillments"]) => Self::CreateFulfillment(id),
            ("GET", ["payments", "transactions"]) => Self::ListTransactions,
            ("GET", ["payments", "transactions", id]) => Self::GetTransaction(id),
            ("GET", ["contacts", id]) => Self::GetContact(id),
            ("GET", ["contacts", id, "notes"]) => Self::ListNotes(id),
            ("POST", ["contacts", id, "notes"]) => Self::CreateNote(id),
            _ => return None,
        })
    }

    fn scope(self) -> &'static str {
        match self {
            Self::ListOrders | Self::GetOrder(_) | Self::ListFulfillments(_) => "payments/orders.readonly",
            Self::CreateFulfillment(_) => "payments/orders.write",
            Self::ListTransactions | Self::GetTransaction(_) => "payments/transactions.readonly",
            Self::GetContact(_) | Self::ListNotes(_) => "contacts.readonly",
            Self::CreateNote(_) => "contacts.write",
        }
    }

    fn run(self, call: &mut Call<'_>) -> Result<Reply, Refusal> {
        match self {
            Self::ListOrders => orders::list(call),
            Self::GetOrder(id) => orders::get(call, id),
            Self::ListFulfillments(id) => fulfillments::list(call, id),
            Self::CreateFulfillment(id) => fulfillments::create(call, id),
            Self::ListTransactions => transactions::list(call),
            Self::GetTransaction(id) => transactions::get(call, id),
            Self::GetContact(id) => contacts::get(call, id),
            Self::ListNotes(id) => contacts::list_notes(call, id),
            Self::CreateNote(id) => contacts::create_note(call, id),
        }
    }
}

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
        Some(version) if !VERSIONS.contains(&version) => {
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
    let mut body = Object::default();
    body.set("type", event);
    body.set("locationId", state.ghl.location.as_str());
    for (name, value) in order.document.iter() {
        body.set(name, value.clone());
    }
    body.set("timestamp", format!("{now:.3}"));
    body.set("webhookId", state.ids.uuid());
    body.set("appId", APP_ID);
    let delivery = state.ids.uuid();
    state.webhooks.emit(System::Ghl, event, &body.into(), &delivery);
}

/// A transaction in the shape of the list, for the control API.
pub(crate) fn transaction_shown(ghl: &Ghl, transaction: &store::Transaction) -> Option<Json> {
    Some(transactions::list_item(transaction, ghl.order(&transaction.order)?).into())
}
