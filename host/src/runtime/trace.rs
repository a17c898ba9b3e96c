//! What an attempt asked of the outside and what it was answered: enough to run it again with nothing outside.
//!
//! A trace holds what the connector saw, so it holds no credential: the host adds those after a request was recorded, and
//! removes echoes of them before an answer is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};

use crate::contract::{Event, EventPage, Failure, FindingPage, Level, Probe, Receipt};
use crate::engine::HttpError;
use crate::storage::EntryWrite;

/// The longest body that is kept, in bytes. A page of a hundred orders is about half of it.
pub const BODY_KEPT_MAX: usize = 1 << 20;

/// What is kept of one attempt's bodies and values, in bytes. Beyond it only their sizes are.
pub const TRACE_KEPT_MAX: usize = 4 << 20;

/// What one attempt did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    /// In the order in which they began.
    pub steps: Vec<Step>,
    /// What it wrote to the store, if it got so far.
    pub stored: Vec<StoreWrite>,
    /// What came of it; none while it runs.
    pub outcome: Option<Outcome>,
}

/// What an attempt left in an entry of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreWrite {
    /// The entry's key.
    pub key: String,
    /// Its value; none if it was removed.
    pub value: Option<Body>,
}

/// One thing that an attempt did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A request.
    Call(Box<CallStep>),
    /// A look at an entry of the store, before any write of this attempt to it.
    Entry {
        /// The entry's key.
        key: String,
        /// Its value; none if there is no such entry.
        value: Option<Body>,
        /// Its version.
        version: u64,
    },
    /// A look at which entries there are.
    Keys {
        /// What they start with.
        prefix: String,
        /// What they come after.
        after: Option<String>,
        /// How many were asked for.
        limit: u32,
        /// What was found.
        keys: Vec<String>,
    },
    /// A line that the connector logged.
    Line {
        /// How much it matters.
        level: Level,
        /// The line.
        message: String,
        /// Named values.
        fields: Vec<(String, String)>,
    },
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallStep {
    /// The method.
    pub method: String,
    /// The URL that the connector asked for.
    pub url: String,
    /// What the connector sent with it.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: Body,
    /// What the connector was answered; none if it did not wait for that.
    pub reply: Option<Reply>,
}

/// What a connector was answered, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The API of the manifest, if the request was for one.
    pub api: Option<String>,
    /// Whether it changes anything at the vendor.
    pub write: bool,
    /// Where the answer came from.
    pub from: Source,
    /// The answer.
    pub answer: Answer,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The vendor, or the way there.
    Vendor,
    /// The record of an earlier attempt, which had made this write already.
    Record,
    /// The host: refused, or not to be sent a second time.
    Host,
}

/// What a connector was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A response.
    Response(StoredResponse),
    /// No response.
    Error {
        /// Which kind of [`HttpError`].
        kind: ErrorKind,
        /// Why, for a person.
        reason: String,
    },
}

/// A response, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// The status.
    pub status: u16,
    /// The headers that the connector saw.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// The kinds of [`HttpError`], by which a connector can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are those of HttpError")]
pub enum ErrorKind {
    Denied,
    Malformed,
    Dns,
    Connect,
    Tls,
    Broken,
    Timeout,
    RequestTooLarge,
    ResponseTooLarge,
}

/// Bytes, as text where they are text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else, in base64.
    Base64(String),
    /// So many bytes that were too many to keep.
    Omitted(usize),
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The event was handled.
    Receipt(Receipt),
    /// The delivery was read.
    Events(Vec<Event>),
    /// A page of a trigger's events was read.
    Page(EventPage),
    /// An action answered this.
    Output(String),
    /// A page was compared.
    Findings(FindingPage),
    /// What the connector needs was tried.
    Probes(Vec<Probe>),
    /// The connector failed.
    Failure(Failure),
    /// The connector did not answer: a trap, a limit, a timeout; or what it answered is not allowed.
    Error(String),
}

impl Outcome {
    /// Its name, for listings.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Receipt(Receipt::Done(_)) => "done",
            Outcome::Receipt(Receipt::Skipped(_)) => "skipped",
            Outcome::Events(_) | Outcome::Page(_) => "read",
            Outcome::Output(_) => "ran",
            Outcome::Findings(_) => "compared",
            Outcome::Probes(_) => "checked",
            Outcome::Failure(Failure::Retry(_)) => "retry",
            Outcome::Failure(Failure::Rejected(_)) => "rejected",
            Outcome::Failure(Failure::NeedsAttention(_)) => "needs-attention",
            Outcome::Error(_) => "error",
        }
    }
}

impl Body {
    /// Keep `bytes`.
    pub fn of(bytes: &[u8]) -> Body {
        match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Base64(STANDARD.encode(bytes)),
        }
    }

    /// The bytes, if they were kept and are whole.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Body::Text(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
            Body::Base64(text) => STANDARD.decode(text).ok().map(Bytes::from),
            Body::Omitted(_) => None,
        }
    }

    fn kept(&self) -> usize {
        match self {
            Body::Text(text) | Body::Base64(text) => text.len(),
            Body::Omitted(_) => 0,
        }
    }
}

