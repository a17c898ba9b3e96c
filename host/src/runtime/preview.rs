//! What another module would have done with the events that a connection has handled.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::connector::Connector;
use super::host::{Host, RequestError, Shared};
use super::replay::{self, Input, Replay, ReplayError};
use super::work::envelope;
use crate::engine::Module;
use crate::storage::{AttemptRecord, EventFilter, EventRecord, Storage, StorageError, Work, WorkId};

/// Events that one preview runs at most. Each takes about a millisecond and its record a few kilobytes.
pub const PREVIEW_EVENTS_MAX: u32 = 1_000;

/// What a module would have done with recorded events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// The connection.
    pub connection: String,
    /// Digest of the module that was tried.
    pub module: String,
    /// The events, newest first.
    pub replays: Vec<Replay>,
    /// Events of which nothing is recorded any more.
    pub skipped: usize,
}

impl Preview {
    /// How many events were tried.
    pub fn events(&self) -> usize {
        self.replays.len()
    }

    /// How many come out otherwise.
    pub fn different(&self) -> usize {
        self.replays.iter().filter(|replay| !replay.identical).count()
    }

    /// How many fail that did not. One that asks for what is not on record is not counted: what it would have been
    /// answered is not known.
    pub fn broken(&self) -> usize {
        self.replays.iter().filter(|replay| replay.broke && replay.unknown.is_empty()).count()
    }
}

impl Host {
    /// What `module` would have done with the last events of a connection. Changes nothing.
    pub async fn preview(
        &self,
        connection: &str,
        module: &Module,
        events: u32,
    ) -> Result<Preview, RequestError> {
        let connection = self.shared.connection(connection)?;
        self.shared.preview(connection, module, events).await
    }

    /// Run the last attempt at a delivery or an event again, with nothing outside: on `module`, else on the module that
    /// ran it then.
    pub async fn replay(&self, work: WorkId, module: Option<&Module>) -> Result<Replay, RequestError> {
        let storage = &*self.shared.storage;
        let recorded = recorded(storage, work).await?;
        if let Some(module) = module {
            return recorded.run_on(module).await;
        }
        let connection = self.shared.connection(&recorded.connection)?;
        let active = connection.active();
        let digest = &recorded.attempt.module;
        if active.digest() == digest {
            return recorded.run_on(&*active.connector).await;
        }
        let bytes = storage.module(digest).await?.ok_or_else(|| RequestError::ModuleGone(digest.clone()))?;
        let connector = active.connector.sibling(bytes).await?;
        recorded.run_on(&*connector).await
    }
}

/// Run the last attempt at `work` that `storage` has on record again, on `module`. For a database without a host.
pub async fn replay_stored(
    storage: &dyn Storage,
    work: WorkId,
    module: &Module,
) -> Result<Replay, RequestError> {
    recorded(storage, work).await?.run_on(module).await
}

/// What `module` would have done with the last events of a connection in `storage`. For a database without a host.
pub async fn preview_stored(
    storage: &dyn Storage,
    connection: &str,
    module: &Module,
    events: u32,
) -> Result<Preview, RequestError> {
    preview(storage, connection, module, events).await
}

/// Digest of the module that ran the last attempt at `work`.
pub async fn recorded_module(storage: &dyn Storage, work: WorkId) -> Result<String, RequestError> {
    Ok(recorded(storage, work).await?.attempt.module)
}

/// For modules that are loaded by the admin API.
#[cfg(feature = "server")]
impl Shared {
    /// Whose some work is. Fails if nothing of it is recorded.
    pub(super) async fn recorded_connection(&self, work: WorkId) -> Result<String, RequestError> {
        Ok(recorded(&*self.storage, work).await?.connection)
    }

    /// Run the last attempt at some work again, on `connector`.
    pub(super) async fn replay_on(
        &self,
        work: WorkId,
        connector: &dyn Connector,
    ) -> Result<Replay, RequestError> {
        recorded(&*self.storage, work).await?.run_on(connector).await
    }
}

impl Shared {
    pub(super) async fn preview(
        self: &Arc<Shared>,
        connection: &Connection,
        connector: &dyn Connector,
        events: u32,
    ) -> Result<Preview, RequestError> {
        preview(&*self.storage, &connection.name, connector, events).await
    }
}

async fn preview(
    storage: &dyn Storage,
    connection: &str,
    connector: &dyn Connector,
    events: u32,
) -> Result<Preview, RequestError> {
    let limit = events.clamp(1, PREVIEW_EVENTS_MAX);
    let filter = EventFilter { connection: Some(connection.to_owned()), limit, ..EventFilter::default() };
    let (mut replays, mut skipped) = (Vec::new(), 0);
    for event in storage.events(filter).await? {
        let work = WorkId::Event(event.sequence);
        match last_attempt(storage, work).await? {
            Some(attempt) => {
                let input = event_input(event, &attempt);
                replays.push(replay::run(connector, work, &input, &attempt).await?);
            }
            None => skipped += 1,
        }
    }
    let module = connector.digest().to_owned();
    Ok(Preview { connection: connection.to_owned(), module, replays, skipped })
}

/// The last attempt at some work, with all that it was given.
struct Recorded {
    work: WorkId,
    connection: String,
    input: Input,
    attempt: AttemptRecord,
}

impl Recorded {
    async fn run_on(&self, connector: &dyn Connector) -> Result<Replay, RequestError> {
        Ok(replay::run(connector, self.work, &self.input, &self.attempt).await?)
    }
}

async fn recorded(storage: &dyn Storage, work: WorkId) -> Result<Recorded, RequestError> {
    let unknown = || RequestError::from(StorageError::NotFound(work.to_string()));
    let attempt = last_attempt(storage, work).await?;
    match work {
        WorkId::Event(sequence) => {
            let event = storage.event(sequence).await?.ok_or_else(unknown)?;
            let attempt = attempt.ok_or(ReplayError::NotRecorded(work))?;
            let connection = event.connection.clone();
            Ok(Recorded { work, connection, input: event_input(event, &attempt), attempt })
        }
        WorkId::Delivery(sequence) => {
            let stored = storage.delivery(sequence).await?.ok_or_else(unknown)?;
            let attempt = attempt.ok_or(ReplayError::NotRecorded(work))?;
            Ok(Recorded {
                work,
                connection: stored.connection,
                input: Input::Delivery(stored.delivery),
                attempt,
            })
        }
    }
}

async fn last_attempt(storage: &dyn Storage, work: WorkId) -> Result<Option<AttemptRecord>, StorageError> {
    Ok(storage.attempts(work).await?.pop())
}

/// What the handler was given in `attempt`.
fn event_input(event: EventRecord, attempt: &AttemptRecord) -> Input {
    let work = Work {
        id: WorkId::Event(event.sequence),
        connection: event.connection.clone(),
        subject: None,
        attempts: attempt.number.saturating_sub(1),
        not_before: None,
        resumed: false,
    };
    let (envelope, change) = envelope(event, &work);
    Input::Event(Box::new(envelope), Box::new(change))
}
