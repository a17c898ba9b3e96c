//! `wasi:http`, in front of the port: collects the request, bounds its time and its size, and translates errors.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderName;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
};

use super::limits::Limits;
use super::log::CallLog;
use super::ports::{Http, HttpError};
use crate::contract::{Level, millis};

/// The shortest time that a connector may set for a request. Zero would fire before anything was tried, and has made a
/// runtime panic (GHSA-w4qr-p94g-mjhv).
const HTTP_TIMEOUT_MIN: Duration = Duration::from_millis(100);

/// A future that says how the sending of a request ended, after its response was handed over.
type Worker = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Sends one instance's requests.
pub(super) struct Outgoing {
    http: Arc<dyn Http>,
    log: Arc<CallLog>,
    limits: Arc<Limits>,
    sent: u32,
    /// One permit for each request or response that the host holds.
    room: Arc<Semaphore>,
}

impl Outgoing {
    pub(super) fn new(http: Arc<dyn Http>, log: Arc<CallLog>, limits: Arc<Limits>) -> Outgoing {
        let room = Arc::new(Semaphore::new(limits.http_at_once));
        Outgoing { http, log, limits, sent: 0, room }
    }

    pub(super) fn reset(&mut self) {
        self.sent = 0;
    }

    /// Count a request, or say why there may be no more.
    fn count(&mut self) -> Result<(), HttpError> {
        let limit = self.limits.http_requests;
        if self.sent >= limit {
            let reason = format!("one call may make {limit} HTTP requests (limits.http_requests)");
            return Err(HttpError::Denied(reason));
        }
        self.sent += 1;
        Ok(())
    }
}

impl WasiHttpHooks for Outgoing {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            *name == http::header::AUTHORIZATION || DEFAULT_FORBIDDEN_HEADERS.contains(name)
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Worker,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Worker), Error>> + Send> {
        let counted = self.count();
        let timeout = timeout(options, self.limits.http_timeout);
        let (at_once, request_bytes_max) = (self.limits.http_at_once, self.limits.request_bytes);
        let (http, log, room) = (Arc::clone(&self.http), Arc::clone(&self.log), Arc::clone(&self.room));
        Box::new(async move {
            let what = describe(&request);
            let exchange = async {
                counted?;
                let permit = permit(room, timeout, at_once).await?;
                let (parts, body) = request.into_parts();
                let body = collect(body, request_bytes_max).await?;
                let response = http.send(http::Request::from_parts(parts, body)).await?;
                Ok(response.map(|body| Held { body: Full::new(body), _permit: permit }.boxed_unsync()))
            };
            let outcome = match tokio::time::timeout(timeout, exchange).await {
                Ok(outcome) => outcome,
                Err(_) => Err(HttpError::Timeout { after_ms: millis(timeout) }),
            };
            match outcome {
                Ok(response) => Ok((response, Box::new(async { Ok(()) }) as Worker)),
                Err(error) => {
                    log.host(Level::Warn, format!("{what}: {error}"));
                    Err(translate(error))
                }
            }
        })
    }
}

/// Wait for room for one more request. A connector that never reads its responses would wait for ever, so it is told.
async fn permit(
    room: Arc<Semaphore>,
    patience: Duration,
    at_once: usize,
) -> Result<OwnedSemaphorePermit, HttpError> {
    // Half of the request's time, so that this answer comes before the request's own timeout.
    match tokio::time::timeout(patience / 2, room.acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphore is never closed, so this can only be the timeout.
        Ok(Err(_)) | Err(_) => Err(HttpError::Denied(format!(
            "{at_once} requests and unread responses of this call are held already (limits.http_at_once)"
        ))),
    }
}

/// The body of a response, with its permit: given back when the connector has read it or let go of it.
struct Held {
    body: Full<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Body for Held {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context).map_err(|error| match error {})
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Method and URL without the query, which may hold what a log should not.
fn describe<B>(request: &http::Request<B>) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{} {}://{authority}{}", request.method(), uri.scheme_str().unwrap_or_default(), uri.path())
}

/// How long a request may take: what the connector asks for, within what it may ask for. The port answers with the
/// whole response at once, so the times for connecting and for the first byte count together, and the time between bytes
/// has no meaning of its own.
fn timeout(options: Option<RequestOptions>, longest: Duration) -> Duration {
    let asked = options.and_then(|options| {
        let first_byte = options.first_byte_timeout?;
        Some(first_byte.saturating_add(options.connect_timeout.unwrap_or_default()))
    });
    asked.unwrap_or(longest).max(HTTP_TIMEOUT_MIN).min(longest)
}

