//! Sends queued webhooks and records how it went.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Attempt, Delivery, Outcome};
use crate::state::Shared;

/// Deliveries that are sent at the same time. More than one, because real webhooks overtake each other.
const PARALLEL: usize = 8;

/// How long a receiver may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// How often a delivery is tried, and the pause before the next try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retries {
    pub attempts: u32,
    pub pause: Duration,
}

/// Sends what is queued until the queue is closed.
pub(crate) async fn run(shared: Arc<Shared>, mut queue: mpsc::Receiver<u64>, retries: Retries) {
    let client: HttpClient = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let permits = Arc::new(Semaphore::new(PARALLEL));
    let mut running = JoinSet::new();
    while let Some(id) = queue.recv().await {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let (shared, client) = (Arc::clone(&shared), client.clone());
        running.spawn(async move {
            deliver(&shared, &client, id, retries).await;
            drop(permit);
        });
        while running.try_join_next().is_some() {}
    }
}

async fn deliver(shared: &Shared, client: &HttpClient, id: u64, retries: Retries) {
    let Some(delivery) = shared.lock().webhooks.get(id).cloned() else { return };
    for attempt in 1..=retries.attempts.max(1) {
        let result = send(client, &delivery).await;
        let outcome = match result {
            Ok(200..=299) => Outcome::Delivered,
            _ if attempt >= retries.attempts => Outcome::Failed,
            _ => Outcome::Waiting,
        };
        let at = format!("{:.3}", Timestamp::now());
        let attempt = Attempt { at, status: result.as_ref().ok().copied(), error: result.err() };
        shared.lock().webhooks.note(id, attempt, outcome);
        if outcome != Outcome::Waiting {
            return;
        }
        tokio::time::sleep(retries.pause).await;
    }
}

async fn send(client: &HttpClient, delivery: &Delivery) -> Result<u16, String> {
    let mut request = http::Request::post(&delivery.url).header("content-type", "application/json");
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::from(delivery.body.clone()));
    let request = request.body(body).map_err(|error| error.to_string())?;
    match tokio::time::timeout(ANSWER_TIMEOUT, client.request(request)).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())),
    }
}

/// An error with its causes: "client error (Connect): tcp connect error: Connection refused".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
