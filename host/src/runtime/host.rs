//! The host: starts, answers and stops.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::connection::Connection;
use super::jobs::Jobs;
use super::notices::Notices;
#[cfg(feature = "server")]
use super::notices::STREAMS_MAX;
use super::observe::{Feed, Happening, HostEvent};
use super::options::{ConnectionSpec, HostError, HostLimits, HostOptions};
use super::poll::STAGGER;
use super::replay::ReplayError;
use super::start;
use super::trouble::{Trouble, check_events};
use crate::contract::{Description, Event, Failure, Probe};
use crate::egress::Egress;
use crate::engine::{CallError, ModuleError};
use crate::storage::{Intake, Origin, Sequence, Storage, StorageError, Work, WorkId, WorkSink};

/// How long a stopping host waits for what is under way: as long as one call may take, and some for its commit. What is
/// cut off after that is run again at the next start.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(130);

/// How long it waits for its other tasks, which stop as soon as they notice. One may be compiling a module.
const TASKS_GRACE: Duration = Duration::from_secs(10);

/// A running host. Cloning gives another handle to the same one; [`Host::shutdown`] stops it.
#[derive(Clone)]
pub struct Host {
    pub(super) shared: Arc<Shared>,
}

/// What all tasks of one host have in common.
pub(super) struct Shared {
    pub(super) connections: BTreeMap<String, Arc<Connection>>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) egress: Egress,
    pub(super) clock: Clock,
    pub(super) feed: Feed,
    pub(super) limits: HostLimits,
    pub(super) jobs: Jobs,
    pub(super) notices: Arc<Notices>,
    /// One permit for each stream of notices that is open.
    #[cfg(feature = "server")]
    pub(super) streams: Arc<Semaphore>,
    pub(super) stopping: watch::Sender<bool>,
    /// Everything that the host does on its own. It holds the storage; a stop waits for its end.
    pub(super) tasks: TaskTracker,
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
    /// A job cannot be started.
    #[error("the job cannot be started: {0}")]
    Job(String),
    /// An event is not one that the contract allows.
    #[error("{0}")]
    Event(String),
    /// The connector answered with a failure.
    #[error("{}", describe(.0))]
    Failure(Failure),
    /// The connector did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// An attempt cannot be run again.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The module that ran an attempt is not kept any more.
    #[error("the module {0}, which ran it then, is not kept any more; name one with --module")]
    ModuleGone(
        /// Its digest.
        String,
    ),
    /// A kept module does not load.
    #[error("a kept module cannot be used: {0}")]
    Module(#[from] ModuleError),
    /// The storage failed, or holds no such thing.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Host {
    /// Check every connection, then start: unfinished work of an earlier run goes on, polls begin. A connection that was
    /// swapped to another module goes on with that one, unless the configuration has named yet another since. Starts
    /// nothing if anything is wrong. Needs a tokio runtime with time.
    pub async fn start(options: HostOptions, specs: Vec<ConnectionSpec>) -> Result<Host, HostError> {
        let connections = start::connections(&options, specs).await?;
        Host::run(options, connections).await
    }

    /// The same, but handle no event and poll nothing: for jobs, actions and decisions on a storage that no other host
    /// works with. What they bring waits for one that does.
    pub async fn at_rest(options: HostOptions, specs: Vec<ConnectionSpec>) -> Result<Host, HostError> {
        let connections = start::connections(&options, specs).await?;
        Host::of(options, connections)
    }

    /// Start with connections that have been checked.
    pub(super) async fn run(options: HostOptions, connections: Vec<Connection>) -> Result<Host, HostError> {
        let keep = options.keep;
        let host = Host::of(options, connections)?;
        let shared = &host.shared;
        shared.storage.attach(Arc::new(Door(Arc::downgrade(shared)))).await?;
        shared.start_deliveries().await?;
        shared.tasks.spawn(Arc::clone(shared).keep_notices());
        let orphans = shared.orphans.load(Ordering::Relaxed);
        if orphans > 0 {
            tracing::warn!(
                orphans,
                "deliveries and events of connections that are not configured stay where they are"
            );
        }
        for (connection, turn) in shared.connections.values().zip(0..) {
            shared.tasks.spawn(Arc::clone(shared).dispatch(Arc::clone(connection)));
            shared.start_polls(connection, STAGGER.saturating_mul(turn));
        }
        if let Some(keep) = keep {
            shared.tasks.spawn(Arc::clone(shared).forget(keep));
        }
        Ok(host)
    }

    /// A host that does nothing by itself yet.
    fn of(options: HostOptions, connections: Vec<Connection>) -> Result<Host, HostError> {
        let HostOptions { storage, egress, limits, clock, receivers, .. } = options;
        let notices = Arc::new(Notices::new(&egress, receivers)?);
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
            egress,
            clock,
            feed: Feed::new(),
            tasks: TaskTracker::new(),
            workers: Arc::new(Semaphore::new(limits.workers)),
            limits,
            jobs: Jobs::default(),
            notices,
            #[cfg(feature = "server")]
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping: watch::Sender::new(false),
            activity: watch::Sender::new(0),
            orphans: AtomicU64::new(0),
        });
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
        check_events(connection.active().description(), &events).map_err(RequestError::Event)?;
        let intake = Intake {
            connection: connection.name.to_string(),
            origin: Origin::Submission,
            events,
            writes: Vec::new(),
            attempt: None,
            at: self.shared.clock.now(),
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
        let call = self.shared.call_for_action(connection);
        let _turn = match subject_of(call.active.description(), name, input) {
            Some(subject) => Some(connection.subjects.enter(&subject).await),
            None => None,
        };
        let answer = call.active.connector.run_action(call.ports(), name, input).await?;
        let answer = answer.map_err(|failure| RequestError::Failure(call.recorder.explain(failure)))?;
        let writes = call.take_writes();
        if !writes.is_empty() {
            self.shared.storage.write_entries(&connection.name, writes).await?;
        }
        Ok(answer)
    }

    /// Have the connector try what it needs of its APIs.
    pub async fn check(&self, connection: &str) -> Result<Vec<Probe>, RequestError> {
        let connection = self.shared.connection(connection)?;
        let call = self.shared.call_for_check(connection);
        call.active.connector.check(call.ports()).await?.map_err(RequestError::Failure)
    }

    /// Poll a trigger now, besides its schedule and also while the connection is paused. Answers how many events were new.
    pub async fn poll_now(&self, connection: &str, trigger: &str) -> Result<usize, RequestError> {
        let connection = self.shared.connection(connection)?;
        let active = connection.active();
        if !active.polls.contains_key(trigger) {
            return Err(RequestError::UnknownTrigger {
                connection: connection.name.to_string(),
                trigger: trigger.to_owned(),
                known: active.polls.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
            });
        }
        let retry = |reason, after: Option<Duration>| {
            let after_ms = after.map(crate::contract::millis);
            RequestError::Failure(Failure::Retry(crate::contract::Retry { reason, after_ms }))
        };
        self.shared.poll_round(connection, trigger).await.map_err(|trouble| match trouble {
            Trouble::Retry { reason, after } => retry(reason, after),
            Trouble::Throttled { after } => retry("the rate budget is used up".to_owned(), Some(after)),
            Trouble::Rejected(reason) => RequestError::Failure(Failure::Rejected(reason)),
            Trouble::NeedsAttention(reason) => RequestError::Failure(Failure::NeedsAttention(reason)),
            Trouble::Storage(error) => RequestError::Storage(error),
        })
    }

    /// Wait until nothing runs, and nothing that is known now will within `horizon`. Work of paused connections does not
    /// count, nor do later rounds of polls, nor jobs.
    pub async fn idle(&self, horizon: Duration) {
        let mut activity = self.shared.activity.subscribe();
        loop {
            activity.borrow_and_update();
            if self.shared.is_idle(Instant::now() + horizon) || activity.changed().await.is_err() {
                return;
            }
        }
    }

    /// Stop: take nothing more in, start nothing more, and wait for what is under way. After that only handles of the host
    /// hold its storage; once they are dropped it can be opened again.
    pub async fn shutdown(&self) {
        self.shared.stopping.send_replace(true);
        let all = u32::try_from(self.shared.limits.workers).unwrap_or(u32::MAX);
        if tokio::time::timeout(SHUTDOWN_GRACE, self.shared.workers.acquire_many(all)).await.is_err() {
            tracing::warn!("stopped with calls under way; their events run again at the next start");
        }
        // A poll that is still waiting for its turn does not get one.
        self.shared.workers.close();
        self.shared.tasks.close();
        if tokio::time::timeout(TASKS_GRACE, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(
                "some of the host's tasks have not ended; the storage stays in use until they have"
            );
        }
    }
}

