//! The way to the vendors, with its faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use transload::egress::Transport;
use transload::engine::HttpError;

use super::fault::CallFault;
use super::world::World;

/// Longer than egress waits for an answer.
const FOR_EVER: Duration = Duration::from_secs(120);

/// Carries requests to the sandbox and to the courier's vendor.
pub(super) struct FaultyTransport(pub(super) Arc<World>);

#[async_trait]
impl Transport for FaultyTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let world = &*self.0;
        world.alive().await;
        let what = format!("{} {}", request.method(), request.uri().path());
        let write = changes(&request);
        if write {
            let (api, path) = split(request.uri().path());
            world.journal().leaves(api, request.method().as_str(), path);
        }
        let (fault, there, back) = {
            let mut faults = world.faults.lock().unwrap();
            (faults.call(write, is_guarded(&request)), faults.latency(), faults.latency())
        };
        if let Some(fault) = fault {
            world.count("call faults");
            world.say(format!("FAULT {fault:?} at {what}"));
        }
        tokio::time::sleep(Duration::from_millis(there)).await;
        world.alive().await;
        if let Some(CallFault::Late(delay)) = fault {
            arrive_late(Arc::clone(&self.0), request, what, delay);
            return Err(broken());
        }
        if let Some(answer) = before(world, fault, &request, &what).await {
            return answer;
        }
        let response = vendor(world, request);
        world.say(format!("{what} → {}", response.status().as_u16()));
        world.collect_webhooks();
        if fault == Some(CallFault::CrashAfter) {
            world.crash(&format!("after {what}")).await;
        }
        tokio::time::sleep(Duration::from_millis(back)).await;
        world.alive().await;
        after(fault, response).await
    }
}

/// A request that nobody waits for any more arrives all the same, unless the process dies before.
fn arrive_late(world: Arc<World>, request: Request<Bytes>, what: String, delay: u64) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(delay)).await;
        world.alive().await;
        let response = vendor(&world, request);
        world.say(format!("{what} arrives late → {}", response.status().as_u16()));
        world.collect_webhooks();
    });
}

/// What comes back though nothing was done.
async fn before(
    world: &World,
    fault: Option<CallFault>,
    request: &Request<Bytes>,
    what: &str,
) -> Option<Result<Response<Bytes>, HttpError>> {
    let host = || request.uri().host().unwrap_or_default().to_owned();
    match fault? {
        CallFault::CrashBefore => {
            world.crash(&format!("before {what}")).await;
            None
        }
        CallFault::Unreachable => {
            Some(Err(HttpError::Connect { host: host(), reason: "connection refused".to_owned() }))
        }
        CallFault::Busy(seconds) => {
            let mut response = status(429);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Some(Ok(response))
        }
        CallFault::StatusBefore(code) => Some(Ok(status(code))),
        CallFault::BrokenBefore => Some(Err(broken())),
        CallFault::Echo => {
            let mut response = status(502);
            *response.body_mut() = Bytes::from(format!("upstream refused {:?}", request.headers()));
            Some(Ok(response))
        }
        _ => None,
    }
}

/// What comes back of what was done.
async fn after(
    fault: Option<CallFault>,
    mut response: Response<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    match fault {
        Some(CallFault::StatusAfter(code)) => Ok(status(code)),
        Some(CallFault::BrokenAfter) => Err(broken()),
        Some(CallFault::Timeout) => {
            tokio::time::sleep(FOR_EVER).await;
            Err(broken())
        }
        Some(CallFault::Cut) => {
            let half = response.body().len() / 2;
            response.body_mut().truncate(half);
            Ok(response)
        }
        _ => Ok(response),
    }
}

/// Whether a request changes something. Searches of GoHighLevel's objects are posted, and read.
fn changes(request: &Request<Bytes>) -> bool {
    request.method() != http::Method::GET && !request.uri().path().ends_with("/records/search")
}

/// Whether it does no harm that a write arrives after later ones: Rankr's have a version or an id of ours.
fn is_guarded(request: &Request<Bytes>) -> bool {
    changes(request) && request.uri().path().starts_with("/rankr/")
}

fn vendor(world: &World, request: Request<Bytes>) -> Response<Bytes> {
    if request.uri().host() == Some(super::courier::HOST) {
        return world.vendor.lock().unwrap().call(&request);
    }
    world.offline.call(request, world.now())
}

/// The API that a path is for, and the path at that API.
fn split(path: &str) -> (&str, &str) {
    let rest = path.strip_prefix('/').unwrap_or(path);
    let at = rest.find('/').unwrap_or(rest.len());
    rest.split_at(at)
}

fn broken() -> HttpError {
    HttpError::Broken { host: "vendor".to_owned(), reason: "connection reset by peer".to_owned() }
}

fn status(code: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"{\"message\":\"try again\"}"));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}
