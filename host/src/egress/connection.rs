//! The requests of one connection.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::address::Exceptions;
use super::connect::{Connector, Trust};
use super::credential::{Proof, key_header};
use super::policy::{Permit, Policy, setting};
use super::rate::Limiter;
use super::redact::Redactor;
use super::{EgressError, EgressOptions, Grant, headers};
use crate::contract::{Api, Credential, Description, millis};
use crate::engine::{Http, HttpError};

/// Idle connections kept for one API of one connection.
const IDLE_MAX: usize = 32;

/// How long an idle connection is kept; shorter than the minutes after which load balancers forget one silently.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How often an HTTP/2 connection in use is asked whether it is still there, and how long its answer may take. All
/// requests share it; if a firewall forgot it, each would time out until the system gives up, a quarter of an hour later.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest head of a response, in bytes. Ten times what APIs send.
const RESPONSE_HEAD_BYTES: usize = 64 << 10;

/// The longest a request waits for the API's rate budget. Longer, and the connector gets the answer the API would give,
/// so that its event can step aside for others.
const RATE_WAIT_MAX: Duration = Duration::from_secs(5);

/// One request, as the operator may see it. Holds no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The API of the manifest; none when the request matched none.
    pub api: Option<String>,
    /// The method.
    pub method: http::Method,
    /// The URL that the connector asked for; echoes of the credential are removed.
    pub url: String,
    /// The response's status, or why there is none.
    pub outcome: Result<StatusCode, HttpError>,
    /// From the connector's call to the response's last byte, waiting for the rate budget included.
    pub elapsed: Duration,
}

/// Is told of every request of a connection. Must not block.
pub trait CallObserver: Send + Sync {
    /// A request ended, or was denied.
    fn called(&self, record: CallRecord);
}

/// The requests of one connection. Cloning gives another handle to the same pool.
#[derive(Clone)]
pub struct ConnectionEgress {
    shared: Arc<Shared>,
    observer: Option<Arc<dyn CallObserver>>,
}

struct Shared {
    policy: Policy,
    /// For each API of the manifest, in its order.
    lines: Vec<Line>,
    /// Headers in which the connector's APIs take their keys.
    keys: Vec<HeaderName>,
    options: Arc<EgressOptions>,
}

/// What leads to one API.
struct Line {
    client: Client<Connector, Full<Bytes>>,
    proof: Option<Proof>,
    redactor: Redactor,
    limiter: Limiter,
}

impl ConnectionEgress {
    pub(super) fn new(
        options: &Arc<EgressOptions>,
        trust: &Trust,
        name: &str,
        description: &Description,
        grants: &BTreeMap<String, Grant>,
    ) -> Result<ConnectionEgress, EgressError> {
        let policy = Policy::new(name, description, grants)?;
        let mut lines = Vec::new();
        let mut keys = Vec::new();
        for (api, allowed) in description.apis.iter().zip(policy.apis()) {
            if let Credential::Header(name) = &api.credential {
                keys.push(key_header(api, name)?);
            }
            if allowed.in_use() && allowed.encrypted() && trust.is_empty() {
                return Err(EgressError::NoCertificates { api: api.name.clone() });
            }
            let grant = grants.get(&api.name).filter(|_| allowed.in_use());
            lines.push(Line::new(options, trust, name, api, grant)?);
        }
        let shared = Shared { policy, lines, keys, options: Arc::clone(options) };
        Ok(ConnectionEgress { shared: Arc::new(shared), observer: None })
    }

    /// The same requests, told to `observer`.
    pub fn observed(&self, observer: Arc<dyn CallObserver>) -> ConnectionEgress {
        ConnectionEgress { shared: Arc::clone(&self.shared), observer: Some(observer) }
    }
}

#[async_trait]
impl Http for ConnectionEgress {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let Some(observer) = &self.observer else { return self.shared.send(request).await.1 };
        let started = Instant::now();
        let (method, url) = (request.method().clone(), request.uri().to_string());
        let (api, outcome) = self.shared.send(request).await;
        observer.called(CallRecord {
            api: api.and_then(|api| Some(self.shared.policy.apis().get(api)?.name.clone())),
            method,
            url: self.shared.lines.iter().fold(url, |url, line| line.redactor.text(url)),
            outcome: outcome.as_ref().map(Response::status).map_err(HttpError::clone),
            elapsed: started.elapsed(),
        });
        outcome
    }
}

