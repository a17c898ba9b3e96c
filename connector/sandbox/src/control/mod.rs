//! The control API: plays the merchant, the customer and the driver, and breaks things. The crate's documentation has
//! the table of its paths.

pub(crate) mod client;
pub(crate) mod ghl;
pub(crate) mod invoices;
pub(crate) mod plant;
pub(crate) mod rankr;
pub(crate) mod track_pod;
pub(crate) mod types;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::ghl::store::StoreError;
use crate::json::{Json, Object};
use crate::message::{Reply, Request};
use crate::seed;
use crate::state::State;
use crate::system::System;
use crate::webhooks::{RESEND_MAX, TARGETS_MAX, Target};
use types::{Counts, Info, Resend, Snapshot};

/// Why a call of the control API is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refused {
    /// 400 the call makes no sense, 404 no such object, 409 not in a state for it, 507 the sandbox is full.
    pub status: StatusCode,
    /// The sandbox's reason; over HTTP it is the text of `{"error": …}`.
    pub message: String,
}

type Answer = Result<Reply, Refused>;

/// Answers a request.
pub(crate) fn handle(state: &mut State, base_url: &str, request: &Request, now: Timestamp) -> Reply {
    let refused = |Refused { status, message }| reply(status, &Refusal { error: message });
    route(state, base_url, request, now).unwrap_or_else(refused)
}

fn route(state: &mut State, base_url: &str, request: &Request, now: Timestamp) -> Answer {
    let route = request.route();
    match (request.method.as_str(), route.as_slice()) {
        ("GET", []) => ok(&info(state, base_url)),
        ("GET", ["webhooks"]) => ok(&state.webhooks.all()),
        ("PUT", ["webhooks", system]) => {
            let target = target(request)?;
            state.webhooks.set_target(self::system(system)?, Some(target));
            done()
        }
        ("POST", ["webhooks", system]) => {
            let (target, system) = (target(request)?, self::system(system)?);
            match state.webhooks.add_target(system, target) {
                true => done(),
                false => Err(StoreError::Full(format!("webhooks go to {TARGETS_MAX} places at most")).into()),
            }
        }
        ("DELETE", ["webhooks", system]) => {
            state.webhooks.set_target(self::system(system)?, None);
            done()
        }
        ("POST", ["webhooks", id, "resend"]) => resend(state, id, request),
        (_, ["ghl", rest @ ..]) => ghl::route(state, rest, request, now),
        (_, ["track-pod", rest @ ..]) => track_pod::route(state, rest, request, now),
        (_, ["rankr", rest @ ..]) => rankr::route(state, rest, request, now),
        ("POST", ["faults"]) => {
            state.faults.add(body(request)?).map_err(invalid)?;
            done()
        }
        ("GET", ["faults"]) => ok(&state.faults.waiting()),
        ("DELETE", ["faults"]) => {
            state.faults.clear();
            done()
        }
        ("GET", ["state"]) => ok(&snapshot(state)),
        ("GET", ["ledger"]) => ok(&state.ledger.after(after(request)?)),
        ("GET", ["ledger", "counts"]) => ok(&state.ledger.counts()),
        ("DELETE", ["ledger"]) => {
            let of = request.parameter("system").map(|name| system(&name)).transpose()?;
            state.ledger.clear(of, &request.parameter("path").unwrap_or_default());
            done()
        }
        ("POST", ["seed"]) => ok(&seed::seed(state, body(request)?)?),
        ("POST", ["reset"]) => {
            state.reset();
            done()
        }
        _ => Err(no_such_path(request)),
    }
}

/// All data of all systems.
pub(crate) fn snapshot(state: &State) -> Snapshot {
    Snapshot {
        ghl: ghl::snapshot(state),
        track_pod: track_pod::snapshot(state),
        rankr: rankr::snapshot(&state.rankr),
    }
}

