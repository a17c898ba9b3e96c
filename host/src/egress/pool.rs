//! The host's own HTTP client: pooled connections to one API with one credential.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use transload_policy::address::Exceptions;

use super::connect::{Connector, Trust, addresses};
use crate::engine::HttpError;

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

/// A pool of connections.
pub(super) struct Pool {
    trust: Arc<Trust>,
    /// The longest it may take to connect.
    timeout: Duration,
    pub(super) exceptions: Exceptions,
    /// The key of the configuration that lists the exceptions.
    setting: Box<str>,
    /// Made for the first request: of thousands of connections most are idle, and a client with its TLS takes kilobytes.
    client: OnceLock<Box<Client<Connector, Full<Bytes>>>>,
}

impl Pool {
    pub(super) fn new(trust: Arc<Trust>, timeout: Duration, exceptions: Exceptions, setting: &str) -> Pool {
        Pool { trust, timeout, exceptions, setting: setting.into(), client: OnceLock::new() }
    }

    /// Whether a host has an address that may be connected to.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> Result<(), HttpError> {
        addresses(host, port, &self.exceptions, &self.setting).await.map(drop)
    }

    /// Send `request` and answer the response's head.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Incoming>, HttpError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let client = self.client.get_or_init(|| Box::new(self.client()));
        client.request(request.map(Full::new)).await.map_err(|error| {
            connect_error(&error).unwrap_or_else(|| HttpError::Broken { host, reason: chain(&error) })
        })
    }

    fn client(&self) -> Client<Connector, Full<Bytes>> {
        let (exceptions, setting) = (self.exceptions.clone(), self.setting.to_string());
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_max_buf_size(RESPONSE_HEAD_BYTES)
            .http2_max_header_list_size(RESPONSE_HEAD_BYTES as u32)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build(Connector::new(&self.trust, exceptions, setting, self.timeout))
    }
}

/// What our own connector said, if it is what failed.
fn connect_error(error: &legacy::Error) -> Option<HttpError> {
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
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
