//! A vendor that remembers what was done to it and fails when it is told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};

use crate::contract::{Access, InDoubt};
use crate::egress::{Admission, Admitted, Outbound, Portion, Refusal};
use crate::engine::HttpError;

/// What becomes of a write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It takes effect and is answered with this status.
    Status(u16),
    /// It takes no effect and is answered with this status.
    Refuse(u16),
    /// It takes effect, and its answer is lost.
    Lose,
    /// It takes effect, and is not answered in time.
    Dawdle,
    /// It never arrives.
    Unreachable,
    /// The budget is used up.
    Busy,
}

/// The vendor. How a write is treated in doubt is the first segment of its path: `/resend`, `/verify` or `/never`.
#[derive(Debug, Default)]
pub(super) struct Vendor {
    /// What becomes of the next writes; 201 when there is nothing here.
    pub(super) fates: Mutex<VecDeque<Fate>>,
    /// What was done: method, path and body of each write that took effect.
    pub(super) done: Mutex<Vec<String>>,
    /// The idempotency keys that came with writes to `/resend`.
    pub(super) keys: Mutex<Vec<String>>,
    pub(super) reads: Mutex<usize>,
    /// The shares, in percent, of the requests that came in the background.
    pub(super) shares: Mutex<Vec<u8>>,
}

impl Vendor {
    pub(super) fn fates(&self, fates: &[Fate]) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub(super) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

#[async_trait]
impl Outbound for Vendor {
    async fn admit(&self, request: Request<Bytes>) -> Result<Admission, Refusal> {
        if request.method() == Method::GET {
            return Ok(Admission::Admitted(Admitted::new("ghl", Access::Read, InDoubt::Resend, request)));
        }
        if matches!(self.fates.lock().unwrap().front(), Some(Fate::Busy)) {
            self.fates.lock().unwrap().pop_front();
            let busy = Response::builder().status(429).header("retry-after", "7").body(Bytes::new()).unwrap();
            return Ok(Admission::Busy(busy));
        }
        let (in_doubt, header) = match request.uri().path().split('/').nth(1) {
            Some("resend") => (InDoubt::Resend, Some(HeaderName::from_static("idempotency-key"))),
            Some("never") => (InDoubt::Never, None),
            _ => (InDoubt::Verify, None),
        };
        let admitted = Admitted::new("ghl", Access::Write, in_doubt, request);
        Ok(Admission::Admitted(admitted.with_idempotency_header(header)))
    }

    async fn admit_portion(&self, request: Request<Bytes>, portion: Portion) -> Result<Admission, Refusal> {
        self.shares.lock().unwrap().push(portion.percent());
        self.admit(request).await
    }

    async fn send(&self, admitted: Admitted) -> Result<Response<Bytes>, HttpError> {
        let request = admitted.request();
        if admitted.access() == Access::Read {
            *self.reads.lock().unwrap() += 1;
            return Ok(Response::new(Bytes::new()));
        }
        if let Some(key) = request.headers().get("idempotency-key") {
            self.keys.lock().unwrap().push(key.to_str().unwrap().to_owned());
        }
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let what = format!("{} {} {body}", request.method(), request.uri().path());
        let host = || "ghl.example".to_owned();
        let answer = |status| {
            let number = self.done.lock().unwrap().len();
            Ok(Response::builder().status(status).body(Bytes::from(number.to_string())).unwrap())
        };
        match self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Status(201)) {
            Fate::Status(status) => {
                self.done.lock().unwrap().push(what);
                answer(status)
            }
            Fate::Refuse(status) => answer(status),
            Fate::Lose => {
                self.done.lock().unwrap().push(what);
                Err(HttpError::Broken { host: host(), reason: "reset".to_owned() })
            }
            Fate::Dawdle => {
                self.done.lock().unwrap().push(what);
                Err(HttpError::Timeout { after_ms: 30_000 })
            }
            Fate::Unreachable | Fate::Busy => {
                Err(HttpError::Connect { host: host(), reason: "refused".to_owned() })
            }
        }
    }

    fn closed_until(&self) -> Option<tokio::time::Instant> {
        None
    }

    fn redact(&self, text: String) -> String {
        text
    }
}
