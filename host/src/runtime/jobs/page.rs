//! One page of a job: a call of the connector, checked and committed.

use std::sync::Arc;

use super::super::call::Call;
use super::super::connection::Connection;
use super::super::host::Shared;
use super::super::notices::JobHerald;
use super::super::trouble::{Trouble, check_events, shortened};
use super::audit;
use crate::contract::{EventPage, FindingPage, Scope, Window};
use crate::egress::Portion;
use crate::engine::CallError;
use crate::storage::{JobKind, JobPage, JobRecord, Next, StorageError};

/// Why a page was not kept.
#[derive(Debug)]
pub(super) enum PageTrouble {
    /// The connector did not survive it.
    Crashed(String),
    /// Anything else.
    Failed(Trouble),
}

impl From<Trouble> for PageTrouble {
    fn from(trouble: Trouble) -> PageTrouble {
        PageTrouble::Failed(trouble)
    }
}

impl From<StorageError> for PageTrouble {
    fn from(error: StorageError) -> PageTrouble {
        PageTrouble::Failed(error.into())
    }
}

impl From<CallError> for PageTrouble {
    fn from(error: CallError) -> PageTrouble {
        let reason = shortened(error.to_string());
        match error {
            // No fault of the connector's.
            CallError::Busy { .. } => PageTrouble::Failed(Trouble::Retry { reason, after: None }),
            _ => PageTrouble::Crashed(reason),
        }
    }
}

impl Shared {
    /// Get and keep the next page. Answers how the job stands then.
    pub(super) async fn job_page(
        &self,
        connection: &Connection,
        job: &JobRecord,
        share: Portion,
    ) -> Result<JobRecord, PageTrouble> {
        let _worker = self.worker().await?;
        let call = self.call_for_job(connection, share);
        let page = match job.kind {
            JobKind::Reconcile => self.reconcile_page(&call, job).await?,
            JobKind::Backfill => self.backfill_page(&call, job).await?,
        };
        let page = JobPage { writes: call.take_writes(), at: self.clock.now(), ..page };
        Ok(self.storage.advance_job(page, Arc::new(JobHerald(Arc::clone(&self.notices)))).await?)
    }

    async fn reconcile_page(&self, call: &Call, job: &JobRecord) -> Result<JobPage, PageTrouble> {
        let scope = Scope { start: job.scope.from, end: job.scope.to, kinds: job.scope.names.clone() };
        let connector = &call.active.connector;
        let answer = connector.reconcile(call.ports(), &scope, job.cursor.as_deref()).await?;
        let found: FindingPage = answer.map_err(|failure| call.failed(failure))?;
        audit::findings(call.active.description(), job, &found).map_err(broken)?;
        let FindingPage { findings, checked, tallies, cursor } = found;
        let next = match cursor {
            Some(cursor) => Next::Page { step: job.step, cursor: Some(moved(job, cursor)?) },
            None => Next::End,
        };
        Ok(JobPage { checked, findings, tallies, next, ..empty(job) })
    }

    async fn backfill_page(&self, call: &Call, job: &JobRecord) -> Result<JobPage, PageTrouble> {
        let trigger = job.scope.names.get(job.step as usize).map(String::as_str).unwrap_or_default();
        let window = Window { start: job.scope.from, end: job.scope.to };
        let connector = &call.active.connector;
        let answer = connector.backfill(call.ports(), trigger, window, job.cursor.as_deref()).await?;
        let page: EventPage = answer.map_err(|failure| call.failed(failure))?;
        check_events(call.active.description(), &page.events).map_err(broken)?;
        let EventPage { events, cursor, more } = page;
        let last = job.step as usize + 1 >= job.scope.names.len();
        let next = match cursor {
            Some(cursor) if more => Next::Page { step: job.step, cursor: Some(moved(job, cursor)?) },
            None if more => {
                return Err(broken("it has more of a history, and gave no cursor to go on with".to_owned()));
            }
            _ if last => Next::End,
            _ => Next::Page { step: job.step + 1, cursor: None },
        };
        Ok(JobPage { events, next, ..empty(job) })
    }
}

impl Call {
    /// Why a page failed: the connector's own words, unless the host turned its requests away.
    fn failed(&self, failure: crate::contract::Failure) -> Trouble {
        let throttled = self.recorder.notes().throttled;
        match (Trouble::from(self.recorder.explain(failure)), throttled) {
            (Trouble::Retry { .. }, Some(after)) => Trouble::Throttled { after },
            (trouble, _) => trouble,
        }
    }
}

/// A cursor that leads on. One that stays would have the job go round for ever.
fn moved(job: &JobRecord, cursor: String) -> Result<String, PageTrouble> {
    audit::cursor(job, &cursor).map_err(broken)?;
    if job.cursor.as_ref() == Some(&cursor) {
        return Err(broken(
            "it gave out the cursor that it was given, and would never come to an end".to_owned(),
        ));
    }
    Ok(cursor)
}

/// A page that breaks the contract. Another attempt would bring the same.
fn broken(reason: String) -> PageTrouble {
    PageTrouble::Failed(Trouble::Rejected(shortened(format!(
        "the connector's page cannot be used: {reason}"
    ))))
}

fn empty(job: &JobRecord) -> JobPage {
    JobPage {
        job: job.number,
        connection: job.connection.clone(),
        pages_before: job.counters.pages,
        checked: 0,
        events: Vec::new(),
        findings: Vec::new(),
        tallies: Vec::new(),
        writes: Vec::new(),
        next: Next::End,
        at: job.updated_at,
    }
}
