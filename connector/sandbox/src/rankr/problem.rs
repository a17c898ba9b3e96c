//! Error replies: problem documents of RFC 9457.

use http::StatusCode;

use crate::json::Json;
use crate::message::Reply;

/// What the types of problems begin with; nothing is to be found there.
const TYPES: &str = "https://api.rankr.example/problems/";

/// Problems that one reply lists, so that a body full of nonsense is not sent back.
const SHOWN_MAX: usize = 20;

/// A request that is not granted.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: String,
    retry_after: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, name: &'static str, title: &'static str, detail: String) -> Self {
        Self { status, name, title, detail, retry_after: None }
    }

    /// A query parameter or a header.
    pub fn parameter(detail: String) -> Self {
        let title = "A parameter does not fit";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameter", title, detail)
    }

    pub fn unauthorized() -> Self {
        let detail = "The bearer token is missing or not a good one.".to_owned();
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The credential is not good", detail)
    }

    pub fn not_found(detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such object", detail)
    }

    pub fn wrong_method(detail: String) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "The path has no such method", detail)
    }

    pub fn stale(version: u64, stored: u64) -> Self {
        let detail = format!("Version {version} is older than version {stored}, which is stored.");
        Self::new(StatusCode::CONFLICT, "stale-version", "The version is older than the stored one", detail)
    }

    pub fn unprocessable(problems: &[String]) -> Self {
        let shown = problems.iter().take(SHOWN_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "The body does not fit", shown)
    }

    pub fn key_reused() -> Self {
        let detail = "The Idempotency-Key was used for another request.".to_owned();
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "The key belongs to another request",
            detail,
        )
    }

    pub fn too_many_requests(retry_after: i64) -> Self {
        let detail = "100 requests in 10 seconds are allowed.".to_owned();
        let title = "Too many requests";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", title, detail);
        Self { retry_after: Some(retry_after), ..problem }
    }

    pub fn full(detail: String) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", "The sandbox is full", detail)
    }

    pub fn reply(self) -> Reply {
        let body = Json::object([
            ("type", format!("{TYPES}{}", self.name).into()),
            ("title", self.title.into()),
            ("status", i64::from(self.status.as_u16()).into()),
            ("detail", self.detail.into()),
        ]);
        let mut reply = Reply::json(self.status, &body);
        reply.content_type = "application/problem+json";
        match self.retry_after {
            Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

/// The reply of an injected fault.
pub(crate) fn fault(status: StatusCode) -> Reply {
    let title = status.canonical_reason().unwrap_or("Error");
    Problem::new(status, "fault", title, "The sandbox was told to answer so.".to_owned()).reply()
}
