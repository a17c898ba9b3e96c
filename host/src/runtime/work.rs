//! Running one piece of work: a fresh instance, then one commit, whatever comes of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::call::{Call, number};
use super::connection::Connection;
use super::guard::Showing;
use super::host::Shared;
use super::observe::Happening;
use super::trace::Outcome;
use super::trouble::{Trouble, Verdict, check_events, follow_ups, judge, with_alerts};
use crate::contract::{Change, ChangeKind, Envelope, Event, Failure, Receipt, millis};
use crate::engine::CallError;
use crate::storage::{
    AttemptRecord, EventRecord, Finish, Intake, Origin, Sequence, Setback, State, StorageError, Work, WorkId,
};

/// How long to wait before trying a storage again that failed. Disks fill and empty by the minute, not by the millisecond.
const STORAGE_RETRY: Duration = Duration::from_secs(5);

/// How long a write has to take effect whose answer was not waited for any longer: as long again as was waited, since
/// half a minute is the longest that a request may take.
const SETTLING: Duration = Duration::from_secs(30);

/// An attempt that did not succeed.
struct Failed {
    trouble: Trouble,
    /// How the module showed itself.
    showing: Showing,
    /// Digest of the module that ran it; none if none did.
    module: Option<String>,
    attempt: Option<AttemptRecord>,
}

impl Failed {
    /// One that is nobody's fault but ours.
    fn ours(trouble: Trouble) -> Box<Failed> {
        Box::new(Failed { trouble, showing: Showing::Well, module: None, attempt: None })
    }
}

impl From<StorageError> for Box<Failed> {
    fn from(error: StorageError) -> Box<Failed> {
        Failed::ours(error.into())
    }
}

impl Shared {
    /// Run `work` and let the queue go on. A panic is a bug of ours; it counts as a failed attempt, so that it neither
    /// blocks the subject for ever nor repeats without end.
    pub(super) async fn run(self: &Arc<Shared>, connection: &Arc<Connection>, work: Work) {
        let outcome = AssertUnwindSafe(self.attempt(connection, &work)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| {
            let trouble = Trouble::Retry { reason: "the host panicked; see its log".to_owned(), after: None };
            Err(Failed::ours(trouble))
        });
        match outcome {
            Ok(()) => connection.queue().finish(&work),
            Err(failed) => self.set_back(connection, work, *failed).await,
        }
        connection.changed.notify_one();
        self.activity();
    }

    async fn attempt(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        work: &Work,
    ) -> Result<(), Box<Failed>> {
        let outcome = match work.id {
            WorkId::Delivery(sequence) => self.read_delivery(connection, sequence, work).await,
            WorkId::Event(sequence) => self.handle_event(connection, sequence, work).await,
        };
        match outcome {
            // A commit whose answer was lost has done all there is to do, and so has a person who discarded it.
            Err(failed) if matches!(failed.trouble, Trouble::Storage(StorageError::Ended(_))) => Ok(()),
            other => other,
        }
    }

    async fn read_delivery(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        sequence: Sequence,
        work: &Work,
    ) -> Result<(), Box<Failed>> {
        let stored = self.storage.delivery(sequence).await?.filter(|stored| stored.state.is_open());
        // A person may have discarded it since it was taken from the queue.
        let Some(stored) = stored else { return Err(StorageError::Ended(work.id.to_string()).into()) };
        let call = self.call_for(connection, work, None).await?;
        let answer = call.active.connector.receive(call.ports(), &stored.delivery).await;
        let check = |events: &Vec<Event>| check_events(call.active.description(), events);
        let events = self.judged(&call, work, answer, check, Outcome::Events)?;
        let (writes, now) = (call.take_writes(), self.clock.now());
        let attempt = call.record(number(work), now, &writes, Outcome::Events(events.clone()));
        let intake = Intake {
            connection: connection.name.to_string(),
            origin: Origin::Delivery(sequence),
            events,
            writes,
            attempt,
            at: now,
        };
        let events = self.storage.take_in(intake).await?;
        self.tell(connection, || Happening::DeliveryRead { sequence, events });
        Ok(())
    }

