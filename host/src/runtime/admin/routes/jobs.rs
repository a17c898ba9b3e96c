//! Jobs, findings and actions, for a person.

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Admin, Answer, Asked, At, ROWS, Refusal, body};
use crate::contract::Instant;
use crate::egress::Portion;
use crate::runtime::admin::{ActionView, FindingList, FindingView, JobView, StartedView};
use crate::runtime::jobs::JobRequest;
use crate::storage::{
    Decision, FindingFilter, FindingState, JobFilter, JobKind, Repairs, Sequence, StorageError,
};

/// The largest input of an action, in bytes: as a value of a connector's store.
const INPUT_BYTES_MAX: usize = 1 << 20;

/// The largest body that describes a job, in bytes: a hundred names of two hundred bytes.
const JOB_BODY_BYTES_MAX: usize = 64 << 10;

/// A job to start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewJob {
    kind: JobKind,
    /// Milliseconds since 1970.
    from: Instant,
    to: Instant,
    #[serde(default)]
    names: Vec<String>,
    share_percent: Option<u8>,
    #[serde(default)]
    restart: bool,
}

/// Jobs.
#[derive(Debug, Serialize)]
struct JobList {
    /// Newest first.
    jobs: Vec<JobView>,
}

/// The actions of a connector.
#[derive(Debug, Serialize)]
struct ActionList {
    actions: Vec<ActionView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobQuery {
    connection: Option<String>,
    kind: Option<JobKind>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingQuery {
    state: Option<FindingState>,
    job: Option<Sequence>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepairQuery {
    job: Option<Sequence>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDecision {
    decision: Decision,
    reason: String,
}

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/jobs", get(list))
        .route("/jobs/{number}", get(one))
        .route("/jobs/{number}/cancel", post(cancel))
        .route("/connections/{name}/jobs", post(start))
        .route("/connections/{name}/findings", get(findings))
        .route("/connections/{name}/findings/{id}", get(finding))
        .route("/connections/{name}/findings/{id}/decide", post(decide))
        .route("/connections/{name}/repair", post(repair))
        .route("/connections/{name}/actions", get(actions))
        .route("/connections/{name}/actions/{action}", post(run))
}

async fn start(State(admin): State<Admin>, name: At<String>, body: axum::body::Body) -> Answer<StartedView> {
    let Path(name) = name?;
    let asked: NewJob = body::json(body, JOB_BODY_BYTES_MAX).await?;
    let NewJob { kind, from, to, names, share_percent, restart } = asked;
    let usual = match kind {
        JobKind::Reconcile => Portion::HALF,
        JobKind::Backfill => Portion::QUARTER,
    };
    let wrong = || Refusal::new(StatusCode::BAD_REQUEST, "share_percent is a number from 1 to 100");
    let share = match share_percent {
        Some(percent) => Portion::from_percent(percent).ok_or_else(wrong)?,
        None => usual,
    };
    let request = JobRequest { kind, from, to, names, share, restart };
    Ok(Json(admin.host.start_job(&name, request).await?.into()))
}

async fn list(State(admin): State<Admin>, query: Asked<JobQuery>) -> Answer<JobList> {
    let Query(JobQuery { connection, kind, before, limit }) = query?;
    let filter = JobFilter { connection, kind, before, limit: limit.unwrap_or(ROWS) };
    let jobs = admin.host.jobs(filter).await?;
    Ok(Json(JobList { jobs: jobs.into_iter().map(JobView::from).collect() }))
}

async fn one(State(admin): State<Admin>, number: At<Sequence>) -> Answer<JobView> {
    let Path(number) = number?;
    let missing = || StorageError::NotFound(format!("job {number}"));
    Ok(Json(admin.host.job(number).await?.ok_or_else(missing)?.into()))
}

async fn cancel(State(admin): State<Admin>, number: At<Sequence>) -> Answer<JobView> {
    let Path(number) = number?;
    Ok(Json(admin.host.cancel_job(number).await?.into()))
}

async fn findings(
    State(admin): State<Admin>,
    name: At<String>,
    query: Asked<FindingQuery>,
) -> Answer<FindingList> {
    let (Path(name), Query(FindingQuery { state, job, before, limit })) = (name?, query?);
    let limit = limit.unwrap_or(ROWS);
    let filter = FindingFilter { connection: Some(name), state, job, before, limit };
    Ok(Json(FindingList::read(&*admin.host.shared.storage, filter).await?))
}

async fn finding(State(admin): State<Admin>, at: At<(String, String)>) -> Answer<FindingView> {
    let Path((name, id)) = at?;
    let missing = || StorageError::NotFound(format!("finding {id:?} of {name}"));
    Ok(Json(admin.host.finding(&name, &id).await?.ok_or_else(missing)?.into()))
}

async fn decide(
    State(admin): State<Admin>,
    at: At<(String, String)>,
    body: axum::body::Body,
) -> Answer<FindingView> {
    let Path((name, id)) = at?;
    let NewDecision { decision, reason } = body::json(body, body::REASON_BODY_BYTES_MAX).await?;
    let reason = body::reason(reason)?;
    Ok(Json(admin.host.decide(&name, &id, decision, &reason).await?.into()))
}

async fn repair(State(admin): State<Admin>, name: At<String>, query: Asked<RepairQuery>) -> Answer<Repairs> {
    let (Path(name), Query(RepairQuery { job })) = (name?, query?);
    Ok(Json(admin.host.repair(&name, job).await?))
}

async fn actions(State(admin): State<Admin>, name: At<String>) -> Answer<ActionList> {
    let Path(name) = name?;
    let actions = admin.host.shared.connection(&name)?.active().description().actions.clone();
    Ok(Json(ActionList { actions: actions.into_iter().map(ActionView::from).collect() }))
}

/// Runs an action; the body is its input. What it answers is JSON already.
async fn run(
    State(admin): State<Admin>,
    at: At<(String, String)>,
    body: axum::body::Body,
) -> Result<([(http::HeaderName, &'static str); 1], String), Refusal> {
    let Path((name, action)) = at?;
    let input = body::text(body, INPUT_BYTES_MAX).await?;
    let output = admin.host.run_action(&name, &action, &input).await?;
    Ok(([(http::header::CONTENT_TYPE, "application/json")], output))
}
