//! Running a job: one page after another, with pauses where a vendor or the queue needs them.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use super::super::backoff;
use super::super::connection::Connection;
use super::super::host::Shared;
use super::super::trouble::Trouble;
use super::Live;
use super::page::PageTrouble;
use crate::egress::Portion;
use crate::storage::{JobKind, JobRecord, JobState, StorageError};

/// Attempts at one page before its job fails: somebody waits for it, and eight minutes of an outage are told sooner than
/// eight hours. The job can go on later.
const PAGE_ATTEMPTS_MAX: u32 = 10;

/// Attempts at a page that the connector does not survive. It is its bug, and waiting does not mend it.
const PAGE_CRASHES_MAX: u32 = 3;

/// How often a backfill looks whether the queue has room again.
const ROOM_INTERVAL: Duration = Duration::from_secs(1);

/// What ends a wait.
enum Woken {
    /// What was waited for.
    Ready,
    /// A person cancelled the job, or the host stops.
    Leave,
}

impl Shared {
    /// Run a job until it ends, is cancelled, or the host stops. In the last case it stays as it is, to go on later.
    pub(super) async fn run_job(
        &self,
        connection: &Connection,
        mut job: JobRecord,
        share: Portion,
        live: &Live,
        mut cancel: watch::Receiver<bool>,
    ) {
        let mut failures = 0;
        while job.state == JobState::Running {
            if job.kind == JobKind::Backfill && connection.queue().is_full() {
                live.waits(Some("the events that wait to be handled are as many as may wait".to_owned()));
                if let Woken::Leave = self.unless_left(&mut cancel, tokio::time::sleep(ROOM_INTERVAL)).await {
                    return self.left(&job, &cancel).await;
                }
                continue;
            }
            let mut outcome = None;
            let page = async { outcome = Some(self.job_page(connection, &job, share).await) };
            let woken = self.unless_left(&mut cancel, page).await;
            let delay = match (woken, outcome) {
                (Woken::Ready, Some(Ok(next))) => {
                    (job, failures) = (next, 0);
                    live.waits(None);
                    continue;
                }
                (Woken::Ready, Some(Err(trouble))) => match judge(trouble, &mut failures) {
                    Ok((delay, reason)) => {
                        tracing::info!(
                            connection = &*connection.name,
                            job = job.number,
                            reason,
                            "a page is tried again"
                        );
                        live.waits(Some(reason));
                        delay
                    }
                    Err(reason) => return self.fail(connection, &job, reason).await,
                },
                _ => return self.left(&job, &cancel).await,
            };
            if let Woken::Leave = self.unless_left(&mut cancel, tokio::time::sleep(delay)).await {
                return self.left(&job, &cancel).await;
            }
        }
    }

    /// Wait for something, unless the job is to be left. A page that is cut off has only read, and leaves nothing behind.
    async fn unless_left(&self, cancel: &mut watch::Receiver<bool>, wait: impl Future<Output = ()>) -> Woken {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => Woken::Leave,
            _ = cancel.wait_for(|cancelled| *cancelled) => Woken::Leave,
            () = wait => Woken::Ready,
        }
    }

    /// Note that a person cancelled it. One that a stopping host leaves is not noted: it goes on with the next.
    async fn left(&self, job: &JobRecord, cancel: &watch::Receiver<bool>) {
        if *cancel.borrow() {
            self.note_end(job, None).await;
        }
    }

    async fn fail(&self, connection: &Connection, job: &JobRecord, reason: String) {
        tracing::warn!(connection = &*connection.name, job = job.number, reason, "a job failed");
        self.note_end(job, Some(reason)).await;
    }

    async fn note_end(&self, job: &JobRecord, failure: Option<String>) {
        let notices = failure.as_deref().map(|reason| self.notices.job_failed(job, reason));
        let notices = notices.unwrap_or_default();
        match self.storage.end_job(job.number, failure, notices, self.clock.now()).await {
            // It was begun anew meanwhile.
            Ok(()) | Err(StorageError::Ended(_)) => {}
            Err(error) => tracing::error!(job = job.number, %error, "cannot note how a job ended"),
        }
    }
}

/// How long to wait before the page is tried again, and why; or why the job fails.
fn judge(trouble: PageTrouble, failures: &mut u32) -> Result<(Duration, String), String> {
    let (reason, after, most) = match trouble {
        PageTrouble::Crashed(reason) => (reason, None, PAGE_CRASHES_MAX),
        PageTrouble::Failed(Trouble::Retry { reason, after }) => (reason, after, PAGE_ATTEMPTS_MAX),
        PageTrouble::Failed(Trouble::Throttled { after }) => {
            return Ok((after, "the job's share of the rate budget is used up".to_owned()));
        }
        PageTrouble::Failed(Trouble::Rejected(reason)) => return Err(reason),
        PageTrouble::Failed(Trouble::NeedsAttention(reason)) => {
            return Err(format!("{reason}; a person has to act first"));
        }
        PageTrouble::Failed(Trouble::Storage(error @ StorageError::Ended(_))) => {
            return Err(error.to_string());
        }
        PageTrouble::Failed(Trouble::Storage(error)) => (error.to_string(), None, PAGE_ATTEMPTS_MAX),
    };
    *failures += 1;
    if *failures >= most {
        return Err(format!("given up after {failures} attempts at one page; the last said: {reason}"));
    }
    Ok((backoff::delay(*failures, after, fastrand::u64(..)), reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> PageTrouble {
        PageTrouble::Failed(Trouble::Retry { reason: "busy".to_owned(), after: None })
    }

    #[test]
    fn a_page_is_tried_ten_times_and_a_crashing_one_three() {
        let mut failures = 0;
        assert!((1..PAGE_ATTEMPTS_MAX).all(|_| judge(busy(), &mut failures).is_ok()));
        assert!(judge(busy(), &mut failures).unwrap_err().contains("after 10 attempts"));
        failures = 0;
        let crash = || PageTrouble::Crashed("trap".to_owned());
        assert!(judge(crash(), &mut failures).is_ok() && judge(crash(), &mut failures).is_ok());
        assert!(judge(crash(), &mut failures).unwrap_err().ends_with("trap"));
    }

    #[test]
    fn waiting_for_the_rate_budget_is_no_failure() {
        let mut failures = 0;
        let after = Duration::from_secs(3_600);
        for _ in 0..100 {
            let trouble = PageTrouble::Failed(Trouble::Throttled { after });
            assert_eq!(judge(trouble, &mut failures).unwrap().0, after);
        }
        assert_eq!(failures, 0);
    }
}
