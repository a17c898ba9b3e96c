//! The other side of a connector under test: answers from a record or a simple rule, and faults where they are wanted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::time::Instant;

use crate::contract::{Access, Credential, Description};
use crate::egress::{
    Admission, Admitted, ConnectionEgress, Egress, EgressError, EgressOptions, Grant, Outbound, Refusal,
    Transport,
};
use crate::engine::HttpError;
use crate::runtime::{CallStep, Replies};

/// What a vendor answers to what no record has an answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing that is asked for is there; what is made is taken.
    Empty,
    /// An object without members, to everything.
    Object,
    /// A list without items, to everything.
    List,
}

impl Manner {
    pub(super) const ALL: [Manner; 3] = [Manner::Empty, Manner::Object, Manner::List];

    pub(super) fn name(self) -> &'static str {
        match self {
            Manner::Empty => "a vendor that has nothing",
            Manner::Object => "a vendor that answers {}",
            Manner::List => "a vendor that answers []",
        }
    }

    fn answer(self, access: Access) -> Response<Bytes> {
        match (self, access) {
            (Manner::Empty, Access::Read) => response(404, "{}"),
            (Manner::Empty, Access::Write) => response(201, r#"{"id":"conformance"}"#),
            (Manner::Object, _) => response(200, "{}"),
            (Manner::List, _) => response(200, "[]"),
        }
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is answered with this status.
    Status(u16),
    /// It is answered with 200 and this body.
    Junk(Bytes),
    /// No connection is made.
    Refused,
    /// The connection breaks before the answer is there.
    Broken,
    /// No answer comes in time, though a write is made.
    Timeout,
    /// The host denies it.
    Denied,
}

impl Fault {
    fn outcome(&self) -> Result<Response<Bytes>, HttpError> {
        let (host, reason) = ("the vendor".to_owned(), "by the conformance kit".to_owned());
        match self {
            Fault::Status(status) => Ok(response(*status, "{}")),
            Fault::Junk(body) => Ok(with_body(200, body.clone())),
            Fault::Refused => Err(HttpError::Connect { host, reason }),
            Fault::Broken => Err(HttpError::Broken { host, reason }),
            Fault::Timeout => Err(HttpError::Timeout { after_ms: 30_000 }),
            Fault::Denied => Err(HttpError::Denied(reason)),
        }
    }
}

fn response(status: u16, body: &'static str) -> Response<Bytes> {
    with_body(status, Bytes::from_static(body.as_bytes()))
}

fn with_body(status: u16, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

/// What a connection of a connector with `settings` may request: all that its manifest names. Neither budgets nor
/// credentials matter here, and both would get in the way.
pub(super) fn everything(description: &Description, settings: &str) -> Result<ConnectionEgress, EgressError> {
    let mut open = description.clone();
    let mut grants = BTreeMap::new();
    for api in &mut open.apis {
        api.rates.clear();
        api.credential = Credential::None;
        let scopes = api.endpoints.iter().map(|endpoint| endpoint.scope.clone()).collect();
        grants.insert(api.name.clone(), Grant { scopes, ..Grant::default() });
    }
    let egress = Egress::with_transport(EgressOptions::default(), Arc::new(Nowhere));
    egress.connection("test", &open, settings, grants)
}

/// Carries nothing: the vendor answers before anything would be sent.
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        Err(HttpError::Denied(format!("{} leads nowhere", request.uri())))
    }
}

/// A vendor for one call.
pub(super) struct Vendor {
    policy: ConnectionEgress,
    manner: Manner,
    /// Which request goes wrong, counted from 0, and how. So does every later one for the same.
    fault: Option<(usize, Fault)>,
    state: Mutex<State>,
}

struct State {
    replies: Replies,
    /// Requests so far.
    asked: usize,
    /// What the request was that goes wrong.
    wrong: Option<String>,
    /// Requests that no record has an answer to.
    unknown: Vec<String>,
}

impl Vendor {
    pub(super) fn new(
        policy: ConnectionEgress,
        replies: Replies,
        manner: Manner,
        fault: Option<(usize, Fault)>,
    ) -> Vendor {
        let state = State { replies, asked: 0, wrong: None, unknown: Vec::new() };
        Vendor { policy, manner, fault, state: Mutex::new(state) }
    }

    /// What was asked for and is not on record.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.lock().unknown.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic within cannot leave it half-changed in a way that matters: the call is over then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of a request, if it has one. A connector that asks again by itself is not told otherwise.
    fn fault_of(&self, request: &Request<Bytes>) -> Option<Fault> {
        let (at, fault) = self.fault.as_ref()?;
        let mut state = self.lock();
        let asked = format!("{} {}", request.method(), request.uri());
        if state.asked == *at + 1 && state.wrong.is_none() {
            state.wrong = Some(asked.clone());
        }
        (state.wrong.as_ref() == Some(&asked)).then(|| fault.clone())
    }
}

#[async_trait]
impl Outbound for Vendor {
    async fn admit(&self, request: Request<Bytes>) -> Result<Admission, Refusal> {
        self.lock().asked += 1;
        if let Some(fault @ Fault::Denied) = self.fault_of(&request)
            && let Err(error) = fault.outcome()
        {
            return Err(Refusal { api: None, error });
        }
        self.policy.admit(request).await
    }

    async fn send(&self, admitted: Admitted) -> Result<Response<Bytes>, HttpError> {
        if let Some(fault) = self.fault_of(admitted.request()) {
            return fault.outcome();
        }
        let asked = CallStep::asked(admitted.request());
        let mut state = self.lock();
        let reply = state.replies.take(&asked).and_then(|reply| reply.answer.outcome());
        reply.unwrap_or_else(|| {
            state.unknown.push(format!("{} {}", asked.method, asked.url));
            Ok(self.manner.answer(admitted.access()))
        })
    }

    fn closed_until(&self) -> Option<Instant> {
        None
    }

    fn redact(&self, text: String) -> String {
        text
    }
}