/// URLs, credentials and counts.
pub(crate) fn info(state: &State, base_url: &str) -> Info {
    let keys = &state.webhooks.keys;
    Info {
        ghl_url: format!("{base_url}/ghl"),
        ghl_token: state.ghl.token.clone(),
        ghl_location: state.ghl.location.clone(),
        ghl_public_key_pem: keys.ghl_public_key_pem(),
        track_pod_url: format!("{base_url}/track-pod"),
        track_pod_key: state.track_pod.key.clone(),
        track_pod_signature_header: keys.track_pod_header().to_owned(),
        track_pod_secret: keys.track_pod_secret().to_owned(),
        rankr_url: format!("{base_url}/rankr"),
        rankr_token: state.rankr.token.clone(),
        rankr_secret: keys.rankr_secret(),
        counts: Counts {
            ghl_orders: state.ghl.orders.len(),
            ghl_transactions: state.ghl.payments.all.len(),
            track_pod_orders: state.track_pod.orders.len(),
            rankr_orders: state.rankr.orders.len(),
            rankr_transactions: state.rankr.transactions.len(),
            ledger_entries: state.ledger.entries.len(),
            ledger_missed: state.ledger.missed,
            ledger_writes: state.ledger.writes,
            webhooks_waiting: state.webhooks.waiting(),
        },
    }
}

fn system(name: &str) -> Result<System, Refused> {
    System::from_name(name)
        .ok_or_else(|| missing(format!("there is no system {name:?}: ghl, track-pod or rankr")))
}

fn target(request: &Request) -> Result<Target, Refused> {
    let target: Target = body(request)?;
    let url = Url::parse(&target.url).map_err(|error| invalid(format!("url {:?}: {error}", target.url)))?;
    if url.scheme() != "http" {
        return Err(invalid(format!("url {}: only http: URLs are sent to", target.url)));
    }
    Ok(target)
}

fn resend(state: &mut State, id: &str, request: &Request) -> Answer {
    #[derive(Serialize)]
    struct Resent {
        ids: Vec<u64>,
    }
    let resend: Resend = body(request)?;
    if resend.times > RESEND_MAX {
        return Err(invalid(format!("times is {}: at most {RESEND_MAX}", resend.times)));
    }
    let sent = id.parse().ok().and_then(|id| state.webhooks.resend(id, resend.times, resend.tamper));
    let ids =
        sent.ok_or_else(|| missing(format!("there is no webhook {id}, or it is no longer remembered")))?;
    ok(&Resent { ids })
}

fn after(request: &Request) -> Result<u64, Refused> {
    let Some(text) = request.parameter("after") else { return Ok(0) };
    text.parse().map_err(|_| invalid(format!("after={text}: not a sequence number")))
}

/// The body of an error.
#[derive(Serialize)]
struct Refusal {
    error: String,
}

/// The request's body; an empty one is an empty object.
fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refused> {
    let text = if request.body.is_empty() { b"{}".as_slice() } else { &request.body };
    serde_json::from_slice(text).map_err(|error| invalid(format!("the body does not fit: {error}")))
}

fn reply(status: StatusCode, body: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(body).unwrap_or_default();
    Reply { status, headers: Vec::new(), content_type: "application/json; charset=utf-8", body, object: None }
}

fn ok(body: &impl Serialize) -> Answer {
    Ok(reply(StatusCode::OK, body))
}

fn done() -> Answer {
    #[derive(Serialize)]
    struct Done {}
    ok(&Done {})
}

/// A call that makes no sense.
pub(crate) fn invalid(error: impl Into<String>) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, message: error.into() }
}

fn object(document: Json) -> Result<Object, Refused> {
    match document {
        Json::Object(object) => Ok(object),
        _ => Err(invalid("an object is expected")),
    }
}

fn missing(message: String) -> Refused {
    Refused { status: StatusCode::NOT_FOUND, message }
}

fn no_such_path(request: &Request) -> Refused {
    missing(format!("there is no {} /control{}", request.method, request.path))
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let (status, message) = match error {
            StoreError::Missing(text) => (StatusCode::NOT_FOUND, text),
            StoreError::Invalid(text) => (StatusCode::CONFLICT, text),
            StoreError::Full(text) => (StatusCode::INSUFFICIENT_STORAGE, text),
        };
        Self { status, message }
    }
}