    async fn handle_event(
        self: &Arc<Shared>,
        connection: &Arc<Connection>,
        sequence: Sequence,
        work: &Work,
    ) -> Result<(), Box<Failed>> {
        let started = Instant::now();
        let record = self.storage.event(sequence).await?.filter(|record| record.state.is_open());
        let Some(record) = record else { return Err(StorageError::Ended(work.id.to_string()).into()) };
        let _turn = connection.subjects.enter(&record.event.subject).await;
        let call = self.call_for(connection, work, Some(&record.event)).await?;
        let (envelope, change) = envelope(record, work);
        self.tell(connection, || Happening::EventStarted {
            sequence,
            id: envelope.id.clone(),
            subject: envelope.subject.clone(),
            kind: kind(&change),
            attempt: envelope.attempt,
        });
        let answer = call.active.connector.handle(call.ports(), &envelope, &change).await;
        let check = |receipt: &Receipt| check_events(call.active.description(), follow_ups(receipt));
        let receipt = self.judged(&call, work, answer, check, Outcome::Receipt)?;
        let brings_more = !follow_ups(&receipt).is_empty();
        if brings_more && connection.queue().is_overfull() {
            let reason = "it brings further events, and far too many wait already".to_owned();
            return Err(Failed::ours(Trouble::Retry { reason, after: None }));
        }
        let (writes, now) = (call.take_writes(), self.clock.now());
        let attempt = call.record(number(work), now, &writes, Outcome::Receipt(receipt.clone()));
        let receipt = with_alerts(receipt, &call.recorder.notes().possibly_made, &envelope.subject);
        let finish = Finish {
            sequence,
            connection: connection.name.to_string(),
            receipt: receipt.clone(),
            writes,
            attempt,
            module: call.active.digest().to_owned(),
            notices: self.notices.handled(&connection.name, sequence, &envelope, &change, &receipt),
            at: now,
        };
        let follow_ups = self.storage.finish(finish).await?;
        connection.pauses.store(0, std::sync::atomic::Ordering::Relaxed);
        self.watch_module(connection, call.active.digest(), sequence, Showing::Well, "");
        self.tell(connection, || Happening::EventFinished {
            sequence,
            receipt: Box::new(receipt),
            follow_ups,
            elapsed_ms: millis(started.elapsed()),
        });
        Ok(())
    }

    /// What a connector answered, or why that is none: it failed, it crashed, or what it answered is not allowed.
    fn judged<T: Clone>(
        &self,
        call: &Call,
        work: &Work,
        answer: Result<Result<T, Failure>, CallError>,
        check: impl FnOnce(&T) -> Result<(), String>,
        outcome: impl FnOnce(T) -> Outcome,
    ) -> Result<T, Box<Failed>> {
        let notes = call.recorder.notes();
        let (trouble, showing, outcome) = match answer {
            // Whatever the connector made of it: a write is not on record, so nothing may be committed on top of it.
            _ if notes.storage.is_some() => {
                let error = notes.storage.unwrap_or(StorageError::Stopped);
                return Err(error.into());
            }
            Ok(Ok(value)) => match check(&value) {
                Ok(()) => return Ok(value),
                Err(reason) => (Trouble::Rejected(reason), Showing::Refused, outcome(value)),
            },
            Ok(Err(failure)) => {
                let outcome = Outcome::Failure(failure.clone());
                let failure = call.recorder.explain(failure);
                let showing = showing(&failure);
                let trouble = match (failure, notes.throttled) {
                    (Failure::Retry(_), Some(after)) => Trouble::Throttled { after },
                    (failure, _) => failure.into(),
                };
                (trouble, showing, outcome)
            }
            // The pool being full is our own affair.
            Err(error @ CallError::Busy { .. }) => {
                let outcome = Outcome::Error(error.to_string());
                (error.into(), Showing::Well, outcome)
            }
            Err(error) => {
                let outcome = Outcome::Error(error.to_string());
                (error.into(), Showing::Crashed, outcome)
            }
        };
        // The next attempt looks whether the write took effect; it must not look too early.
        let trouble = if notes.under_way { trouble.not_before(SETTLING) } else { trouble };
        let module = Some(call.active.digest().to_owned());
        // What it wrote to the store is not kept, so it is no part of what it did.
        let attempt = call.record(number(work), self.clock.now(), &[], outcome);
        Err(Box::new(Failed { trouble, showing, module, attempt }))
    }

