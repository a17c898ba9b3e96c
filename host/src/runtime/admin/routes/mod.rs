//! The admin API's routes: who may use them, and those about connections, deliveries and events.

mod body;
mod jobs;
mod notices;
mod refusal;
mod stream;

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use self::refusal::Refusal;
use super::{ActivationView, DeliveryList, EventDetail, EventList, EventView};
use crate::egress::Secret;
use crate::runtime::host::Host;
use crate::runtime::manage::ConnectionStatus;
use crate::runtime::preview::Preview;
use crate::runtime::replay::Replay;
use crate::runtime::swap::{Swap, SwapRequest};
use crate::storage::{DeliveryFilter, EventFilter, Sequence, State as Standing, WorkId};

pub use body::REASON_BYTES_MAX;

/// Modules that are taken in at once; further ones wait. Each is held in memory, up to 32 MB of it.
const UPLOADS_MAX: usize = 2;

/// Rows of a listing unless more or fewer are asked for.
const ROWS: u32 = 100;

/// Events that a preview runs unless more or fewer are asked for.
const PREVIEW_EVENTS: u32 = 20;

type Answer<T> = Result<Json<T>, Refusal>;
type Asked<T> = Result<Query<T>, QueryRejection>;
type At<T> = Result<Path<T>, PathRejection>;

/// What every request has at hand.
#[derive(Clone)]
struct Admin {
    host: Host,
    token: Secret,
    uploads: Arc<Semaphore>,
    /// Places for streams of notices.
    streams: Arc<Semaphore>,
}

/// Every connection.
#[derive(Debug, Serialize)]
struct ConnectionList {
    connections: Vec<ConnectionStatus>,
}

/// What a connection ran on.
#[derive(Debug, Serialize)]
struct ActivationList {
    /// Newest first.
    activations: Vec<ActivationView>,
}

/// Work that a person decided about.
#[derive(Debug, Serialize)]
struct Decision {
    /// The work.
    work: WorkId,
    /// Where it stood.
    was: Standing,
    /// Where it stands now.
    state: Standing,
}

/// A connection that was asked to go on.
#[derive(Debug, Serialize)]
struct Resumed {
    connection: String,
    /// Whether it was paused.
    was_paused: bool,
}

/// Which events to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    connection: Option<String>,
    state: Option<Standing>,
    subject: Option<String>,
    id: Option<String>,
    module: Option<String>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

/// Which deliveries to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    connection: Option<String>,
    state: Option<Standing>,
    before: Option<Sequence>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivationQuery {
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    events: Option<u32>,
}

/// How to swap.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwapQuery {
    preview: Option<u32>,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    reason: String,
}

impl Host {
    /// The routes of the admin API, for whoever has `token`. They do all that a person may do with the host, so they
    /// belong on an address of their own that the world does not reach.
    pub fn admin_router(&self, token: Secret) -> Router {
        let uploads = Arc::new(Semaphore::new(UPLOADS_MAX));
        let streams = Arc::clone(&self.shared.streams);
        let admin = Admin { host: self.clone(), token, uploads, streams };
        let routes = Router::new()
            .route("/connections", get(connections))
            .route("/connections/{name}/activations", get(activations))
            .route("/connections/{name}/resume", post(resume))
            .route("/connections/{name}/preview", post(preview))
            .route("/connections/{name}/swap", post(swap))
            .route("/connections/{name}/rollback", post(rollback))
            .route("/events", get(events))
            .route("/events/{number}", get(event))
            .route("/deliveries", get(deliveries))
            .route("/{kind}/{number}/retry", post(retry))
            .route("/{kind}/{number}/discard", post(discard))
            .route("/{kind}/{number}/replay", post(replay))
            .merge(jobs::routes())
            .merge(notices::routes());
        Router::new()
            .nest("/admin/v1", routes)
            .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is no such path"))
            .method_not_allowed_fallback(async || {
                Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "there is no such method at this path")
            })
            .layer(middleware::from_fn_with_state(admin.clone(), authorize))
            .with_state(admin)
    }
}

async fn authorize(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    if is_authorized(request.headers(), &admin.token) {
        next.run(request).await
    } else {
        Refusal::new(StatusCode::UNAUTHORIZED, "a bearer token is needed, and this is not it").into_response()
    }
}

/// Whether a request carries the token. In constant time: one that answers sooner for a better guess gives it away.
fn is_authorized(headers: &HeaderMap, token: &Secret) -> bool {
    let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let given = given.and_then(|value| value.strip_prefix(b"Bearer "));
    let token = token.expose().as_bytes();
    // An empty token would let anyone in who sends an empty one.
    !token.is_empty() && given.is_some_and(|given| given.ct_eq(token).into())
}

async fn connections(State(admin): State<Admin>) -> Json<ConnectionList> {
    Json(ConnectionList { connections: admin.host.connections() })
}

async fn activations(
    State(admin): State<Admin>,
    name: At<String>,
    query: Asked<ActivationQuery>,
) -> Answer<ActivationList> {
    let (Path(name), Query(query)) = (name?, query?);
    let found = admin.host.activations(&name, query.limit.unwrap_or(ROWS)).await?;
    Ok(Json(ActivationList { activations: found.into_iter().map(ActivationView::from).collect() }))
}

