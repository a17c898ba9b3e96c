//! Notices for a person: the journal, and what is on its way to receivers.

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::stream::stream;
use super::{Admin, Answer, Asked, At, ROWS, Refusal, body};
use crate::contract::Severity;
use crate::runtime::admin::{NoticeList, PostingList};
use crate::runtime::notices::ReceiverStatus;
use crate::storage::{NoticeFilter, PostingFilter, PostingState, Sequence, severity_from_name};

/// Those who are told.
#[derive(Debug, Serialize)]
struct ReceiverList {
    receivers: Vec<ReceiverStatus>,
}

/// A notice of the outbox that a person decided about.
#[derive(Debug, Serialize)]
struct Decision {
    number: Sequence,
    was: PostingState,
    state: PostingState,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeQuery {
    connection: Option<String>,
    #[serde(rename = "type")]
    topic: Option<String>,
    severity: Option<String>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboxQuery {
    receiver: Option<String>,
    state: Option<PostingState>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/stream", get(stream))
        .route("/receivers", get(receivers))
        .route("/outbox", get(outbox))
        .route("/outbox/{number}/retry", post(retry))
        .route("/outbox/{number}/discard", post(discard))
}

/// The severity that a query names.
pub(super) fn severity(name: Option<&str>) -> Result<Option<Severity>, Refusal> {
    let unknown = || Refusal::new(StatusCode::BAD_REQUEST, "the severities are info, warning and critical");
    name.map(|name| severity_from_name(name).ok_or_else(unknown)).transpose()
}

async fn list(State(admin): State<Admin>, query: Asked<NoticeQuery>) -> Answer<NoticeList> {
    let Query(NoticeQuery { connection, topic, severity: least, before, limit }) = query?;
    let severity = severity(least.as_deref())?;
    let limit = limit.unwrap_or(ROWS);
    let filter = NoticeFilter { connection, topic, severity, before, limit };
    Ok(Json(NoticeList::read(&*admin.host.shared.storage, filter).await?))
}

async fn receivers(State(admin): State<Admin>) -> Json<ReceiverList> {
    Json(ReceiverList { receivers: admin.host.receivers() })
}

async fn outbox(State(admin): State<Admin>, query: Asked<OutboxQuery>) -> Answer<PostingList> {
    let Query(OutboxQuery { receiver, state, before, limit }) = query?;
    let filter = PostingFilter { receiver, state, before, limit: limit.unwrap_or(ROWS) };
    Ok(Json(PostingList::read(&*admin.host.shared.storage, filter).await?))
}

async fn retry(State(admin): State<Admin>, number: At<Sequence>) -> Answer<Decision> {
    let Path(number) = number?;
    let was = admin.host.retry_notice(number).await?;
    Ok(Json(Decision { number, was, state: PostingState::Waiting }))
}

async fn discard(
    State(admin): State<Admin>,
    number: At<Sequence>,
    body: axum::body::Body,
) -> Answer<Decision> {
    let Path(number) = number?;
    let reason = body::given_reason(body).await?;
    let was = admin.host.discard_notice(number, &reason).await?;
    Ok(Json(Decision { number, was, state: PostingState::Discarded }))
}
