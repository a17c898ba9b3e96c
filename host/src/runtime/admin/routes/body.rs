//! Bodies of requests: modules and reasons, each within its limit.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Refusal;
use crate::runtime::connector::Connector;

/// The longest reason that a person may give, in bytes. It is kept with the event or the activation for ever.
pub const REASON_BYTES_MAX: usize = 1_000;

/// The largest body that carries a reason, in bytes: JSON may take six bytes for one of the text.
pub(super) const REASON_BODY_BYTES_MAX: usize = 8 << 10;

/// How long a body may take to arrive. A module of 32 MB takes two minutes at 2 Mbit/s.
const BODY_TIMEOUT: Duration = Duration::from_secs(120);

/// A module that came in a body. Its place among those taken in is free when it is dropped.
pub(super) struct Uploaded<'a> {
    pub(super) connector: Arc<dyn Connector>,
    _place: SemaphorePermit<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// The module in a body, compiled for where `present` runs.
pub(super) async fn module<'a>(
    places: &'a Semaphore,
    present: &Arc<dyn Connector>,
    body: Body,
) -> Result<Uploaded<'a>, Refusal> {
    let missing = || Refusal::new(StatusCode::BAD_REQUEST, "the body is empty; it must be a module's bytes");
    module_if_any(places, present, body).await?.ok_or_else(missing)
}

/// The same; none if the body is empty.
pub(super) async fn module_if_any<'a>(
    places: &'a Semaphore,
    present: &Arc<dyn Connector>,
    body: Body,
) -> Result<Option<Uploaded<'a>>, Refusal> {
    let stopped = |_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the host is stopping");
    let place = places.acquire().await.map_err(stopped)?;
    let bytes = read(body, present.bytes_max()).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let refused = |error: crate::engine::ModuleError| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the module cannot be used: {error}"))
    };
    let connector = present.sibling(Vec::from(bytes)).await.map_err(refused)?;
    Ok(Some(Uploaded { connector, _place: place }))
}

/// The reason in a JSON body; empty if there is no body.
pub(super) async fn given_reason(body: Body) -> Result<String, Refusal> {
    let bytes = read(body, REASON_BODY_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Ok(String::new());
    }
    let wrong = |error| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not {{\"reason\": \"…\"}}: {error}"))
    };
    let given: Reason = serde_json::from_slice(&bytes).map_err(wrong)?;
    reason(given.reason)
}

/// What was checked before the body was read, and the body. A refusal waits until the whole body has come: answered over one
/// that is still on its way, the sender is cut off, and never reads why.
pub(super) async fn behind<T>(
    checked: Result<T, impl Into<Refusal>>,
    mut body: Body,
) -> Result<(T, Body), Refusal> {
    match checked {
        Ok(checked) => Ok((checked, body)),
        Err(refusal) => {
            let rest = async { while let Some(Ok(_)) = body.frame().await {} };
            let _ = tokio::time::timeout(BODY_TIMEOUT, rest).await;
            Err(refusal.into())
        }
    }
}

/// A reason, if it is short enough.
pub(super) fn reason(text: String) -> Result<String, Refusal> {
    if text.len() > REASON_BYTES_MAX {
        let error = format!("the reason has {} bytes, more than {REASON_BYTES_MAX}", text.len());
        return Err(Refusal::new(StatusCode::BAD_REQUEST, error));
    }
    Ok(text)
}

/// What a JSON body says.
pub(super) async fn json<T: serde::de::DeserializeOwned>(body: Body, limit: usize) -> Result<T, Refusal> {
    let bytes = read(body, limit).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not what is asked for: {error}"))
    })
}

/// A body that is text.
pub(super) async fn text(body: Body, limit: usize) -> Result<String, Refusal> {
    let bytes = read(body, limit).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body is not text in UTF-8"))
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let error = format!("the body has more than {limit} bytes");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error))
        }
        Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "the body ended early")),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}