impl StoredResponse {
    /// Keep a response.
    pub fn of(response: &Response<Bytes>) -> StoredResponse {
        StoredResponse {
            status: response.status().as_u16(),
            headers: headers(response.headers()),
            body: Body::of(response.body()),
        }
    }

    /// The response, if it was kept whole.
    pub fn response(&self) -> Option<Response<Bytes>> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(self.body.bytes()?).ok()
    }
}

impl Answer {
    /// Keep what a request came to.
    pub fn of(outcome: &Result<Response<Bytes>, HttpError>) -> Answer {
        match outcome {
            Ok(response) => Answer::Response(StoredResponse::of(response)),
            Err(error) => Answer::Error { kind: ErrorKind::of(error), reason: error.to_string() },
        }
    }

    /// What the request came to; none if the response was too large to keep.
    pub fn outcome(&self) -> Option<Result<Response<Bytes>, HttpError>> {
        match self {
            Answer::Response(stored) => stored.response().map(Ok),
            Answer::Error { kind, reason } => Some(Err(kind.error(reason.clone()))),
        }
    }
}

impl ErrorKind {
    fn of(error: &HttpError) -> ErrorKind {
        match error {
            HttpError::Denied(_) => ErrorKind::Denied,
            HttpError::Malformed(_) => ErrorKind::Malformed,
            HttpError::Dns { .. } => ErrorKind::Dns,
            HttpError::Connect { .. } => ErrorKind::Connect,
            HttpError::Tls { .. } => ErrorKind::Tls,
            HttpError::Broken { .. } => ErrorKind::Broken,
            HttpError::Timeout { .. } => ErrorKind::Timeout,
            HttpError::TooLarge { what: "request", .. } => ErrorKind::RequestTooLarge,
            HttpError::TooLarge { .. } => ErrorKind::ResponseTooLarge,
        }
    }

    /// The error of this kind. What it is told to a connector depends on the kind alone.
    fn error(self, reason: String) -> HttpError {
        let host = String::new();
        match self {
            ErrorKind::Denied => HttpError::Denied(reason),
            ErrorKind::Malformed => HttpError::Malformed(reason),
            ErrorKind::Dns => HttpError::Dns { host, reason },
            ErrorKind::Connect => HttpError::Connect { host, reason },
            ErrorKind::Tls => HttpError::Tls { host, reason },
            ErrorKind::Broken => HttpError::Broken { host, reason },
            ErrorKind::Timeout => HttpError::Timeout { after_ms: 0 },
            ErrorKind::RequestTooLarge => HttpError::TooLarge { what: "request", limit: 0 },
            ErrorKind::ResponseTooLarge => HttpError::TooLarge { what: "response", limit: 0 },
        }
    }
}

/// Headers as text. Values that are none are kept as far as they are.
pub(super) fn headers(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

impl CallStep {
    /// A request whose answer is not known yet.
    pub(crate) fn asked(request: &Request<Bytes>) -> CallStep {
        CallStep {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: headers(request.headers()),
            body: Body::of(request.body()),
            reply: None,
        }
    }
}

/// Takes an attempt's steps down as they happen.
#[derive(Debug, Default)]
pub(crate) struct Tape(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    steps: Vec<Step>,
    bytes: usize,
}

impl Tape {
    /// Take a step down, and answer its position.
    pub(crate) fn push(&self, mut step: Step) -> usize {
        let mut taken = self.lock();
        match &mut step {
            Step::Call(call) => taken.limit(&mut call.body),
            Step::Entry { value: Some(value), .. } => taken.limit(value),
            Step::Entry { .. } | Step::Keys { .. } | Step::Line { .. } => {}
        }
        taken.steps.push(step);
        taken.steps.len() - 1
    }

    /// Note the answer to a call that was taken down when it began.
    pub(super) fn answered(&self, position: usize, mut reply: Reply) {
        let mut taken = self.lock();
        if let Answer::Response(response) = &mut reply.answer {
            taken.limit(&mut response.body);
        }
        if let Some(Step::Call(call)) = taken.steps.get_mut(position) {
            call.reply = Some(reply);
        }
    }

    /// What was taken down, and what came of it.
    pub(super) fn end(&self, writes: &[EntryWrite], outcome: Outcome) -> Trace {
        let mut taken = self.lock();
        let mut kept = |bytes: &Vec<u8>| {
            let mut value = Body::of(bytes);
            taken.limit(&mut value);
            value
        };
        let stored = writes.iter().map(|write| {
            let value = write.value.as_ref().map(&mut kept);
            StoreWrite { key: write.key.clone(), value }
        });
        let stored = stored.collect();
        Trace { steps: std::mem::take(&mut taken.steps), stored, outcome: Some(outcome) }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // A panic within cannot leave a step half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn limit(&mut self, body: &mut Body) {
        let kept = body.kept();
        if kept > BODY_KEPT_MAX || self.bytes.saturating_add(kept) > TRACE_KEPT_MAX {
            *body = Body::Omitted(kept);
        } else {
            self.bytes += kept;
        }
    }
}
