//! What leads to one API with one credential.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::time::Instant;

use super::address::Exceptions;
use super::connect::Trust;
use super::credential::Proof;
use super::outbound::Transport;
use super::place::Base;
use super::policy::setting;
use super::pool::{Pool, chain};
use super::portion::Portion;
use super::rate::{BudgetKey, Share};
use super::redact::Redactor;
use super::{Common, EgressError, EgressOptions, Grant, Via, headers, hints};
use crate::contract::{Api, millis};
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

/// What carries the requests.
pub(super) enum Way {
    Pooled(Arc<Pool>),
    Custom(Arc<dyn Transport>),
}

impl Line {
    /// The line of `connection` to `api` at `target`. Keeps the sockets of `previous` if they lead to the same place with the
    /// same credential.
    pub(super) fn new(
        common: &Common,
        connection: &str,
        api: &Api,
        target: &Base,
        grant: &Grant,
        previous: Option<&Line>,
    ) -> Result<Line, EgressError> {
        let secret = grant.credential.as_ref();
        let proof = Proof::new(api, secret, &setting(connection, &api.name, ".credential"))?;
        let allow_private = setting(connection, &api.name, ".allow_private");
        let exceptions = Exceptions::parse(&grant.private_addresses, &allow_private)?;
        let key = BudgetKey::new(&target.place(), secret);
        let way = match &common.via {
            Via::Custom(transport) => Way::Custom(Arc::clone(transport)),
            Via::Pools(trust) => {
                ready(trust, &api.name, target)?;
                let kept = previous.and_then(|line| line.pool_for(key, &exceptions, proof.as_ref()));
                let timeout = common.options.connect_timeout;
                Way::Pooled(kept.unwrap_or_else(|| {
                    Arc::new(Pool::new(Arc::clone(trust), timeout, exceptions, &allow_private))
                }))
            }
        };
        let budget = common.budgets.join(key, &api.rates);
        Ok(Line { way, proof, redactor: Redactor::new(secret), budget, key })
    }

    /// Its pool, if what it was made for is the same.
    fn pool_for(&self, key: BudgetKey, exceptions: &Exceptions, proof: Option<&Proof>) -> Option<Arc<Pool>> {
        let Way::Pooled(pool) = &self.way else { return None };
        let same = self.key == key && pool.exceptions == *exceptions && self.proof.as_ref() == proof;
        same.then(|| Arc::clone(pool))
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
        match &self.way {
            Way::Pooled(pool) => self.read(pool.send(request).await?, &host, limit).await,
            Way::Custom(transport) => {
                self.read(transport.send(request).await?.map(Full::new), &host, limit).await
            }
        }
    }

    async fn read<B>(
        &self,
        response: Response<B>,
        host: &str,
        limit: usize,
    ) -> Result<Response<Bytes>, HttpError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Error,
    {
        let broken = |reason: String| HttpError::Broken { host: host.to_owned(), reason };
        let (mut parts, body) = response.into_parts();
        // Before the body, which may never be complete.
        if let Some(pause) = hints::pause(parts.status, &parts.headers) {
            self.budget.hold(Instant::now(), pause);
        }
        if !headers::readable(&parts.headers) {
            return Err(broken("it sent a compressed body, which was not asked for".to_owned()));
        }
        let body = collect(body, limit).await.map_err(|error| broken(chain(&error)))?;
        let Some(body) = body else {
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

/// Whether TLS can be spoken, where it will be.
pub(super) fn ready(trust: &Trust, whom: &str, target: &Base) -> Result<(), EgressError> {
    trust.check().map_err(|error| EgressError::Tls { reason: error.to_string() })?;
    if target.scheme == "https" && trust.is_empty() {
        return Err(EgressError::NoCertificates { api: whom.to_owned() });
    }
    Ok(())
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

/// The whole body, or none if it is over `limit`.
pub(super) async fn collect<B>(mut body: B, limit: usize) -> Result<Option<Bytes>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Ok(None);
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if collected.len().saturating_add(data.len()) > limit {
            return Ok(None);
        }
        if collected.is_empty() && body.is_end_stream() {
            return Ok(Some(data));
        }
        collected.extend_from_slice(&data);
    }
    Ok(Some(collected.freeze()))
}
