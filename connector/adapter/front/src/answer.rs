//! What a request is answered with.

use serde::Serialize;
use serde_json::json;

use crate::bindings::transload::connector::types::{Failure, Retry};
use crate::bindings::wasi::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use crate::bindings::wasi::io::streams::OutputStream;

/// How long a sender is asked to wait when a connector does not say, in seconds.
const RETRY_AFTER_SECONDS: u64 = 60;

/// What `blocking-write-and-flush` takes at once, in bytes, by its specification.
const CHUNK_BYTES: usize = 4_096;

/// An answer in JSON.
pub(crate) struct Answer {
    status: u16,
    content_type: &'static str,
    retry_after_seconds: Option<u64>,
    body: String,
}

/// Why a request was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The status that says so.
    pub(crate) status: u16,
    /// For a person.
    pub(crate) detail: String,
    /// When to come back.
    pub(crate) retry_after_seconds: Option<u64>,
}

impl Answer {
    /// It was done, and this came of it.
    pub(crate) fn done(value: &impl Serialize) -> Result<Answer, Problem> {
        let body = serde_json::to_string(value).map_err(|error| Problem::new(500, error.to_string()))?;
        Ok(Answer::json(body))
    }

    /// It was done, and this JSON came of it.
    pub(crate) fn json(body: String) -> Answer {
        Answer { status: 200, content_type: "application/json", retry_after_seconds: None, body }
    }

    /// Hand it to the platform. Whoever asked may be gone, so that failures of this are nobody's.
    pub(crate) fn send(self, out: ResponseOutparam) {
        let mut headers = vec![("content-type".to_owned(), self.content_type.as_bytes().to_vec())];
        if let Some(seconds) = self.retry_after_seconds {
            headers.push(("retry-after".to_owned(), seconds.to_string().into_bytes()));
        }
        let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
        let _ = response.set_status_code(self.status);
        let body = response.body();
        ResponseOutparam::set(out, Ok(response));
        let Ok(body) = body else { return };
        if let Ok(stream) = body.write() {
            write(&stream, self.body.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

fn write(stream: &OutputStream, bytes: &[u8]) {
    for chunk in bytes.chunks(CHUNK_BYTES) {
        if stream.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}

impl Problem {
    /// A problem with this status.
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Problem {
        Problem { status, detail: detail.into(), retry_after_seconds: None }
    }

    /// It may go well later.
    pub(crate) fn later(detail: impl Into<String>) -> Problem {
        Problem { status: 503, detail: detail.into(), retry_after_seconds: Some(RETRY_AFTER_SECONDS) }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        match failure {
            Failure::Retry(Retry { reason, after_ms }) => {
                let seconds = after_ms.map_or(RETRY_AFTER_SECONDS, |ms| ms.div_ceil(1_000));
                Problem { retry_after_seconds: Some(seconds), ..Problem::later(reason) }
            }
            Failure::Rejected(reason) => Problem::new(422, reason),
            // The sender shall come back, and perhaps somebody has put it right by then.
            Failure::NeedsAttention(reason) => Problem::later(format!("a person has to act first: {reason}")),
        }
    }
}

impl From<Problem> for Answer {
    /// In the form of RFC 9457.
    fn from(problem: Problem) -> Answer {
        let Problem { status, detail, retry_after_seconds } = problem;
        eprintln!("transload: {status}: {detail}");
        let body = json!({ "status": status, "detail": detail }).to_string();
        Answer { status, content_type: "application/problem+json", retry_after_seconds, body }
    }
}
