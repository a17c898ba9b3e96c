//! One call of a connector: what it may reach, and what is left of it.

use std::sync::Arc;

use super::active::Active;
use super::connection::Connection;
use super::host::Shared;
use super::memory::Memory;
use super::recorder::{Recorder, Told, Writes};
use super::store::{CallStore, StoredEntries};
use super::trace::{Outcome, Tape};
use crate::contract::{Event, Instant};
use crate::egress::Portion;
use crate::engine::ports::NoStore;
use crate::engine::{Ports, Store};
use crate::storage::{AttemptRecord, EntryWrite, StorageError, Work, WorkId};

/// Why a poll may not write: nothing makes it write once.
const POLLS_READ: &str = "a poll only reads: what it finds it hands over as events, and those may write";

/// Why a check may not write.
const CHECKS_READ: &str = "a check only reads";

/// One call of a connector.
pub(super) struct Call {
    /// What it runs on, to its end.
    pub(super) active: Arc<Active>,
    /// Its requests.
    pub(super) recorder: Arc<Recorder>,
    store: Option<Arc<CallStore>>,
    /// When it began; what the connector's clock shows.
    now: Instant,
    seed: u64,
}

impl Call {
    /// What the connector is handed.
    pub(super) fn ports(&self) -> Ports {
        let store: Arc<dyn Store> = match &self.store {
            Some(store) => Arc::clone(store) as _,
            None => Arc::new(NoStore),
        };
        Ports {
            http: Arc::clone(&self.recorder) as _,
            store,
            settings: Arc::clone(&self.active.settings),
            log: Arc::clone(&self.recorder) as _,
            now: self.now,
            seed: self.seed,
        }
    }

    /// Hand over what it wrote to the store, for the commit.
    pub(super) fn take_writes(&self) -> Vec<EntryWrite> {
        self.store.as_ref().map(|store| store.take_writes()).unwrap_or_default()
    }

    /// The attempt, to be kept with its commit; none for what is not to be run again.
    pub(super) fn record(
        &self,
        number: u32,
        ended_at: Instant,
        writes: &[EntryWrite],
        outcome: Outcome,
    ) -> Option<AttemptRecord> {
        let tape = self.recorder.tape.as_ref()?;
        let (short, trace) = (outcome.name(), tape.end(writes, outcome));
        // Every part of a trace has a JSON form; one that had none would only not be kept.
        let trace = serde_json::to_vec(&trace).ok()?;
        Some(AttemptRecord {
            number,
            module: self.active.digest().to_owned(),
            started_at: self.now,
            ended_at,
            seed: self.seed,
            settings: self.active.settings.to_string(),
            outcome: short.to_owned(),
            trace,
        })
    }
}

/// Which attempt at `work` the next one is.
pub(super) fn number(work: &Work) -> u32 {
    work.attempts.saturating_add(1).saturating_add(u32::from(work.resumed))
}

impl Shared {
    /// A call about a delivery or an event: recorded, and each of its writes made once. `event` is the event, if it is one.
    pub(super) async fn call_for(
        &self,
        connection: &Connection,
        work: &Work,
        event: Option<&Event>,
    ) -> Result<Call, StorageError> {
        let number = number(work);
        let salt = format!("{}\n{}", connection.name, event.map_or("", |event| &event.id));
        let memory =
            Memory::recall(Box::new(Arc::clone(&self.storage)), work.id, number, salt, number == 1).await?;
        Ok(self.call(connection, Writes::Once(memory), Some(work.id), true))
    }

    /// A call of a poll.
    pub(super) fn call_for_poll(&self, connection: &Connection) -> Call {
        self.call(connection, Writes::Denied(POLLS_READ), None, true)
    }

    /// A call for a page of a job, which keeps to its share of the rate budgets.
    pub(super) fn call_for_job(&self, connection: &Connection, share: Portion) -> Call {
        self.call(connection, Writes::Background(share), None, true)
    }

    /// A call of an action.
    pub(super) fn call_for_action(&self, connection: &Connection) -> Call {
        self.call(connection, Writes::Free, None, true)
    }

    /// A call that must leave no trace.
    pub(super) fn call_for_check(&self, connection: &Connection) -> Call {
        self.call(connection, Writes::Denied(CHECKS_READ), None, false)
    }

    fn call(&self, connection: &Connection, writes: Writes, work: Option<WorkId>, stored: bool) -> Call {
        let active = connection.active();
        let tape = work.map(|_| Arc::new(Tape::default()));
        let told = Told {
            feed: self.feed.clone(),
            connection: Arc::clone(&connection.name),
            work,
            clock: self.clock,
        };
        let store = stored.then(|| {
            let (storage, connection) = (Arc::clone(&self.storage), Arc::clone(&connection.name));
            Arc::new(CallStore::new(Arc::new(StoredEntries { storage, connection, tape: tape.clone() })))
        });
        let recorder = Arc::new(Recorder::new(told, Arc::clone(&active.outbound), writes, tape));
        Call { active, recorder, store, now: self.clock.now(), seed: fastrand::u64(..) }
    }
}
