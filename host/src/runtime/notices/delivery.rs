//! One task for each receiver: sends what is due, one after another for each subject, and notes what came of it.
//!
//! What an attempt came to is noted after it, so a crash in between sends a notice twice, under the same id. Nothing is lost:
//! what is not noted as delivered is due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::super::host::{Shared, ring};
use super::Desk;
use super::payload::{Payload, webhook_id};
use crate::contract::millis;
use crate::engine::HttpError;
use crate::notices::{ATTEMPTS_MAX, delay, retry_after};
use crate::storage::{PostingOutcome, PostingRecord, PostingState, Sequence, StorageError};

/// Notices on their way to one receiver at once. While it does not answer well, one: it is not to be flooded when it comes
/// back.
pub const AT_ONCE_MAX: usize = 8;

/// How long to wait before trying a storage again that failed.
const STORAGE_RETRY: Duration = Duration::from_secs(5);

/// How long a stopping host waits for what is on its way. What is cut off is sent again, under the same id.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The longest that a receiver may keep all of its notices waiting, by `Retry-After`.
const PAUSE_MAX: Duration = Duration::from_hours(24);

/// Why what waits for a receiver is given up.
const GONE: &str = "the receiver answered 410: it is gone for good; see to its URL, then retry";

/// How one receiver is doing.
#[derive(Default)]
struct Line {
    flights: JoinSet<Landing>,
    flying: BTreeSet<Sequence>,
    /// Whether the last attempt failed.
    failing: bool,
    /// When it wants to be left alone until.
    closed_until: Option<Instant>,
}

/// What an attempt came to.
struct Landing {
    number: Sequence,
    result: Result<StatusCode, Trouble>,
}

/// Why a notice was not taken.
struct Trouble {
    status: Option<StatusCode>,
    reason: String,
    retry_after: Option<Duration>,
}

impl Shared {
    /// Send to every receiver, for as long as the host runs.
    pub(in crate::runtime) async fn start_deliveries(self: &Arc<Shared>) -> Result<(), StorageError> {
        for count in self.storage.posting_counts().await? {
            let configured = self.notices.desks.iter().any(|desk| desk.receiver.name == count.receiver);
            if count.state == PostingState::Waiting && !configured {
                let reason = "no receiver of this name is configured";
                self.storage.abandon_postings(&count.receiver, reason, self.clock.now()).await?;
                tracing::warn!(receiver = count.receiver, notices = count.count, reason, "given up");
            }
        }
        for desk in &self.notices.desks {
            self.tasks.spawn(Arc::clone(self).deliver(Arc::clone(desk)));
        }
        Ok(())
    }

    async fn deliver(self: Arc<Shared>, desk: Arc<Desk>) {
        let mut stopping = self.stopping.subscribe();
        let mut line = Line::default();
        loop {
            let next = self.launch(&desk, &mut line).await.unwrap_or_else(|error| {
                tracing::error!(receiver = desk.receiver.name, %error, "cannot read what is to be sent");
                Some(Instant::now() + STORAGE_RETRY)
            });
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some(landed) = line.flights.join_next() => self.landed(&desk, &mut line, landed),
                () = desk.wake.notified() => {}
                () = ring(next) => {}
            }
        }
        let landings = async { while line.flights.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(STOP_GRACE, landings).await;
    }

    /// Send what is due, as far as there is room. Answers when to look again.
    async fn launch(
        self: &Arc<Shared>,
        desk: &Arc<Desk>,
        line: &mut Line,
    ) -> Result<Option<Instant>, StorageError> {
        let (receiver, now) = (&desk.receiver.name, self.clock.now());
        if desk.gone.load(Ordering::SeqCst) {
            self.storage.abandon_postings(receiver, GONE, now).await?;
            return Ok(None);
        }
        if let Some(until) = line.closed_until.filter(|until| *until > Instant::now()) {
            return Ok(Some(until));
        }
        let most = if line.failing { 1 } else { AT_ONCE_MAX };
        if line.flying.len() >= most {
            return Ok(None);
        }
        // Those that are on their way are still due.
        let due = self.storage.due_postings(receiver, now, (AT_ONCE_MAX * 2) as u32).await?;
        for posting in due.postings {
            if line.flying.len() < most && line.flying.insert(posting.number) {
                line.flights.spawn(Arc::clone(self).fly(Arc::clone(desk), posting));
            }
        }
        Ok(due.next.map(|at| self.clock.timer(at)))
    }

