//! The requests of one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::time::Instant;
use transload_policy::manifest as rules;
use transload_policy::policy::{Permit, Policy};
use transload_policy::{Keys, headers, paths};

use super::line::Line;
use super::outbound::{Admission, Admitted, Outbound, Refusal, Ticket};
use super::portion::Portion;
use super::{Common, EgressError, Grant};
use crate::contract::Api;
use crate::engine::{Http, HttpError};

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
    /// Tells its tickets from those of other connections.
    number: u64,
    common: Arc<Common>,
    policy: Policy,
    /// For each API of the manifest, in its order: none if nothing of it is granted.
    lines: Box<[Option<Line>]>,
}

/// The number of the next connection. At a million a second, the first to come again would do so in 500,000 years.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl ConnectionEgress {
    pub(super) fn new(
        common: &Arc<Common>,
        name: &str,
        apis: &[Api],
        settings: &str,
        grants: &BTreeMap<String, Grant>,
        previous: Option<&ConnectionEgress>,
    ) -> Result<ConnectionEgress, EgressError> {
        let keys = Keys::Tables(name.into());
        let apis: Vec<rules::Api> = apis.iter().map(Into::into).collect();
        let plan = common.plans.of(&paths::set(&keys, &apis, settings)?)?;
        let given = grants.iter().map(|(api, grant)| (api.clone(), grant.rule())).collect();
        let policy = Policy::new(keys.clone(), plan, &given)?;
        // Another egress has other timeouts, and trusts others.
        let previous = previous.filter(|previous| Arc::ptr_eq(&previous.shared.common, common));
        let line = |(index, api)| {
            let (Some(target), Some(grant)) = (policy.target(index), grants.get(api)) else {
                return Ok(None);
            };
            let previous = previous.and_then(|previous| previous.shared.line_of(api));
            let api = policy.plan.apis.get(index).map(|plan| &plan.api);
            api.map(|api| Line::new(common, &keys, api, target, grant, previous)).transpose()
        };
        let names = policy.plan.apis.iter().map(|plan| plan.api.name.as_str());
        let lines = names.enumerate().map(line).collect::<Result<_, _>>()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let shared = Shared { number, common: Arc::clone(common), policy, lines };
        Ok(ConnectionEgress { shared: Arc::new(shared), observer: None })
    }

    /// The same requests, told to `observer` where they are sent as [`Http`] sends them. Whoever uses [`Outbound`] sees
    /// both steps.
    pub fn observed(&self, observer: Arc<dyn CallObserver>) -> ConnectionEgress {
        ConnectionEgress { shared: Arc::clone(&self.shared), observer: Some(observer) }
    }
}

#[async_trait]
impl Outbound for ConnectionEgress {
    async fn admit(&self, request: Request<Bytes>) -> Result<Admission, Refusal> {
        self.shared.admit(request, None).await.map(|(_, admission)| admission)
    }

    async fn admit_portion(&self, request: Request<Bytes>, portion: Portion) -> Result<Admission, Refusal> {
        self.shared.admit(request, Some(portion)).await.map(|(_, admission)| admission)
    }

    async fn send(&self, admitted: Admitted) -> Result<Response<Bytes>, HttpError> {
        self.shared.send(admitted).await
    }

    fn closed_until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.shared.lines().filter_map(|line| line.closed_until(now)).max()
    }

    fn redact(&self, text: String) -> String {
        self.shared.lines().fold(text, |text, line| line.redact(text))
    }
}

#[async_trait]
impl Http for ConnectionEgress {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let started = Instant::now();
        let told = self.observer.as_ref().map(|to| (to, request.method().clone(), request.uri().to_string()));
        let (api, outcome) = self.shared.exchange(request).await;
        if let Some((observer, method, url)) = told {
            observer.called(CallRecord {
                api,
                method,
                url: Outbound::redact(self, url),
                outcome: outcome.as_ref().map(Response::status).map_err(HttpError::clone),
                elapsed: started.elapsed(),
            });
        }
        outcome
    }
}

impl Shared {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().flatten()
    }

    fn line(&self, api: usize) -> Option<&Line> {
        self.lines.get(api)?.as_ref()
    }

    fn line_of(&self, name: &str) -> Option<&Line> {
        let index = self.policy.plan.apis.iter().position(|plan| plan.api.name == name)?;
        self.line(index)
    }

    /// Admit and send a request, and say which API it was for.
    async fn exchange(
        &self,
        request: Request<Bytes>,
    ) -> (Option<String>, Result<Response<Bytes>, HttpError>) {
        match self.admit(request, None).await {
            Ok((api, admission)) => {
                let outcome = match admission {
                    Admission::Admitted(admitted) => self.send(admitted).await,
                    Admission::Busy(response) => Ok(response),
                };
                (self.name(api), outcome)
            }
            Err(Refusal { api, error }) => (api, Err(error)),
        }
    }

    fn name(&self, api: usize) -> Option<String> {
        Some(self.policy.plan.apis.get(api)?.api.name.clone())
    }

    /// Admit a request, and say the position of the API that it is for.
    async fn admit(
        &self,
        request: Request<Bytes>,
        background: Option<Portion>,
    ) -> Result<(usize, Admission), Refusal> {
        let denied = |api: Option<usize>, reason: String| Refusal {
            api: api.and_then(|api| self.name(api)),
            error: HttpError::Denied(reason),
        };
        let permit = self.policy.decide(request.method(), request.uri());
        let Permit { api, target, access, in_doubt } =
            permit.map_err(|denial| denied(denial.api, denial.reason))?;
        let (Some(plan), Some(line)) = (self.policy.plan.apis.get(api), self.line(api)) else {
            return Err(denied(Some(api), "no such API".to_owned()));
        };
        let idempotency = plan.idempotency_header.as_ref();
        let (mut parts, body) = request.into_parts();
        parts.headers = headers::outgoing(parts.headers, &self.policy.plan.keys, idempotency)
            .map_err(|reason| denied(Some(api), reason))?;
        parts.uri = target;
        // The connector's own choice would pin a connection's protocol; TLS negotiates it.
        parts.version = http::Version::HTTP_11;
        if let Err(busy) = line.enter(background).await {
            return Ok((api, Admission::Busy(busy)));
        }
        let request = Request::from_parts(parts, body);
        let admitted = Admitted::new(plan.api.name.as_str(), access.into(), in_doubt.into(), request)
            .with_idempotency_header(idempotency.cloned())
            .issued(Ticket { issuer: self.number, api });
        Ok((api, Admission::Admitted(admitted)))
    }

    async fn send(&self, admitted: Admitted) -> Result<Response<Bytes>, HttpError> {
        // What another connection decided would get this one's credential.
        let ticket = admitted.ticket.filter(|ticket| ticket.issuer == self.number);
        let Some(line) = ticket.and_then(|ticket| self.line(ticket.api)) else {
            return Err(HttpError::Denied("the request was not admitted by this connection".to_owned()));
        };
        line.send(admitted.request, &self.common.options).await
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
