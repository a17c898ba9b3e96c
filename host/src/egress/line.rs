//! What leads to one API with one credential.

use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response, StatusCode, header};
use tokio::time::Instant;
use transload_policy::address::Exceptions;
use transload_policy::credential::Proof;
use transload_policy::manifest::Api;
use transload_policy::place::Base;
use transload_policy::{Keys, headers};

use super::portion::Portion;
use super::rate::{BudgetKey, Share};
use super::redact::Redactor;
use super::way::{Destination, Way};
use super::{Common, EgressError, EgressOptions, Grant, hints};
use crate::contract::millis;
use crate::engine::HttpError;

/// The longest a request waits for the API's rate budget. Longer, and the connector gets the answer the API would give,
/// so that its event can step aside for others.
const RATE_WAIT_MAX: Duration = Duration::from_secs(5);

/// The same in the background, where nobody waits behind it, and where an answer "busy" would have a page of hundreds of
/// requests begin again. Less than [`Limits::jobs`](crate::engine::Limits::jobs) give one request.
const BACKGROUND_WAIT_MAX: Duration = Duration::from_mins(5);

/// What leads to one API.
pub(super) struct Line {
    way: Way,
    proof: Option<Proof>,
    redactor: Redactor,
    budget: Share,
    /// What its requests are counted by; with the exceptions, what its sockets may be used for.
    key: BudgetKey,
}

impl Line {
    /// The line of a connection to `api` at `target`. Keeps the sockets of `previous` if they lead to the same place with the
    /// same credential.
    pub(super) fn new(
        common: &Common,
        keys: &Keys,
        api: &Api,
        target: &Base,
        grant: &Grant,
        previous: Option<&Line>,
    ) -> Result<Line, EgressError> {
        let secret = grant.credential.as_ref();
        let proof = Proof::new(api, secret, &keys.api(&api.name, "credential"))?;
        let allow_private = keys.api(&api.name, "allow_private");
        let exceptions = Exceptions::parse(&grant.private_addresses, &allow_private)?;
        let key = BudgetKey::new(&target.place(), secret);
        let kept = previous.filter(|line| line.key == key && line.proof == proof).map(|line| &line.way);
        let destination = Destination {
            whom: &api.name,
            base: target,
            connect_timeout: common.options.connect_timeout,
            exceptions,
            setting: &allow_private,
        };
        let way = common.via.lead(destination, kept)?;
        let budget = common.budgets.join(key, &api.rates);
        Ok(Line { way, proof, redactor: Redactor::new(secret), budget, key })
    }

    /// Take a place in the rate budget. If that would take too long, answer as the API would.
    /// In the background it is a place in a portion of it.
    pub(super) async fn enter(&self, background: Option<Portion>) -> Result<(), Response<Bytes>> {
        let patience = if background.is_some() { BACKGROUND_WAIT_MAX } else { RATE_WAIT_MAX };
        let portion = background.unwrap_or(Portion::WHOLE);
        self.budget.take_within(patience, portion).await.map_err(too_many)
    }

    /// Until when the budget admits nothing; none if it would.
    pub(super) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.budget.closed_until(now)
    }

    pub(super) fn redact(&self, text: String) -> String {
        self.redactor.text(text)
    }

    /// Add the credential, send, and clean what comes back.
    pub(super) async fn send(
        &self,
        mut request: Request<Bytes>,
        options: &EgressOptions,
    ) -> Result<Response<Bytes>, HttpError> {
        if let Some(proof) = &self.proof {
            proof.put(request.headers_mut());
        }
        let exchange = self.exchange(request, options.response_bytes);
        let outcome = tokio::time::timeout(options.timeout, exchange).await;
        let outcome =
            outcome.unwrap_or_else(|_| Err(HttpError::Timeout { after_ms: millis(options.timeout) }));
        outcome.map_err(|error| self.cleaned(error))
    }

    async fn exchange(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, HttpError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let broken = |reason: String| HttpError::Broken { host: host.clone(), reason };
        let heed = |parts: &Parts| {
            if let Some(pause) = hints::pause(parts.status, &parts.headers) {
                self.budget.hold(Instant::now(), pause);
            }
            if headers::readable(&parts.headers) {
                return Ok(());
            }
            Err(broken("it sent a compressed body, which was not asked for".to_owned()))
        };
        let (mut parts, body) = self.way.send(request, limit, heed).await?;
        let Some(body) = body.map_err(broken)? else {
            return Err(HttpError::TooLarge { what: "response", limit: limit as u64 });
        };
        headers::incoming(&mut parts.headers);
        self.redactor.headers(&mut parts.headers);
        Ok(Response::from_parts(parts, self.redactor.bytes(body)))
    }

    /// An error without echoes of the credential: a transport may quote the request in one.
    fn cleaned(&self, error: HttpError) -> HttpError {
        match error {
            HttpError::Denied(reason) => HttpError::Denied(self.redact(reason)),
            HttpError::Malformed(reason) => HttpError::Malformed(self.redact(reason)),
            HttpError::Dns { host, reason } => HttpError::Dns { host, reason: self.redact(reason) },
            HttpError::Connect { host, reason } => HttpError::Connect { host, reason: self.redact(reason) },
            HttpError::Tls { host, reason } => HttpError::Tls { host, reason: self.redact(reason) },
            HttpError::Broken { host, reason } => HttpError::Broken { host, reason: self.redact(reason) },
            HttpError::Timeout { .. } | HttpError::TooLarge { .. } => error,
        }
    }
}

/// What an API would say whose rate is exceeded.
fn too_many(wait: Duration) -> Response<Bytes> {
    let mut response =
        Response::new(Bytes::from_static(b"the host's budget of requests to this API is used up"));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = wait.as_secs().saturating_add(1);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}