    /// Write down that `work` failed, and put it where it belongs.
    async fn set_back(self: &Arc<Shared>, connection: &Arc<Connection>, work: Work, failed: Failed) {
        if let Trouble::Storage(error) = &failed.trouble {
            return self.run_again(connection, work, error).await;
        }
        let now = self.clock.now();
        let verdict = judge(&failed.trouble, work.attempts, now, fastrand::u64(..));
        let module = failed.module.unwrap_or_else(|| connection.active().digest().to_owned());
        let notices = match verdict.state {
            State::Dead => {
                let (subject, attempts) = (work.subject.as_deref(), verdict.attempts);
                self.notices.dead(&connection.name, subject, work.id, attempts, &verdict.reason)
            }
            _ => Vec::new(),
        };
        let setback = Setback {
            id: work.id,
            state: verdict.state,
            attempts: verdict.attempts,
            not_before: verdict.not_before,
            reason: verdict.reason.clone(),
            module: module.clone(),
            attempt: failed.attempt,
            notices,
            at: now,
        };
        let (id, reason) = (work.id, verdict.reason.clone());
        match self.storage.set_back(setback).await {
            Ok(()) => {
                let state = verdict.state;
                self.apply(connection, work, verdict, now);
                self.revive_late(connection, &module, state).await;
            }
            // It was ended from outside meanwhile.
            Err(StorageError::Ended(_)) => connection.queue().finish(&work),
            Err(error) => return self.run_again(connection, work, &error).await,
        }
        if let WorkId::Event(sequence) = id {
            self.watch_module(connection, &module, sequence, failed.showing, &reason);
        }
    }

    /// Do what has been written down.
    fn apply(self: &Arc<Shared>, connection: &Arc<Connection>, work: Work, verdict: Verdict, now: u64) {
        let Verdict { state, attempts, not_before, reason } = verdict;
        let id = work.id;
        match state {
            State::Dead => {
                connection.queue().finish(&work);
                tracing::warn!(connection = &*connection.name, work = %id, reason, "given up");
                self.tell(connection, || Happening::Dead { work: id, reason });
            }
            State::Parked => {
                self.pause(connection, &reason);
                // Its attempt is not used up, but may have done part of the work.
                connection.queue().put_back(Work { resumed: true, ..work }, None);
                self.tell(connection, || Happening::Parked { work: id, reason });
            }
            _ => {
                let retry_at = not_before.unwrap_or(now);
                tracing::info!(connection = &*connection.name, work = %id, reason, "failed, and is tried again");
                let due = self.clock.timer(retry_at);
                // An attempt that is not counted may have done part of the work all the same.
                let resumed = work.resumed || attempts == work.attempts;
                connection.queue().put_back(Work { attempts, resumed, ..work }, Some(due));
                self.tell(connection, || Happening::Failed { work: id, reason, retry_at });
            }
        }
    }

    /// Nothing is known to be written: run the work once more. Not before the storage takes writes again, or the work's
    /// requests would be repeated for as long as a disk is full.
    async fn run_again(&self, connection: &Connection, work: Work, error: &StorageError) {
        self.storage_failed(connection, error);
        let mut stopping = self.stopping.subscribe();
        loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(STORAGE_RETRY) => {}
            }
            let unchanged = Setback {
                id: work.id,
                state: State::Waiting,
                attempts: work.attempts,
                not_before: None,
                reason: error.to_string(),
                module: connection.active().digest().to_owned(),
                attempt: None,
                notices: Vec::new(),
                at: self.clock.now(),
            };
            match self.storage.set_back(unchanged).await {
                Ok(()) => break connection.queue().put_back(Work { resumed: true, ..work }, None),
                Err(StorageError::Ended(_)) => break connection.queue().finish(&work),
                Err(error) => self.storage_failed(connection, &error),
            }
        }
    }

    pub(super) fn storage_failed(&self, connection: &Connection, error: &StorageError) {
        tracing::error!(connection = &*connection.name, %error, "the storage failed");
        self.tell(connection, || Happening::StorageFailed { reason: error.to_string() });
    }
}

fn showing(failure: &Failure) -> Showing {
    match failure {
        Failure::Retry(_) => Showing::Well,
        Failure::Rejected(_) => Showing::Refused,
        Failure::NeedsAttention(_) => Showing::Blocked,
    }
}

/// What a handler is handed of an event.
pub(super) fn envelope(record: EventRecord, work: &Work) -> (Envelope, Change) {
    let envelope = Envelope {
        id: record.event.id,
        source: record.event.source,
        subject: record.event.subject,
        occurred_at: record.event.occurred_at,
        received_at: record.received_at,
        attempt: number(work),
        raw: record.event.raw,
    };
    (envelope, record.event.change)
}

fn kind(change: &Change) -> ChangeKind {
    match change {
        Change::Order(_) => ChangeKind::Order,
        Change::Fulfillment(_) => ChangeKind::Fulfillment,
        Change::Transaction(_) => ChangeKind::Transaction,
        Change::Subscription(_) => ChangeKind::Subscription,
        Change::Invoice(_) => ChangeKind::Invoice,
    }
}
