//! Running one piece of work: a fresh instance, then one commit, whatever comes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::clock;
use super::connection::{Call, Connection};
use super::host::Shared;
use super::observe::Happening;
use super::trouble::{Trouble, Verdict, check_events, follow_ups, judge};
use crate::contract::{Change, ChangeKind, Envelope, millis};
use crate::storage::{
    EventRecord, Finish, Intake, Origin, Sequence, Setback, State, StorageError, Work, WorkId,
};

/// How long to wait before trying a storage again that failed. Disks fill and empty by the minute, not by the millisecond.
const STORAGE_RETRY: Duration = Duration::from_secs(5);

impl Shared {
    /// Run `work` and let the queue go on. A panic is a bug of ours; it counts as a failed attempt, so that it neither
    /// blocks the subject for ever nor repeats without end.
    pub(super) async fn run(self: &Arc<Shared>, connection: &Arc<Connection>, work: Work) {
        let attempt = {
            let (shared, connection, work) = (Arc::clone(self), Arc::clone(connection), work.clone());
            tokio::spawn(async move { shared.attempt(&connection, &work).await })
        };
        let outcome = attempt.await.unwrap_or_else(|_| {
            Err(Trouble::Retry { reason: "the host panicked; see its log".to_owned(), after: None })
        });
        match outcome {
            Ok(()) => connection.queue().finish(&work),
            Err(trouble) => self.set_back(connection, work, trouble).await,
        }
        connection.changed.notify_one();
        self.activity();
    }

    async fn attempt(&self, connection: &Connection, work: &Work) -> Result<(), Trouble> {
        let outcome = match work.id {
            WorkId::Delivery(sequence) => self.read_delivery(connection, sequence).await,
            WorkId::Event(sequence) => self.handle_event(connection, sequence, work).await,
        };
        match outcome {
            // A commit whose answer was lost has done all there is to do.
            Err(Trouble::Storage(StorageError::Ended(_))) => Ok(()),
            other => other,
        }
    }

    async fn read_delivery(&self, connection: &Connection, sequence: Sequence) -> Result<(), Trouble> {
        let id = WorkId::Delivery(sequence);
        let stored = self.storage.delivery(sequence).await?.filter(|stored| stored.state.is_open());
        let Some(stored) = stored else {
            return Err(StorageError::Ended(id.to_string()).into());
        };
        let Call { ports, store, scribe } = connection.call(&self.storage, &self.feed, Some(id));
        let events = connection.connector.receive(ports, &stored.delivery).await?;
        let events = events.map_err(|failure| scribe.explain(failure))?;
        check_events(connection.connector.description(), &events).map_err(Trouble::Rejected)?;
        let intake = Intake {
            connection: connection.name.to_string(),
            origin: Origin::Delivery(sequence),
            events,
            writes: store.take_writes(),
            attempt: None,
            at: clock::now(),
        };
        let events = self.storage.take_in(intake).await?;
        self.feed.tell(&connection.name, || Happening::DeliveryRead { sequence, events });
        Ok(())
    }

    async fn handle_event(
        &self,
        connection: &Connection,
        sequence: Sequence,
        work: &Work,
    ) -> Result<(), Trouble> {
        let started = Instant::now();
        let record = self.storage.event(sequence).await?.filter(|record| record.state.is_open());
        let Some(record) = record else {
            return Err(StorageError::Ended(work.id.to_string()).into());
        };
        let change = record.event.change.clone();
        let subject = record.event.subject.clone();
        let envelope = envelope(record, work);
        self.feed.tell(&connection.name, || Happening::EventStarted {
            sequence,
            id: envelope.id.clone(),
            subject: envelope.subject.clone(),
            kind: kind(&change),
            attempt: envelope.attempt,
        });
        let _turn = connection.subjects.enter(&subject).await;
        let Call { ports, store, scribe } = connection.call(&self.storage, &self.feed, Some(work.id));
        let receipt = connection.connector.handle(ports, &envelope, &change).await?;
        let receipt = receipt.map_err(|failure| scribe.explain(failure))?;
        check_events(connection.connector.description(), follow_ups(&receipt)).map_err(Trouble::Rejected)?;
        if !follow_ups(&receipt).is_empty() && connection.queue().is_overfull() {
            let reason = "it brings further events, and far too many wait already".to_owned();
            return Err(Trouble::Retry { reason, after: None });
        }
        let finish = Finish {
            sequence,
            connection: connection.name.to_string(),
            receipt: receipt.clone(),
            writes: store.take_writes(),
            module: connection.connector.digest().to_owned(),
            attempt: None,
            at: clock::now(),
        };
        let follow_ups = self.storage.finish(finish).await?;
        self.feed.tell(&connection.name, || Happening::EventFinished {
            sequence,
            receipt: Box::new(receipt),
            follow_ups,
            elapsed_ms: millis(started.elapsed()),
        });
        Ok(())
    }

    /// Write down that `work` failed, and put it where it belongs.
    async fn set_back(&self, connection: &Connection, work: Work, trouble: Trouble) {
        if let Trouble::Storage(error) = &trouble {
            return self.run_again(connection, work, error).await;
        }
        let now = clock::now();
        let verdict = judge(&trouble, work.attempts, now, fastrand::u64(..));
        let setback = Setback {
            id: work.id,
            state: verdict.state,
            attempts: verdict.attempts,
            not_before: verdict.not_before,
            reason: verdict.reason.clone(),
            module: connection.connector.digest().to_owned(),
            attempt: None,
            at: now,
        };
        match self.storage.set_back(setback).await {
            Ok(()) => self.apply(connection, work, verdict, now),
            // It was ended from outside meanwhile.
            Err(StorageError::Ended(_)) => connection.queue().finish(&work),
            Err(error) => self.run_again(connection, work, &error).await,
        }
    }

    /// Do what has been written down.
    fn apply(&self, connection: &Connection, work: Work, verdict: Verdict, now: u64) {
        let Verdict { state, attempts, not_before, reason } = verdict;
        let id = work.id;
        match state {
            State::Dead => {
                connection.queue().finish(&work);
                tracing::warn!(connection = &*connection.name, work = %id, reason, "given up");
                self.feed.tell(&connection.name, || Happening::Dead { work: id, reason });
            }
            State::Parked => {
                self.pause(connection, &reason);
                // Its attempt is not used up, but may have done part of the work.
                connection.queue().put_back(Work { resumed: true, ..work }, None);
                self.feed.tell(&connection.name, || Happening::Parked { work: id, reason });
            }
            _ => {
                let retry_at = not_before.unwrap_or(now);
                tracing::info!(connection = &*connection.name, work = %id, reason, "failed, and is tried again");
                connection.queue().put_back(Work { attempts, ..work }, Some(clock::timer(retry_at)));
                self.feed.tell(&connection.name, || Happening::Failed { work: id, reason, retry_at });
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
                () = tokio::time::sleep(STORAGE_RETRY) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
            let unchanged = Setback {
                id: work.id,
                state: State::Waiting,
                attempts: work.attempts,
                not_before: None,
                reason: error.to_string(),
                module: connection.connector.digest().to_owned(),
                attempt: None,
                at: clock::now(),
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
        self.feed.tell(&connection.name, || Happening::StorageFailed { reason: error.to_string() });
    }
}

fn envelope(record: EventRecord, work: &Work) -> Envelope {
    Envelope {
        id: record.event.id,
        source: record.event.source,
        subject: record.event.subject,
        occurred_at: record.event.occurred_at,
        received_at: record.received_at,
        attempt: work.attempts.saturating_add(1).saturating_add(u32::from(work.resumed)),
        raw: record.event.raw,
    }
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
