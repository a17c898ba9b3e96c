//! What a person does with a running host: look, try again, give up, let a connection go on.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::host::{Host, RequestError, Shared};
use super::observe::Happening;
use crate::contract::{Instant, millis};
use crate::storage::{
    AttemptRecord, DeliveryFilter, DeliveryRecord, EventFilter, EventRecord, Sequence, State, StorageError,
    WorkId, WriteRecord,
};

/// How often what is too old to be kept is looked for.
const FORGET_INTERVAL: Duration = Duration::from_mins(10);

/// Rows that are forgotten in one transaction; others wait for the writer meanwhile.
const FORGET_ROWS: u32 = 500;

/// A connection, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionStatus {
    /// Its name.
    pub name: String,
    /// Digest of the module that it runs on.
    pub module: String,
    /// The module's name and version.
    pub connector: String,
    /// Why it is paused, if it is.
    pub paused: Option<String>,
    /// Deliveries that wait to be read, or are.
    pub deliveries: usize,
    /// Events that wait to be handled, or are.
    pub events: usize,
    /// Calls under way.
    pub running: usize,
}

/// An event with all that is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHistory {
    /// The event.
    pub event: EventRecord,
    /// Whether it is being handled now.
    pub running: bool,
    /// The attempts at it, oldest first, as far as they are kept.
    pub attempts: Vec<AttemptRecord>,
    /// Its writes to vendors.
    pub writes: Vec<WriteRecord>,
}

impl Host {
    /// Every connection, by name.
    pub fn connections(&self) -> Vec<ConnectionStatus> {
        let status = |connection: &Arc<super::connection::Connection>| {
            let (active, queue) = (connection.active(), connection.queue());
            let description = active.description();
            ConnectionStatus {
                name: connection.name.to_string(),
                module: active.digest().to_owned(),
                connector: format!("{} {}", description.name, description.version),
                paused: queue.pause_reason(),
                deliveries: queue.deliveries(),
                events: queue.events(),
                running: queue.running(),
            }
        };
        self.shared.connections.values().map(status).collect()
    }

    /// Events, newest first.
    pub async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, RequestError> {
        Ok(self.shared.storage.events(filter).await?)
    }

    /// Deliveries, newest first.
    pub async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, RequestError> {
        Ok(self.shared.storage.deliveries(filter).await?)
    }

    /// One event.
    pub async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, RequestError> {
        Ok(self.shared.storage.event(sequence).await?)
    }

    /// One event, with its attempts and its writes.
    pub async fn history(&self, sequence: Sequence) -> Result<Option<EventHistory>, RequestError> {
        let (storage, id) = (&self.shared.storage, WorkId::Event(sequence));
        let Some(event) = storage.event(sequence).await? else { return Ok(None) };
        let running = self.is_running(&event.connection, Some(&event.event.subject), id);
        let (attempts, writes) = (storage.attempts(id).await?, storage.writes(id).await?);
        Ok(Some(EventHistory { event, running, attempts, writes }))
    }

    /// Whether some work is under way.
    pub fn is_running(&self, connection: &str, subject: Option<&str>, id: WorkId) -> bool {
        let connection = self.shared.connections.get(connection);
        connection.is_some_and(|connection| connection.queue().is_running(subject, id))
    }

    /// Have dead, waiting or parked work run again now, with all its attempts before it. Answers where it stood.
    pub async fn retry(&self, id: WorkId) -> Result<State, RequestError> {
        let was = self.shared.storage.retry(id, self.shared.clock.now()).await?;
        self.decided(id, State::Received, was).await;
        Ok(was)
    }

    /// Give up work that has not succeeded. Answers where it stood.
    pub async fn discard(&self, id: WorkId, reason: &str) -> Result<State, RequestError> {
        let was = self.shared.storage.discard(id, reason.to_owned(), self.shared.clock.now()).await?;
        self.decided(id, State::Discarded, was).await;
        Ok(was)
    }

    /// Let a paused connection go on, whatever its check says; its parked work runs first. Answers whether it was paused.
    pub fn resume(&self, connection: &str) -> Result<bool, RequestError> {
        let connection = self.shared.connection(connection)?;
        Ok(self.shared.unpause(connection))
    }

    /// Whether a connection is paused.
    pub fn is_paused(&self, connection: &str) -> Result<bool, RequestError> {
        Ok(self.shared.connection(connection)?.queue().is_paused())
    }

    async fn decided(&self, work: WorkId, state: State, was: State) {
        let owner = match work {
            WorkId::Event(sequence) => self.event(sequence).await.ok().flatten().map(|it| it.connection),
            WorkId::Delivery(sequence) => {
                self.shared.storage.delivery(sequence).await.ok().flatten().map(|it| it.connection)
            }
        };
        if let Some(connection) = owner.and_then(|owner| self.shared.connections.get(&owner)) {
            tracing::info!(connection = &*connection.name, %work, %was, %state, "decided by a person");
            self.shared.tell(connection, || Happening::Decided { work, state, was });
        }
    }
}

impl Shared {
    /// Forget what is older than `keep`, now and then, for as long as the host runs.
    pub(super) async fn forget(self: Arc<Shared>, keep: Duration) {
        let mut stopping = self.stopping.subscribe();
        loop {
            match self.forget_once(self.clock.now().saturating_sub(millis(keep))).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "forgot what was older than is kept"),
                Err(error) => tracing::error!(%error, "cannot forget what is too old to be kept"),
            }
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(FORGET_INTERVAL) => {}
            }
        }
    }

    async fn forget_once(&self, before: Instant) -> Result<usize, StorageError> {
        let mut forgotten = 0;
        loop {
            let rows = self.storage.purge(before, FORGET_ROWS).await?;
            forgotten += rows;
            if rows == 0 || *self.stopping.borrow() {
                return Ok(forgotten);
            }
        }
    }
}