async fn resume(State(admin): State<Admin>, name: At<String>) -> Answer<Resumed> {
    let Path(connection) = name?;
    let was_paused = admin.host.resume(&connection)?;
    Ok(Json(Resumed { connection, was_paused }))
}

async fn preview(
    State(admin): State<Admin>,
    name: At<String>,
    query: Asked<PreviewQuery>,
    body: axum::body::Body,
) -> Answer<Preview> {
    let (Path(name), Query(query)) = (name?, query?);
    let shared = &admin.host.shared;
    let (connection, body) = body::behind(shared.connection(&name), body).await?;
    let module = body::module(&admin.uploads, &connection.active().connector, body).await?;
    let events = query.events.unwrap_or(PREVIEW_EVENTS);
    Ok(Json(shared.preview(connection, &*module.connector, events).await?))
}

async fn swap(
    State(admin): State<Admin>,
    name: At<String>,
    query: Asked<SwapQuery>,
    body: axum::body::Body,
) -> Answer<Swap> {
    let (Path(name), Query(query)) = (name?, query?);
    let shared = &admin.host.shared;
    let (connection, body) = body::behind(shared.connection(&name), body).await?;
    let (reason, body) = body::behind(body::reason(query.reason), body).await?;
    let request = SwapRequest {
        by: "command".to_owned(),
        reason,
        preview: query.preview.unwrap_or(PREVIEW_EVENTS),
        force: query.force,
    };
    let module = body::module(&admin.uploads, &connection.active().connector, body).await?;
    Ok(Json(shared.swap(connection, module.connector, request).await?))
}

async fn rollback(State(admin): State<Admin>, name: At<String>, body: axum::body::Body) -> Answer<Swap> {
    let Path(name) = name?;
    let reason = body::given_reason(body).await?;
    Ok(Json(admin.host.rollback(&name, "command", &reason).await?))
}

async fn events(State(admin): State<Admin>, query: Asked<EventQuery>) -> Answer<EventList> {
    let Query(EventQuery { connection, state, subject, id, module, before, limit }) = query?;
    let limit = limit.unwrap_or(ROWS);
    let filter = EventFilter { connection, id, subject, state, module, before, limit };
    let mut list = EventList::read(&*admin.host.shared.storage, filter).await?;
    for event in &mut list.events {
        event.running = admin.runs(event);
    }
    Ok(Json(list))
}

async fn event(State(admin): State<Admin>, number: At<Sequence>) -> Answer<EventDetail> {
    let Path(number) = number?;
    let missing = || crate::storage::StorageError::NotFound(WorkId::Event(number).to_string());
    let mut detail = EventDetail::read(&*admin.host.shared.storage, number).await?.ok_or_else(missing)?;
    detail.event.running = admin.runs(&detail.event);
    Ok(Json(detail))
}

async fn deliveries(State(admin): State<Admin>, query: Asked<DeliveryQuery>) -> Answer<DeliveryList> {
    let Query(DeliveryQuery { connection, state, before, limit }) = query?;
    let limit = limit.unwrap_or(ROWS);
    let filter = DeliveryFilter { connection, state, before, limit };
    let mut list = DeliveryList::of(admin.host.deliveries(filter).await?, limit);
    for delivery in &mut list.deliveries {
        let id = WorkId::Delivery(delivery.number);
        delivery.running = admin.host.is_running(&delivery.connection, None, id);
    }
    Ok(Json(list))
}

async fn retry(State(admin): State<Admin>, at: At<(String, Sequence)>) -> Answer<Decision> {
    let work = work(at)?;
    let was = admin.host.retry(work).await?;
    Ok(Json(Decision { work, was, state: Standing::Received }))
}

async fn discard(
    State(admin): State<Admin>,
    at: At<(String, Sequence)>,
    body: axum::body::Body,
) -> Answer<Decision> {
    let work = work(at)?;
    let reason = body::given_reason(body).await?;
    let was = admin.host.discard(work, &reason).await?;
    Ok(Json(Decision { work, was, state: Standing::Discarded }))
}

async fn replay(
    State(admin): State<Admin>,
    at: At<(String, Sequence)>,
    body: axum::body::Body,
) -> Answer<Replay> {
    let work = work(at)?;
    let shared = &admin.host.shared;
    let connection = shared.recorded_connection(work).await?;
    let connector = &shared.connection(&connection)?.active().connector;
    Ok(Json(match body::module_if_any(&admin.uploads, connector, body).await? {
        Some(module) => shared.replay_on(work, &*module.connector).await?,
        None => admin.host.replay(work, None).await?,
    }))
}

/// The work that a path names.
fn work(at: At<(String, Sequence)>) -> Result<WorkId, Refusal> {
    let Path((kind, number)) = at?;
    match kind.as_str() {
        "events" => Ok(WorkId::Event(number)),
        "deliveries" => Ok(WorkId::Delivery(number)),
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such path")),
    }
}

impl Admin {
    fn runs(&self, event: &EventView) -> bool {
        self.host.is_running(&event.connection, Some(&event.subject), WorkId::Event(event.number))
    }
}