async fn collect(mut body: WasiBody, limit: usize) -> Result<Bytes, HttpError> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::Malformed(format!("its body ended early: {error}")))?;
        // Trailers are dropped: no API that connectors talk to reads them.
        let Ok(data) = frame.into_data() else { continue };
        if collected.len().saturating_add(data.len()) > limit {
            return Err(HttpError::TooLarge { what: "request", limit: limit as u64 });
        }
        if collected.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// The nearest error of `wasi:http`. It has no room for the reason of a denial, which goes to the log instead.
fn translate(error: HttpError) -> Error {
    match error {
        HttpError::Denied(_) => Error::HttpRequestDenied,
        HttpError::Malformed(_) => Error::HttpRequestUriInvalid,
        HttpError::Dns { reason, .. } => Error::DnsError { rcode: Some(reason), info_code: None },
        HttpError::Connect { .. } => Error::ConnectionRefused,
        HttpError::Tls { .. } => Error::TlsProtocolError,
        HttpError::Broken { .. } => Error::ConnectionTerminated,
        HttpError::Timeout { .. } => Error::HttpResponseTimeout,
        HttpError::TooLarge { what: "request", limit } => Error::HttpRequestBodySize(Some(limit)),
        HttpError::TooLarge { limit, .. } => Error::HttpResponseBodySize(Some(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    fn asked(connect: Option<u64>, first_byte: Option<u64>) -> Duration {
        let options = RequestOptions {
            connect_timeout: connect.map(Duration::from_millis),
            first_byte_timeout: first_byte.map(Duration::from_millis),
            between_bytes_timeout: None,
        };
        timeout(Some(options), LONGEST)
    }

    #[test]
    fn timeouts_are_clamped_both_ways() {
        assert_eq!(timeout(None, LONGEST), LONGEST);
        assert_eq!(asked(Some(5), None), LONGEST);
        assert_eq!(asked(None, Some(0)), HTTP_TIMEOUT_MIN);
        assert_eq!(asked(Some(0), Some(0)), HTTP_TIMEOUT_MIN);
        assert_eq!(asked(Some(500), Some(1_500)), Duration::from_secs(2));
        assert_eq!(asked(Some(u64::MAX), Some(u64::MAX)), LONGEST);
    }

    /// Answers every request with a byte.
    struct One;

    #[async_trait::async_trait]
    impl Http for One {
        async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
            Ok(http::Response::new(Bytes::from_static(b"1")))
        }
    }

    async fn response(outgoing: &mut Outgoing) -> Result<WasiBody, Error> {
        let body = Full::new(Bytes::new()).map_err(|e| match e {}).boxed_unsync();
        let request = http::Request::get("https://target.example/").body(body).unwrap();
        let sending = outgoing.send_request(request, None, Box::new(async { Ok(()) }));
        Box::into_pin(sending).await.map(|(response, _)| response.into_body())
    }

    #[tokio::test(start_paused = true)]
    async fn responses_that_are_not_read_hold_further_requests_up() {
        let limits = Arc::new(Limits { http_at_once: 2, ..Limits::default() });
        let log = Arc::new(CallLog::new(Arc::new(crate::engine::ports::DiscardLog), &limits));
        let mut outgoing = Outgoing::new(Arc::new(One), log, limits);
        let (first, second) =
            (response(&mut outgoing).await.unwrap(), response(&mut outgoing).await.unwrap());
        assert!(matches!(response(&mut outgoing).await, Err(Error::HttpRequestDenied)));
        // One that waits gets the room of one that is dropped.
        let late = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        };
        let (third, ()) = tokio::join!(response(&mut outgoing), late);
        assert_eq!(third.unwrap().collect().await.unwrap().to_bytes(), "1");
        drop(second);
        // Those that are read are not counted: a hundred, one after the other.
        for _ in 0..100 {
            response(&mut outgoing).await.unwrap().collect().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_request_body_is_capped() {
        let body = |bytes: &'static [u8]| {
            Full::new(Bytes::from_static(bytes)).map_err(|e| match e {}).boxed_unsync()
        };
        assert_eq!(collect(body(b"1234"), 4).await, Ok(Bytes::from_static(b"1234")));
        let over = HttpError::TooLarge { what: "request", limit: 4 };
        assert_eq!(collect(body(b"12345"), 4).await, Err(over));
    }
}