impl Shared {
    /// Start the connection's work as its turn comes, for as long as the host runs.
    async fn dispatch(self: Arc<Shared>, connection: Arc<Connection>) {
        let mut stopping = self.stopping.subscribe();
        loop {
            let now = Instant::now();
            let closed_until = connection.active().outbound.closed_until().filter(|until| *until > now);
            let (work, due) = {
                let mut queue = connection.queue();
                (queue.take(now, closed_until.is_none()), queue.next_due())
            };
            if let Some(work) = work {
                let Ok(worker) = self.worker().await else { return };
                if *self.stopping.borrow() {
                    return;
                }
                let (shared, connection) = (Arc::clone(&self), Arc::clone(&connection));
                self.tasks.spawn(async move {
                    shared.run(&connection, work).await;
                    drop(worker);
                });
                continue;
            }
            let next = [due.filter(|due| *due > now), closed_until].into_iter().flatten().min();
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = connection.changed.notified() => {}
                () = ring(next) => {}
            }
        }
    }

    /// A free worker.
    pub(super) async fn worker(&self) -> Result<OwnedSemaphorePermit, StorageError> {
        Arc::clone(&self.workers).acquire_owned().await.map_err(|_| StorageError::Stopped)
    }

    /// Tell those who watch.
    pub(super) fn tell(&self, connection: &Connection, happening: impl FnOnce() -> Happening) {
        self.feed.tell(&connection.name, self.clock, happening);
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

    pub(super) fn connection(&self, name: &str) -> Result<&Arc<Connection>, RequestError> {
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
        let due = work.not_before.map(|at| shared.clock.timer(at));
        connection.queue().push(work, due);
        connection.changed.notify_one();
    }

    fn withdraw(&self, connection: &str, subject: Option<&str>, id: WorkId) {
        let Some(shared) = self.0.upgrade() else { return };
        if let Some(connection) = shared.connections.get(connection) {
            connection.queue().withdraw(subject, id);
            connection.changed.notify_one();
            shared.activity();
        }
    }

    fn noticed(&self, sequence: Sequence, receivers: &[String]) {
        if let Some(shared) = self.0.upgrade() {
            shared.notices.kept(sequence, receivers);
        }
    }
}

/// Wait until then; for ever, if there is no such time.
pub(super) async fn ring(due: Option<Instant>) {
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
