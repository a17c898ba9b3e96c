//! Jobs: backfills and reconciliations, page by page, in the background. Each page is one commit, so that a job goes on after
//! its last page whatever ends it.

mod audit;
mod decide;
mod page;
mod run;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::connection::Connection;
use super::host::{Host, RequestError, Shared};
use crate::contract::{Description, Instant};
use crate::egress::Portion;
use crate::storage::{JobFilter, JobKind, JobRecord, JobScope, NewJob, Sequence, StorageError};

pub(super) use audit::text as decimal_text;
pub use audit::{FINDINGS_PER_JOB_MAX, FINDINGS_PER_PAGE_MAX};

/// Jobs that a host runs at once. Each holds a worker and an instance, for as long as a vendor takes over hundreds of
/// requests.
pub const JOBS_AT_ONCE_MAX: usize = 8;

/// Kinds or triggers that one job may name. Connectors have some dozens.
const NAMES_MAX: usize = 100;

/// A job to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// What it does.
    pub kind: JobKind,
    /// The first instant that belongs to its scope.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Kinds of finding, none for all; or triggers, none for all that have a history.
    pub names: Vec<String>,
    /// How much of the rate budgets it may use.
    pub share: Portion,
    /// Begin anew, though an earlier job with this scope could go on.
    pub restart: bool,
}

/// A job that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedJob {
    /// The job.
    pub job: JobRecord,
    /// Whether an earlier one goes on where it stopped, or is under way already.
    pub resumed: bool,
}

/// A job, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// The job.
    pub job: JobRecord,
    /// Whether this host is at it. One that stands as running and is not live was interrupted.
    pub live: bool,
    /// What it waits for, if it waits.
    pub waiting: Option<String>,
}

/// The jobs that a host is at.
#[derive(Default)]
pub(super) struct Jobs {
    live: Mutex<BTreeMap<Sequence, Arc<Live>>>,
    /// One start at a time: whether a job is live and whether it is begun have to be seen together.
    starting: tokio::sync::Mutex<()>,
}

/// A job that the host is at.
struct Live {
    connection: String,
    kind: JobKind,
    scope: JobScope,
    cancelled: watch::Sender<bool>,
    waiting: Mutex<Option<String>>,
}

impl Jobs {
    fn live(&self) -> MutexGuard<'_, BTreeMap<Sequence, Arc<Live>>> {
        // Every change is one insert or removal.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job under way that is the same work.
    fn same(&self, connection: &str, kind: JobKind, scope: &JobScope) -> Option<Arc<Live>> {
        let live = self.live();
        let mut newest_first = live.values().rev();
        newest_first.find(|it| it.connection == connection && it.kind == kind && it.scope == *scope).cloned()
    }
}

