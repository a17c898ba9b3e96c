//! The HTTP side: `POST /hooks/{connection}/{source}` and `GET /healthz`.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;

use super::host::Host;
use super::intake::{BODY_BYTES_MAX, DeliveryOutcome};

/// How long a sender may take over its body. A megabyte on a slow line; longer holds memory for nothing.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a sender that is turned away is told to wait. Queues drain within it.
const RETRY_AFTER_SECONDS: &str = "30";

impl Host {
    /// The routes, to serve alone or nested into a larger application.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/hooks/{connection}/{source}", post(hook))
            .route("/healthz", get(healthz))
            .with_state(self.clone())
    }
}

async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

async fn hook(
    State(host): State<Host>,
    Path((connection, source)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // A body for nobody is not worth its memory.
    let body = if host.expects(&connection, &source) { read(body).await } else { Ok(Bytes::new()) };
    match body {
        Ok(body) => answer(&host.deliver(&connection, &source, &headers, body).await),
        Err(response) => response,
    }
}

/// The whole body, or the answer to a sender whose body is too large, too slow or cut off.
async fn read(body: Body) -> Result<Bytes, Response> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(answer(&DeliveryOutcome::TooLarge)),
        Ok(Err(_)) => Err(refuse(StatusCode::BAD_REQUEST, "the body ended early")),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}

fn answer(outcome: &DeliveryOutcome) -> Response {
    let status = StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match outcome {
        DeliveryOutcome::Accepted { id, .. } => {
            Json(json!({ "status": "accepted", "id": id })).into_response()
        }
        DeliveryOutcome::Duplicate { id } => Json(json!({ "status": "duplicate", "id": id })).into_response(),
        // Which check failed would help a forger more than a sender.
        DeliveryOutcome::Refused { .. } => refuse(status, "the signature does not verify"),
        DeliveryOutcome::Unknown => refuse(status, "no deliveries are expected here"),
        DeliveryOutcome::TooLarge => refuse(status, "the body is too large"),
        DeliveryOutcome::Busy { .. } => {
            let mut response = refuse(status, "not accepted now; send it again later");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
            response
        }
    }
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "status": "refused", "reason": reason }))).into_response()
}
