//! Track-POD's API 2.0, as its OpenAPI file describes it.
//!
//! A request passes the key and the request rate, and then its own checks. Times are local to the account without an
//! offset; the fake's account is in UTC. Undocumented, and so decided here: `PUT /Order` changes the members that are
//! given and leaves the others, `Complete` and `Reject` answer with an `ApiResponse`, a lookup prefers an order that is
//! there to a newer one that was deleted, and a status webhook is called [`EVENT_STATUS`].

mod clock;
pub(crate) mod delivery;
pub(crate) mod edit;
mod orders;
pub(crate) mod render;
mod replies;
mod schema;
pub(crate) mod store;

use http::{Method, StatusCode};
use jiff::Timestamp;

pub(crate) use replies::fault;
pub(crate) use store::TrackPod;

use crate::json::Json;
use crate::message::{Reply, Request};
use crate::pace;
use crate::state::State;
use crate::system::System;
use orders::Answer;
use store::Key;

/// The event of a new order.
pub(crate) const EVENT_CREATED: &str = "OrderCreated";
/// The event of an order that was changed.
pub(crate) const EVENT_UPDATED: &str = "OrderUpdated";
/// The event of an order that was deleted.
pub(crate) const EVENT_DELETED: &str = "OrderDeleted";
/// The event of an order that moved on. The vendor has such an event; how it is spelt is not public.
pub(crate) const EVENT_STATUS: &str = "OrderStatusUpdated";

/// A request with what it may look at and change.
struct Call<'a> {
    state: &'a mut State,
    request: &'a Request,
    base_url: &'a str,
    now: Timestamp,
}

/// Answers a request.
pub(crate) fn handle(state: &mut State, base_url: &str, request: &Request, now: Timestamp) -> Reply {
    if request.header("x-api-key") != Some(state.track_pod.key.as_str()) {
        return replies::api(StatusCode::UNAUTHORIZED, "Invalid X-API-KEY in the request header");
    }
    let pacing = state.track_pod.pacing;
    let now_ms = now.as_millisecond();
    let full = if pacing { pace::take(&mut state.track_pod.windows, now_ms).err() } else { None };
    let mut reply = match full {
        Some(full) => too_many(&full, now),
        None => {
            let mut call = Call { state: &mut *state, request, base_url, now };
            route(&mut call).unwrap_or_else(|refusal| refusal)
        }
    };
    if pacing {
        reply.headers.extend(rate_headers(state, now));
    }
    reply
}

fn route(call: &mut Call<'_>) -> Answer {
    let request = call.request;
    let route = request.route();
    match (&request.method, route.as_slice()) {
        (&Method::GET, ["Test"]) => Ok(Reply::text(StatusCode::OK, "ok")),
        (&Method::GET, ["RejectReason"]) => Ok(orders::reasons()),
        (&Method::POST, ["Order"]) => orders::create(call),
        (&Method::PUT, ["Order"]) => orders::update(call),
        (&Method::GET, ["Order", "Status", "Date", date]) => orders::status_since(call, date),
        (&Method::GET, ["Order", "Date", date]) => orders::on_date(call, date),
        (&Method::GET, ["Order", "Route", "Date", date]) => orders::on_route_date(call, date),
        (&Method::GET, ["Order", "Number", number, "List"]) => orders::numbered(call, number),
        (&Method::PUT, ["Order", "TrackId", id]) => orders::update_tracked(call, id),
        (&Method::GET, ["Order", by, value]) => orders::get(call, key(by, value)?),
        (&Method::DELETE, ["Order", by @ ("Id" | "Number"), value]) => orders::delete(call, key(by, value)?),
        (&Method::PUT, ["Order", by, value, "Complete"]) => orders::complete(call, key(by, value)?),
        (&Method::PUT, ["Order", by, value, "Reject"]) => orders::reject(call, key(by, value)?),
        _ => Err(Reply::empty(StatusCode::NOT_FOUND)),
    }
}

fn key<'a>(by: &str, value: &'a str) -> Result<Key<'a>, Reply> {
    match by {
        "Id" => Ok(Key::Id(value)),
        "Number" => Ok(Key::Number(value)),
        "TrackId" => Ok(Key::TrackId(value)),
        _ => Err(Reply::empty(StatusCode::NOT_FOUND)),
    }
}

/// The headers that public clients of the API read: what is left of the minute, and when it ends.
fn rate_headers(state: &State, now: Timestamp) -> Vec<(&'static str, String)> {
    let [_, minute] = &state.track_pod.windows;
    let now_ms = now.as_millisecond();
    let reset = Timestamp::from_millisecond(minute.closes_ms(now_ms)).unwrap_or(now);
    vec![
        ("x-rate-limit-remaining", minute.remaining(now_ms).to_string()),
        ("x-rate-limit-reset", format!("{reset:.7}")),
    ]
}

fn too_many(full: &pace::Window, now: Timestamp) -> Reply {
    let now_ms = now.as_millisecond();
    let wait_ms = full.closes_ms(now_ms).saturating_sub(now_ms);
    let text = "Rate limit is 20 requests/sec and 400 requests/min";
    // Whole seconds, rounded up, so that a client that waits as told is let in.
    let seconds = wait_ms.saturating_add(999) / 1_000;
    replies::api(StatusCode::TOO_MANY_REQUESTS, text).with_header("retry-after", seconds.to_string())
}

/// Sends an order's webhook: `Metadata` with event and time, and the order in `Data`.
pub(crate) fn emit(state: &mut State, event: &str, track_id: &str, now: Timestamp) {
    if !state.webhooks.wants(System::TrackPod, event) {
        return;
    }
    let data = match state.track_pod.find(Key::TrackId(track_id)) {
        store::Found::Order(order) => render::webhook(order),
        store::Found::Removed(order) => render::removed(order),
        store::Found::Nothing => return,
    };
    let metadata = Json::object([("Event", event.into()), ("Date", format!("{now:.3}").into())]);
    let body = Json::object([("Metadata", metadata), ("Data", data.into())]);
    state.webhooks.emit(System::TrackPod, event, &body, "");
}
