//! The way out in two steps, deciding and sending, so that a host can write down between the two what it is about to do.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::portion::Portion;
use crate::contract::{Access, InDoubt};
use crate::engine::HttpError;

/// A request that may leave: decided, within the rate budget, not yet sent. Holds no credential.
///
/// Its place in the rate budget is taken, whether it is sent or not.
#[derive(Debug)]
pub struct Admitted {
    api: Arc<str>,
    access: Access,
    in_doubt: InDoubt,
    idempotency_header: Option<HeaderName>,
    pub(super) request: Request<Bytes>,
    /// Who admitted it, and its line out; none for one that was made by hand.
    pub(super) ticket: Option<Ticket>,
}

/// Proof that a connection admitted a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The connection's number.
    pub(super) issuer: u64,
    /// Position of the API in its manifest.
    pub(super) api: usize,
}

impl Admitted {
    /// A request for an implementation of [`Outbound`] of your own. [`ConnectionEgress`](super::ConnectionEgress) sends
    /// only what it has admitted itself, so this leads past no check.
    pub fn new(
        api: impl Into<Arc<str>>,
        access: Access,
        in_doubt: InDoubt,
        request: Request<Bytes>,
    ) -> Admitted {
        Admitted { api: api.into(), access, in_doubt, idempotency_header: None, request, ticket: None }
    }

    /// The same; the API takes an idempotency key in `header`, if in any.
    pub fn with_idempotency_header(mut self, header: Option<HeaderName>) -> Admitted {
        self.idempotency_header = header;
        self
    }

    pub(super) fn issued(mut self, ticket: Ticket) -> Admitted {
        self.ticket = Some(ticket);
        self
    }

    /// The API's name in the manifest.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// Whether it changes anything, by the manifest.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What is to be done if its outcome stays unknown, by the manifest.
    pub fn in_doubt(&self) -> InDoubt {
        self.in_doubt
    }

    /// The header in which the API takes an idempotency key; none if it takes none.
    pub fn idempotency_header(&self) -> Option<&HeaderName> {
        self.idempotency_header.as_ref()
    }

    /// Send `key` as the idempotency key. Does nothing if the API takes none. A key that no header can carry is sent as
    /// the hex of its SHA-256, which is as stable.
    pub fn set_idempotency_key(&mut self, key: &str) {
        let Some(header) = self.idempotency_header.clone() else { return };
        let value = HeaderValue::from_str(key).ok().filter(|value| !value.is_empty()).or_else(|| {
            let digest: [u8; 32] = Sha256::digest(key).into();
            HeaderValue::from_str(&hex::encode(digest)).ok()
        });
        if let Some(value) = value {
            self.request.headers_mut().insert(header, value);
        }
    }

    /// What will be sent, but for the credential: the URL is the one that it really goes to.
    pub fn request(&self) -> &Request<Bytes> {
        &self.request
    }
}

/// What became of a request that was allowed.
#[derive(Debug)]
pub enum Admission {
    /// It may be sent.
    Admitted(Admitted),
    /// The rate budget is used up: what the API would answer, 429 with `Retry-After`. Nothing was sent.
    Busy(Response<Bytes>),
}

/// A request that may not be made. Nothing was sent, nothing was counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// The API that it was meant for; none if it is for none of the manifest's.
    pub api: Option<String>,
    /// [`HttpError::Denied`] or [`HttpError::Malformed`].
    pub error: HttpError,
}

/// The way out of one connection.
#[async_trait]
pub trait Outbound: Send + Sync {
    /// Decide whether a call may be made, say what it is by the manifest, and take its place in the rate budget. A refusal
    /// comes at once; for room in the budget it waits a few seconds.
    async fn admit(&self, request: Request<Bytes>) -> Result<Admission, Refusal>;

    /// The same for work in the background: it is admitted only while less than `portion` of the rate budget is used up,
    /// and waits minutes for that. An implementation without budgets need not tell the two apart.
    async fn admit_portion(&self, request: Request<Bytes>, portion: Portion) -> Result<Admission, Refusal> {
        let _ = portion;
        self.admit(request).await
    }

    /// Add the credential and send what was admitted. A response of any status is a success.
    async fn send(&self, admitted: Admitted) -> Result<Response<Bytes>, HttpError>;

    /// Until when calls would be turned away, as far as is known now: the latest end of a full budget or of a pause that an
    /// API asked for, among the APIs that the connection may use. None if each would admit a request.
    fn closed_until(&self) -> Option<Instant>;

    /// Remove echoes of the connection's credentials from `text`.
    fn redact(&self, text: String) -> String;
}

/// Sends requests that have been decided, for a host that has an HTTP client of its own, or for a simulation.
///
/// A request has an absolute target URL and holds its credential: an implementation must not log it. The answer is the
/// response as it came, decoded from its framing only; egress reads its rate headers, caps, cleans and redacts it, bounds the
/// call's time by dropping it, and redacts errors. What an implementation has to see to itself: TLS and whom to trust, not
/// to follow redirects, and which addresses a name may lead to; private ones must not be reached by accident.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Send `request` and answer the whole response. Of the errors, [`HttpError::Dns`], [`HttpError::Connect`] and
    /// [`HttpError::Tls`] say that nothing was sent; [`HttpError::Broken`] that it may have been.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError>;
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
