//! The host: starts, answers and stops.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::Instant;

use super::clock;
use super::connection::{Call, Connection};
use super::observe::{Feed, Happening, HostEvent};
use super::options::{ConnectionSpec, HostError, HostLimits, HostOptions};
use super::trouble::{Trouble, check_events};
use crate::contract::{Description, Event, Failure, Probe};
use crate::engine::CallError;
use crate::storage::{
    EventFilter, EventRecord, Intake, Origin, Sequence, Storage, StorageError, Work, WorkId, WorkSink,
};

/// How long a stopping host waits for what is under way: as long as one call may take, and some for its commit. What is
/// cut off after that is run again at the next start.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(130);

/// A running host. Cloning gives another handle to the same one; [`Host::shutdown`] stops it.
#[derive(Clone)]
pub struct Host {
    pub(super) shared: Arc<Shared>,
}

/// What all tasks of one host have in common.
pub(super) struct Shared {
    pub(super) connections: BTreeMap<String, Arc<Connection>>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) feed: Feed,
    pub(super) limits: HostLimits,
    pub(super) stopping: watch::Sender<bool>,
    workers: Arc<Semaphore>,
    /// Counts changes that may have made the host idle.
    activity: watch::Sender<u64>,
    /// Work in storage whose connection is not configured.
    orphans: AtomicU64,
}