impl Shared {
    /// Send a request, and say which API it was for.
    async fn send(&self, request: Request<Bytes>) -> (Option<usize>, Result<Response<Bytes>, HttpError>) {
        match self.policy.decide(request.method(), request.uri()) {
            Ok(permit) => (Some(permit.api), self.permitted(permit, request).await),
            Err(denial) => (denial.api, Err(HttpError::Denied(denial.reason))),
        }
    }

    async fn permitted(&self, permit: Permit, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let line = self.lines.get(permit.api).ok_or_else(|| HttpError::Denied("no such API".to_owned()))?;
        let (mut parts, body) = request.into_parts();
        parts.headers = headers::outgoing(parts.headers, &self.keys).map_err(HttpError::Denied)?;
        parts.uri = permit.target;
        // The connector's own choice would pin a connection's protocol; TLS negotiates it.
        parts.version = http::Version::HTTP_11;
        if let Some(proof) = &line.proof {
            proof.put(&mut parts.headers);
        }
        if let Some(refusal) = line.budget().await {
            return Ok(refusal);
        }
        let timeout = self.options.timeout;
        let exchange =
            line.exchange(Request::from_parts(parts, Full::new(body)), self.options.response_bytes);
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(HttpError::Timeout { after_ms: millis(timeout) }))
    }
}

impl Line {
    fn new(
        options: &EgressOptions,
        trust: &Trust,
        connection: &str,
        api: &Api,
        grant: Option<&Grant>,
    ) -> Result<Line, EgressError> {
        let secret = grant.and_then(|grant| grant.credential.as_ref());
        let proof = match grant {
            Some(_) => Proof::new(api, secret, &setting(connection, &api.name, ".credential"))?,
            None => None,
        };
        let key = setting(connection, &api.name, ".allow_private");
        let private = grant.map_or(&[][..], |grant| &grant.private_addresses);
        let exceptions = Exceptions::parse(private, &key)?;
        let tls = trust.config().map_err(|error| EgressError::Tls { reason: error.to_string() })?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_max_buf_size(RESPONSE_HEAD_BYTES)
            .http2_max_header_list_size(RESPONSE_HEAD_BYTES as u32)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build(Connector::new(tls, exceptions, key, options.connect_timeout));
        Ok(Line { client, proof, redactor: Redactor::new(secret), limiter: Limiter::new(&api.rates) })
    }

    /// Wait for room in the rate budget. If that would take too long, answer as the API would.
    async fn budget(&self) -> Option<Response<Bytes>> {
        let until = Instant::now() + RATE_WAIT_MAX;
        loop {
            let now = Instant::now();
            let Err(wait) = self.limiter.take(now) else { return None };
            if now + wait > until {
                return Some(too_many(wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        response_bytes_max: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let broken = |reason: String| HttpError::Broken { host: host.clone(), reason };
        let response = self.client.request(request).await.map_err(|error| {
            connect_error(&error).unwrap_or_else(|| broken(self.redactor.text(chain(&error))))
        })?;
        let (mut parts, body) = response.into_parts();
        if !headers::readable(&parts.headers) {
            return Err(broken("it sent a compressed body, which was not asked for".to_owned()));
        }
        let body = match collect(body, response_bytes_max).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                return Err(HttpError::TooLarge { what: "response", limit: response_bytes_max as u64 });
            }
            Err(error) => return Err(broken(chain(&error))),
        };
        headers::incoming(&mut parts.headers);
        self.redactor.headers(&mut parts.headers);
        Ok(Response::from_parts(parts, self.redactor.bytes(body)))
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

/// The whole body, or none if it is over `limit`.
async fn collect(mut body: Incoming, limit: usize) -> Result<Option<Bytes>, hyper::Error> {
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

/// What our own connector said, if it is what failed.
fn connect_error(error: &hyper_util::client::legacy::Error) -> Option<HttpError> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error.clone());
        }
        source = error.source();
    }
    None
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