impl Live {
    fn waits(&self, reason: Option<String>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn waiting(&self) -> Option<String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Host {
    /// Start a job, or let an earlier one of the same connection, kind and scope go on where it stopped. Answers at once;
    /// [`Host::job`] tells how far it is, [`Host::job_left`] waits for it. Fails with `Job` for a scope that is empty, or a
    /// trigger without a history, and when [`JOBS_AT_ONCE_MAX`] are under way.
    pub async fn start_job(&self, connection: &str, request: JobRequest) -> Result<StartedJob, RequestError> {
        let shared = &self.shared;
        let connection = shared.connection(connection)?;
        let JobRequest { kind, share, restart, .. } = request;
        let scope = scope(connection.active().description(), request).map_err(RequestError::Job)?;
        let _turn = shared.jobs.starting.lock().await;
        let same = shared.jobs.same(&connection.name, kind, &scope);
        if let Some(same) = same.as_ref().filter(|_| restart) {
            same.cancelled.send_replace(true);
        }
        if shared.jobs.live().len() >= JOBS_AT_ONCE_MAX && (same.is_none() || restart) {
            let reason =
                format!("{JOBS_AT_ONCE_MAX} jobs are under way already; wait for one, or cancel one");
            return Err(RequestError::Job(reason));
        }
        let (owner, at) = (connection.name.to_string(), shared.clock.now());
        let begun = shared.storage.begin_job(NewJob { connection: owner, kind, scope, restart, at }).await?;
        shared.spawn_job(connection, begun.job.clone(), share);
        Ok(StartedJob { job: begun.job, resumed: begun.resumed })
    }

    /// A job, as it stands.
    pub async fn job(&self, number: Sequence) -> Result<Option<JobStatus>, RequestError> {
        Ok(self.shared.storage.job(number).await?.map(|job| self.status(job)))
    }

    /// Jobs, newest first.
    pub async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobStatus>, RequestError> {
        let jobs = self.shared.storage.jobs(filter).await?;
        Ok(jobs.into_iter().map(|job| self.status(job)).collect())
    }

    /// Stop a job. What it has got through stays, and it can go on later. Does nothing to one that has ended. Answers how it
    /// stands then.
    pub async fn cancel_job(&self, number: Sequence) -> Result<JobStatus, RequestError> {
        if let Some(live) = self.shared.jobs.live().get(&number) {
            live.cancelled.send_replace(true);
        }
        self.job_left(number).await?;
        match self.shared.storage.end_job(number, None, Vec::new(), self.shared.clock.now()).await {
            Ok(()) | Err(StorageError::Ended(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.job_left(number).await
    }

    /// Wait until this host is not at a job any more: it has ended, or the host stops. Answers how it stands then.
    pub async fn job_left(&self, number: Sequence) -> Result<JobStatus, RequestError> {
        let cancelled = self.shared.jobs.live().get(&number).map(|live| live.cancelled.subscribe());
        if let Some(mut cancelled) = cancelled {
            // The sender goes with the job's end.
            while cancelled.changed().await.is_ok() {}
        }
        let missing = || StorageError::NotFound(format!("job {number}"));
        Ok(self.job(number).await?.ok_or_else(missing)?)
    }

    fn status(&self, job: JobRecord) -> JobStatus {
        let live = self.shared.jobs.live().get(&job.number).cloned();
        let waiting = live.as_ref().and_then(|live| live.waiting());
        JobStatus { job, live: live.is_some(), waiting }
    }
}

impl Shared {
    /// See that somebody is at a job.
    fn spawn_job(self: &Arc<Shared>, connection: &Arc<Connection>, job: JobRecord, share: Portion) {
        let mut jobs = self.jobs.live();
        if jobs.contains_key(&job.number) {
            return;
        }
        let (cancelled, cancel) = watch::channel(false);
        let live = Arc::new(Live {
            connection: job.connection.clone(),
            kind: job.kind,
            scope: job.scope.clone(),
            cancelled,
            waiting: Mutex::default(),
        });
        jobs.insert(job.number, Arc::clone(&live));
        let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
        self.tasks.spawn(async move {
            let leaving = Leaving { shared: Arc::clone(&shared), number: job.number };
            shared.run_job(&connection, job, share, &live, cancel).await;
            drop(leaving);
        });
    }
}

/// Notes that nobody is at a job any more, however its task ended.
struct Leaving {
    shared: Arc<Shared>,
    number: Sequence,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.shared.jobs.live().remove(&self.number);
    }
}

/// The scope of a request, as it is kept: kinds in one order, so that the same request finds the same job.
fn scope(description: &Description, request: JobRequest) -> Result<JobScope, String> {
    let JobRequest { kind, from, to, mut names, .. } = request;
    if from >= to {
        return Err("the scope ends before it starts".to_owned());
    }
    if names.len() > NAMES_MAX {
        return Err(format!("it names {} kinds or triggers, more than {NAMES_MAX}", names.len()));
    }
    if kind == JobKind::Reconcile {
        names.sort_unstable();
        names.dedup();
        return Ok(JobScope { from, to, names });
    }
    let told = description.triggers.iter().filter(|trigger| trigger.history).map(|it| it.name.as_str());
    let told: Vec<&str> = told.collect();
    let known = || if told.is_empty() { "none".to_owned() } else { told.join(", ") };
    if let Some(unknown) = names.iter().find(|name| !told.contains(&name.as_str())) {
        return Err(format!(
            "the connector tells no history of a trigger {unknown:?}; it tells that of: {}",
            known()
        ));
    }
    // In the manifest's order: what others refer to comes first there.
    let triggers: Vec<String> = told
        .iter()
        .filter(|trigger| names.is_empty() || names.iter().any(|name| name == *trigger))
        .map(|trigger| (*trigger).to_owned())
        .collect();
    if triggers.is_empty() {
        return Err("the connector tells no trigger's history".to_owned());
    }
    Ok(JobScope { from, to, names: triggers })
}