/// Why a request to a running host was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no such connection.
    #[error("there is no connection {name:?}; there are: {known}")]
    UnknownConnection {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The connector polls no such trigger.
    #[error("the connector of {connection} polls no trigger {trigger:?}; it polls: {known}")]
    UnknownTrigger {
        /// The connection.
        connection: String,
        /// What was asked for.
        trigger: String,
        /// What there is.
        known: String,
    },
    /// An event is not one that the contract allows.
    #[error("{0}")]
    Event(String),
    /// The connector answered with a failure.
    #[error("{}", describe(.0))]
    Failure(Failure),
    /// The connector did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Host {
    /// Check every connection, then start: unfinished work of an earlier run goes on, polls begin. Starts nothing if
    /// anything is wrong. Needs a tokio runtime with time.
    pub async fn start(options: HostOptions, specs: Vec<ConnectionSpec>) -> Result<Host, HostError> {
        let (mut connections, mut problems) = (Vec::new(), Vec::new());
        for spec in specs {
            match Connection::new(spec, &options.egress, &options.limits) {
                Ok(connection) => connections.push(connection),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(HostError::Connections(problems));
        }
        Host::run(options.storage, options.limits, connections).await
    }

    /// Start with connections that have been checked.
    pub(super) async fn run(
        storage: Arc<dyn Storage>,
        limits: HostLimits,
        connections: Vec<Connection>,
    ) -> Result<Host, HostError> {
        let mut by_name = BTreeMap::new();
        for connection in connections {
            let name = connection.name.to_string();
            if by_name.insert(name.clone(), Arc::new(connection)).is_some() {
                return Err(HostError::Connections(vec![format!(
                    "connections.{name} exists twice: rename one"
                )]));
            }
        }
        let shared = Arc::new(Shared {
            connections: by_name,
            storage,
            feed: Feed::new(),
            workers: Arc::new(Semaphore::new(limits.workers)),
            limits,
            stopping: watch::Sender::new(false),
            activity: watch::Sender::new(0),
            orphans: AtomicU64::new(0),
        });
        shared.storage.attach(Arc::new(Door(Arc::downgrade(&shared)))).await?;
        let orphans = shared.orphans.load(Ordering::Relaxed);
        if orphans > 0 {
            tracing::warn!(
                orphans,
                "deliveries and events of connections that are not configured stay where they are"
            );
        }
        for connection in shared.connections.values() {
            tokio::spawn(Arc::clone(&shared).dispatch(Arc::clone(connection)));
            for trigger in connection.polls.keys() {
                connection.polling.fetch_add(1, Ordering::SeqCst);
                let (shared, connection) = (Arc::clone(&shared), Arc::clone(connection));
                tokio::spawn(shared.poll_forever(connection, trigger.clone()));
            }
        }
        Ok(Host { shared })
    }

    /// Watch what happens from now on. A watcher that falls 4,096 happenings behind loses the oldest.
    pub fn observe(&self) -> broadcast::Receiver<HostEvent> {
        self.shared.feed.watch()
    }

    /// Hand in an event. Answers whether it was new.
    pub async fn submit(&self, connection: &str, event: Event) -> Result<bool, RequestError> {
        let connection = self.shared.connection(connection)?;
        let events = vec![event];
        check_events(connection.connector.description(), &events).map_err(RequestError::Event)?;
        let intake = Intake {
            connection: connection.name.to_string(),
            origin: Origin::Submission,
            events,
            writes: Vec::new(),
            attempt: None,
            at: clock::now(),
        };
        Ok(self.shared.storage.take_in(intake).await? > 0)
    }

    /// Run an action, in turn with the events of its subject; input and answer are JSON. What it writes to the store is
    /// kept if it succeeds.
    pub async fn run_action(
        &self,
        connection: &str,
        name: &str,
        input: &str,
    ) -> Result<String, RequestError> {
        let connection = self.shared.connection(connection)?;
        let _turn = match subject_of(connection.connector.description(), name, input) {
            Some(subject) => Some(connection.subjects.enter(&subject).await),
            None => None,
        };
        let Call { ports, store, scribe } = connection.call(&self.shared.storage, &self.shared.feed, None);
        let answer = connection.connector.run_action(ports, name, input).await?;
        let answer = answer.map_err(|failure| RequestError::Failure(scribe.explain(failure)))?;
        let writes = store.take_writes();
        if !writes.is_empty() {
            self.shared.storage.write_entries(&connection.name, writes).await?;
        }
        Ok(answer)
    }

    /// Have the connector try what it needs of its APIs.
    pub async fn check(&self, connection: &str) -> Result<Vec<Probe>, RequestError> {
        let connection = self.shared.connection(connection)?;
        let ports = connection.ports_without_store(&self.shared.feed);
        connection.connector.check(ports).await?.map_err(RequestError::Failure)
    }

    /// Poll a trigger now, besides its schedule and also while the connection is paused. Answers how many events were new.
    pub async fn poll_now(&self, connection: &str, trigger: &str) -> Result<usize, RequestError> {
        let connection = self.shared.connection(connection)?;
        let Some(poll) = connection.polls.get(trigger) else {
            return Err(RequestError::UnknownTrigger {
                connection: connection.name.to_string(),
                trigger: trigger.to_owned(),
                known: connection.polls.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
            });
        };
        self.shared.poll_round(connection, poll, trigger).await.map_err(|trouble| match trouble {
            Trouble::Retry { reason, after } => {
                let after_ms = after.map(crate::contract::millis);
                RequestError::Failure(Failure::Retry(crate::contract::Retry { reason, after_ms }))
            }
            Trouble::Rejected(reason) => RequestError::Failure(Failure::Rejected(reason)),
            Trouble::NeedsAttention(reason) => RequestError::Failure(Failure::NeedsAttention(reason)),
            Trouble::Storage(error) => RequestError::Storage(error),
        })
    }

    /// Let a paused connection go on; its parked work runs first.
    pub fn resume(&self, connection: &str) -> Result<(), RequestError> {
        let connection = self.shared.connection(connection)?;
        connection.queue().set_paused(false);
        connection.changed.notify_one();
        self.shared.activity();
        self.shared.feed.tell(&connection.name, || Happening::Resumed);
        Ok(())
    }

    /// Whether a connection is paused until a person has acted.
    pub fn is_paused(&self, connection: &str) -> Result<bool, RequestError> {
        Ok(self.shared.connection(connection)?.queue().is_paused())
    }

    /// Events, newest first.
    pub async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, RequestError> {
        Ok(self.shared.storage.events(filter).await?)
    }

    /// One event.
    pub async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, RequestError> {
        Ok(self.shared.storage.event(sequence).await?)
    }

    /// Wait until nothing runs, and nothing that is known now will within `horizon`. Work of paused connections does not
    /// count, nor do later rounds of polls.
    pub async fn idle(&self, horizon: Duration) {
        let mut activity = self.shared.activity.subscribe();
        loop {
            activity.borrow_and_update();
            if self.shared.is_idle(Instant::now() + horizon) || activity.changed().await.is_err() {
                return;
            }
        }
    }

    /// Stop: take nothing more in, start nothing more, and wait for what is under way.
    pub async fn shutdown(&self) {
        self.shared.stopping.send_replace(true);
        let all = u32::try_from(self.shared.limits.workers).unwrap_or(u32::MAX);
        if tokio::time::timeout(SHUTDOWN_GRACE, self.shared.workers.acquire_many(all)).await.is_err() {
            tracing::warn!("stopped with calls under way; their events run again at the next start");
        }
        // A poll that is still waiting for its turn does not get one.
        self.shared.workers.close();
    }
}

impl Shared {
    /// Start the connection's work as its turn comes, for as long as the host runs.
    async fn dispatch(self: Arc<Shared>, connection: Arc<Connection>) {
        let mut stopping = self.stopping.subscribe();
        loop {
            let (work, due) = {
                let mut queue = connection.queue();
                (queue.take(Instant::now()), queue.next_due())
            };
            if let Some(work) = work {
                let Ok(worker) = self.worker().await else { return };
                if *self.stopping.borrow() {
                    return;
                }
                let (shared, connection) = (Arc::clone(&self), Arc::clone(&connection));
                tokio::spawn(async move {
                    shared.run(&connection, work).await;
                    drop(worker);
                });
                continue;
            }
            tokio::select! {
                () = connection.changed.notified() => {}
                () = ring(due) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// A free worker.
    pub(super) async fn worker(&self) -> Result<OwnedSemaphorePermit, StorageError> {
        Arc::clone(&self.workers).acquire_owned().await.map_err(|_| StorageError::Stopped)
    }

    /// Have a connection start nothing more.
    pub(super) fn pause(&self, connection: &Connection, reason: &str) {
        connection.queue().set_paused(true);
        tracing::warn!(
            connection = &*connection.name,
            reason,
            "the connection pauses and keeps what comes in; put this right, then start transload again"
        );
        self.activity();
        self.feed.tell(&connection.name, || Happening::Paused { reason: reason.to_owned() });
    }

    /// Note that something ended or changed.
    pub(super) fn activity(&self) {
        self.activity.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn is_idle(&self, horizon: Instant) -> bool {
        self.connections.values().all(|connection| {
            connection.polling.load(Ordering::SeqCst) == 0 && connection.queue().is_idle(horizon)
        })
    }

    fn connection(&self, name: &str) -> Result<&Arc<Connection>, RequestError> {
        self.connections.get(name).ok_or_else(|| RequestError::UnknownConnection {
            name: name.to_owned(),
            known: self.connections.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }
}

/// Where storage hands work in. Weak, because the host holds the storage: each would keep the other for ever.
struct Door(Weak<Shared>);

impl WorkSink for Door {
    fn accept(&self, work: Work) {
        let Some(shared) = self.0.upgrade() else { return };
        let Some(connection) = shared.connections.get(&work.connection) else {
            shared.orphans.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let due = work.not_before.map(clock::timer);
        connection.queue().push(work, due);
        connection.changed.notify_one();
    }

    fn withdraw(&self, _connection: &str, _subject: Option<&str>, _id: WorkId) {
        // It stays in its queue; when its turn comes, it is found to have ended.
    }
}

async fn ring(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn describe(failure: &Failure) -> String {
    match failure {
        Failure::Retry(retry) => format!("{}; try again later", retry.reason),
        Failure::Rejected(reason) => reason.clone(),
        Failure::NeedsAttention(reason) => format!("{reason}; a person has to act first"),
    }
}

/// What an action is about, by the manifest. An input that does not say is left to the connector, which refuses it.
fn subject_of(description: &Description, action: &str, input: &str) -> Option<String> {
    let action = description.actions.iter().find(|known| known.name == action)?;
    let input: serde_json::Value = serde_json::from_str(input).ok()?;
    input.pointer(action.subject.as_deref()?)?.as_str().map(str::to_owned)
}
