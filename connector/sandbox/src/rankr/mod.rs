//! The order sink, "Transload order sink, v1", which is what Rankr is to us. The contract is this project's own; its
//! document is beside the connector's crate.
//!
//! A request passes the token, the request rate and its `Idempotency-Key`, in this order, and then its own checks. The
//! contract does not say, and so it is decided here: every accepted write counts as a change and sets `receivedAt`, even
//! if it changes no member; a new or changed fulfilment sets that of its order; `receivedAt` never goes back;
//! a key is remembered for successes
//! only; a fulfilment's lines need not be those of the order.

mod answers;
pub(crate) mod dialect;
pub(crate) mod effects;
pub(crate) mod kind;
mod objects;
pub(crate) mod people;
mod problem;
mod schema;
pub(crate) mod store;
mod vocabulary;

use http::Method;
use jiff::Timestamp;

pub(crate) use problem::fault;
pub(crate) use store::Rankr;

use crate::json::{Json, Object};
use crate::message::{Reply, Request};
use crate::pace;
use crate::state::State;
use crate::system::System;
use answers::Known;
use dialect::Resource;
use kind::Form;
use problem::Problem;

pub use answers::ANSWERS_MAX;
pub use schema::{TEXT_CHARS_MAX, VERSION_MAX};

/// Characters of an `Idempotency-Key` at most; the host's have 64.
const KEY_CHARS_MAX: usize = 255;

/// A request with what it may look at and change.
struct Call<'a> {
    state: &'a mut State,
    request: &'a Request,
    /// The sink's time.
    now: Timestamp,
}

/// Answers a request.
pub(crate) fn handle(state: &mut State, request: &Request, now: Timestamp) -> Reply {
    let answered = admit(state, request, now).and_then(|()| {
        let route = request.route();
        let resource = resource(state, request, &route)?;
        match request.method {
            Method::GET => read(state, request, resource),
            _ => write(state, request, resource, now),
        }
    });
    answered.unwrap_or_else(Problem::reply)
}

fn admit(state: &mut State, request: &Request, now: Timestamp) -> Result<(), Problem> {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if token != Some(state.rankr.token.as_str()) {
        return Err(Problem::unauthorized());
    }
    let now_ms = now.as_millisecond();
    if !state.rankr.pacing {
        return Ok(());
    }
    pace::take(&mut state.rankr.windows, now_ms).map_err(|full| {
        let wait_ms = full.closes_ms(now_ms).saturating_sub(now_ms);
        // Whole seconds, rounded up, so that a client that waits as told is let in.
        Problem::too_many_requests(wait_ms.saturating_add(999) / 1_000)
    })
}

fn resource<'a>(state: &State, request: &Request, route: &[&'a str]) -> Result<Resource<'a>, Problem> {
    let Some(resource) = state.rankr.dialect.resource(route) else {
        return Err(Problem::not_found(format!("There is no path {}.", request.path)));
    };
    if resource.takes(&request.method) {
        return Ok(resource);
    }
    Err(Problem::wrong_method(format!("{} has no {}.", request.path, request.method)))
}

fn read(state: &State, request: &Request, resource: Resource<'_>) -> Result<Reply, Problem> {
    match resource {
        Resource::Health => Ok(objects::health()),
        Resource::All(kind) => objects::list(state, request, kind),
        Resource::One(kind, id) => objects::get(state, kind, id),
        Resource::Fulfillments(order) => objects::list_fulfillments(state, order),
    }
}

/// A write, unless its key says that it was answered already.
fn write(
    state: &mut State,
    request: &Request,
    resource: Resource<'_>,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let key = request.header("idempotency-key").unwrap_or_default();
    if key.chars().count() > KEY_CHARS_MAX {
        return Err(Problem::parameter(format!(
            "An Idempotency-Key has at most {KEY_CHARS_MAX} characters."
        )));
    }
    match state.rankr.answers.find(key, request) {
        Known::Answered(reply) => return Ok(reply),
        Known::Other => return Err(Problem::key_reused()),
        Known::Nothing => {}
    }
    let now = state.rankr.tick(now);
    let mut call = Call { state: &mut *state, request, now };
    let reply = match resource {
        Resource::One(kind, id) => objects::put(&mut call, kind, id),
        Resource::Fulfillments(order) => objects::post_fulfillment(&mut call, order),
        Resource::Health | Resource::All(_) => {
            Err(Problem::not_found(format!("There is no path {}.", request.path)))
        }
    }?;
    if !key.is_empty() {
        state.rankr.answers.remember(key, request, &reply);
    }
    Ok(reply)
}

impl Call<'_> {
    /// The request's body in the contract's words, without nulls and checked.
    fn body(&self, form: Form) -> Result<Object, Problem> {
        let text = std::str::from_utf8(&self.request.body).unwrap_or_default();
        let object = match Json::parse(text) {
            Ok(Json::Object(object)) => schema::without_nulls(&object),
            Ok(_) => return Err(Problem::unprocessable(&["the body must be an object".to_owned()])),
            Err(error) => return Err(Problem::unprocessable(&[error.to_string()])),
        };
        let (mut object, mut problems) = self.state.rankr.dialect.inward(form, &object);
        problems.extend(schema::problems(form, &object));
        if !problems.is_empty() {
            return Err(Problem::unprocessable(&problems));
        }
        object.remove("receivedAt");
        object.remove("fulfillmentsAt");
        Ok(object)
    }
}

/// Sends an event with the whole object.
pub(crate) fn emit(state: &mut State, event: &str, form: Form, object: &Object, now: Timestamp) {
    if !state.webhooks.wants(System::Rankr, event) {
        return;
    }
    let dialect = state.rankr.dialect;
    let body = dialect.event(event, format!("{now:.3}"), dialect.outward(form, object));
    let id = format!("msg_{}", state.ids.uuid());
    *state.rankr.events.entry(event.to_owned()).or_default() += 1;
    state.webhooks.emit_standard(System::Rankr, event, &body, &id, now);
}