    /// Send one notice, and note what came of it.
    async fn fly(self: Arc<Shared>, desk: Arc<Desk>, posting: PostingRecord) -> Landing {
        let id = webhook_id(&posting.notice, &desk.receiver.name);
        let payload = Payload::of(&posting.notice);
        let result = judge(desk.courier.bring(&id, &payload, self.clock.now()).await);
        let outcome = self.outcome(&posting, &result);
        if outcome.state == PostingState::Dead {
            let (receiver, reason) = (&desk.receiver.name, outcome.reason.as_deref());
            tracing::warn!(receiver, notice = posting.notice.sequence, reason, "a notice is given up");
        }
        self.note(&desk, outcome).await;
        Landing { number: posting.number, result }
    }

    fn outcome(&self, posting: &PostingRecord, result: &Result<StatusCode, Trouble>) -> PostingOutcome {
        let (number, now) = (posting.number, self.clock.now());
        let trouble = match result {
            Ok(status) => {
                return PostingOutcome {
                    number,
                    state: PostingState::Delivered,
                    attempts: posting.attempts,
                    not_before: None,
                    status: Some(status.as_u16()),
                    reason: None,
                    at: now,
                };
            }
            Err(trouble) => trouble,
        };
        let attempts = posting.attempts.saturating_add(1);
        let gone = trouble.status == Some(StatusCode::GONE);
        let delay = if gone { None } else { delay(attempts, trouble.retry_after, fastrand::u64(..)) };
        let reason = match delay {
            Some(_) => trouble.reason.clone(),
            None if gone => GONE.to_owned(),
            None => format!("given up after {ATTEMPTS_MAX} attempts; the last time {}", trouble.reason),
        };
        PostingOutcome {
            number,
            state: if delay.is_some() { PostingState::Waiting } else { PostingState::Dead },
            attempts,
            not_before: delay.map(|delay| now.saturating_add(millis(delay))),
            status: trouble.status.map(|status| status.as_u16()),
            reason: Some(reason),
            at: now,
        }
    }

    /// Note an outcome. While the storage fails nothing else is sent in its place, or it would be sent over and over.
    async fn note(&self, desk: &Desk, outcome: PostingOutcome) {
        loop {
            match self.storage.settle_posting(outcome.clone()).await {
                // A person has decided about it meanwhile.
                Ok(()) | Err(StorageError::Ended(_)) => return,
                Err(error) => {
                    tracing::error!(receiver = desk.receiver.name, %error, "cannot note what came of a notice");
                }
            }
            tokio::time::sleep(STORAGE_RETRY).await;
        }
    }

    fn landed(&self, desk: &Desk, line: &mut Line, landed: Result<Landing, JoinError>) {
        let receiver = &desk.receiver.name;
        let Ok(Landing { number, result }) = landed else {
            // A bug of ours. What flew is not known; all that waits is due again at its time.
            tracing::error!(receiver, "sending a notice panicked");
            line.flying.clear();
            line.flights.abort_all();
            line.closed_until = Some(Instant::now() + STORAGE_RETRY);
            return;
        };
        line.flying.remove(&number);
        match result {
            Ok(_) => {
                if line.failing {
                    tracing::info!(receiver, "takes notices again");
                }
                (line.failing, line.closed_until) = (false, None);
            }
            Err(trouble) => {
                if !line.failing {
                    tracing::warn!(receiver, reason = trouble.reason, "does not take notices; they wait");
                }
                line.failing = true;
                let closed_until = trouble.retry_after.map(|after| Instant::now() + after.min(PAUSE_MAX));
                line.closed_until = line.closed_until.max(closed_until);
                if trouble.status == Some(StatusCode::GONE) {
                    desk.gone.store(true, Ordering::SeqCst);
                }
            }
        }
    }
}

/// Whether a notice was taken.
fn judge(answer: Result<Response<Bytes>, HttpError>) -> Result<StatusCode, Trouble> {
    let response =
        answer.map_err(|error| Trouble { status: None, reason: error.to_string(), retry_after: None })?;
    let status = response.status();
    if status.is_success() {
        return Ok(status);
    }
    let reason = match status.is_redirection() {
        true => format!("it answered {status}, and redirects are not followed"),
        false => format!("it answered {status}"),
    };
    Err(Trouble { status: Some(status), reason, retry_after: retry_after(response.headers()) })
}
