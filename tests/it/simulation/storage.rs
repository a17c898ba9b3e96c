//! The storage, with its faults: at every operation the process may die before or after it, and the disk may be full.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use transload::contract::Instant;
use transload::storage::{
    Acceptance, Activation, AttemptRecord, Begun, DeliveryFilter, DeliveryRecord, DuePostings, EntryWrite,
    EventFilter, EventRecord, FindingFilter, FindingRecord, Finish, Herald, Intake, JobFilter, JobPage,
    JobRecord, NewDecision, NewDelivery, NewJob, NewNotice, NoticeFilter, NoticeRecord, NoticeStorage,
    Origin, PostingCount, PostingFilter, PostingOutcome, PostingRecord, Repairs, Sequence, Setback,
    SqliteStorage, State, Storage, StorageError, StoredDelivery, StoredEntry, WorkId, WorkSink, WriteIntent,
    WriteOutcome, WriteRecord,
};

use super::fault::StorageFault;
use super::world::World;

/// SQLite, with faults.
pub(super) struct FaultyStorage {
    pub(super) world: Arc<World>,
    pub(super) inner: Arc<SqliteStorage>,
}

impl FaultyStorage {
    async fn read<T>(
        &self,
        what: &'static str,
        run: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        self.at(what, false, run).await
    }

    async fn write<T>(
        &self,
        what: impl Into<String>,
        run: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        self.at(&what.into(), true, run).await
    }

    /// One operation, and what goes wrong with it. Futures do nothing until they are awaited, so `run` has not begun.
    async fn at<T>(
        &self,
        what: &str,
        write: bool,
        run: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        self.world.alive().await;
        let fault = self.world.faults.lock().unwrap().storage(write);
        let failed = match fault {
            Some(StorageFault::Full) => Some(StorageError::Full { path: PathBuf::from("simulated") }),
            Some(StorageFault::Locked) => Some(StorageError::Locked { path: PathBuf::from("simulated") }),
            _ => None,
        };
        if let Some(error) = failed {
            self.world.count("storage faults");
            self.world.say(format!("FAULT {fault:?} at {what}"));
            return Err(error);
        }
        if fault == Some(StorageFault::CrashBefore) {
            self.world.crash(&format!("before {what}")).await;
        }
        let outcome = run.await;
        if write {
            match &outcome {
                Ok(_) => self.world.say(what),
                Err(error) => self.world.say(format!("{what}: {error}")),
            }
        }
        if fault == Some(StorageFault::CrashAfter) {
            self.world.crash(&format!("after {what}")).await;
        }
        outcome
    }
}

#[async_trait]
impl NoticeStorage for FaultyStorage {
    async fn notify(&self, notices: Vec<NewNotice>, at: Instant) -> Result<(), StorageError> {
        let topics: Vec<&str> = notices.iter().map(|notice| notice.topic.as_str()).collect();
        let what = format!("tell {topics:?}");
        self.write(what, self.inner.notify(notices, at)).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<NoticeRecord>, StorageError> {
        self.read("notices", self.inner.notices(filter)).await
    }

    async fn notices_after(&self, after: Sequence, limit: u32) -> Result<Vec<NoticeRecord>, StorageError> {
        self.read("notices after", self.inner.notices_after(after, limit)).await
    }

    async fn postings(&self, filter: PostingFilter) -> Result<Vec<PostingRecord>, StorageError> {
        self.read("postings", self.inner.postings(filter)).await
    }

    async fn posting_counts(&self) -> Result<Vec<PostingCount>, StorageError> {
        self.read("posting counts", self.inner.posting_counts()).await
    }

    async fn due_postings(
        &self,
        receiver: &str,
        now: Instant,
        limit: u32,
    ) -> Result<DuePostings, StorageError> {
        self.read("due postings", self.inner.due_postings(receiver, now, limit)).await
    }

    async fn settle_posting(&self, outcome: PostingOutcome) -> Result<(), StorageError> {
        let what = format!("posting {} is {}", outcome.number, outcome.state);
        self.write(what, self.inner.settle_posting(outcome)).await
    }

    async fn abandon_postings(
        &self,
        receiver: &str,
        reason: &str,
        at: Instant,
    ) -> Result<usize, StorageError> {
        self.write(format!("abandon {receiver}"), self.inner.abandon_postings(receiver, reason, at)).await
    }

    async fn retry_posting(&self, number: Sequence, at: Instant) -> Result<PostingRecord, StorageError> {
        self.write(format!("retry posting {number}"), self.inner.retry_posting(number, at)).await
    }

    async fn discard_posting(
        &self,
        number: Sequence,
        reason: String,
        at: Instant,
    ) -> Result<PostingRecord, StorageError> {
        self.write(format!("discard posting {number}"), self.inner.discard_posting(number, reason, at)).await
    }
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError> {
        self.read("attach", self.inner.attach(sink)).await
    }

    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance, StorageError> {
        let what = format!("accept {} {}", delivery.source, delivery.id);
        self.write(what, self.inner.accept(delivery)).await
    }

    async fn take_in(&self, intake: Intake) -> Result<usize, StorageError> {
        let from = match &intake.origin {
            Origin::Delivery(sequence) => format!("delivery {sequence}"),
            Origin::Poll { trigger, .. } => format!("poll {trigger}"),
            Origin::Submission => "submission".to_owned(),
        };
        let ids: Vec<&str> = intake.events.iter().map(|event| event.id.as_str()).collect();
        let what = format!("take in from {from} {ids:?}");
        self.write(what, self.inner.take_in(intake)).await
    }

    async fn finish(&self, finish: Finish) -> Result<usize, StorageError> {
        self.write(format!("finish event {}", finish.sequence), self.inner.finish(finish)).await
    }

    async fn set_back(&self, setback: Setback) -> Result<(), StorageError> {
        let what = format!("{} is {}: {}", setback.id, setback.state, setback.reason);
        self.write(what, self.inner.set_back(setback)).await
    }

    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError> {
        self.world.journal().intending(&intent);
        let what = format!("{} intends {} {}", intent.id, intent.method, intent.url);
        let run = async {
            let done = self.inner.intend(intent.clone()).await;
            if done.is_ok() {
                self.world.journal().intended(&intent);
            }
            done
        };
        self.write(what, run).await
    }

    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError> {
        let what = format!("{} has a write that is {}", outcome.id, outcome.state);
        let run = async {
            let done = self.inner.settle(outcome.clone()).await;
            if done.is_ok() {
                self.world.journal().settled(outcome.id, &outcome.key, outcome.state);
            }
            done
        };
        self.write(what, run).await
    }

    async fn writes(&self, id: WorkId) -> Result<Vec<WriteRecord>, StorageError> {
        self.read("writes", self.inner.writes(id)).await
    }

    async fn attempts(&self, id: WorkId) -> Result<Vec<AttemptRecord>, StorageError> {
        self.read("attempts", self.inner.attempts(id)).await
    }

    async fn retry(&self, id: WorkId, at: Instant) -> Result<State, StorageError> {
        self.write(format!("retry {id}"), self.inner.retry(id, at)).await
    }

    async fn discard(&self, id: WorkId, reason: String, at: Instant) -> Result<State, StorageError> {
        self.write(format!("discard {id}"), self.inner.discard(id, reason, at)).await
    }

    async fn revive(
        &self,
        connection: &str,
        module: &str,
        since: Instant,
        at: Instant,
    ) -> Result<usize, StorageError> {
        self.write(format!("revive {connection}"), self.inner.revive(connection, module, since, at)).await
    }

    async fn keep_module(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), StorageError> {
        self.write("keep a module", self.inner.keep_module(digest, bytes)).await
    }

    async fn module(&self, digest: &str) -> Result<Option<Vec<u8>>, StorageError> {
        self.read("module", self.inner.module(digest)).await
    }

    async fn activate(&self, activation: Activation, notices: Vec<NewNotice>) -> Result<(), StorageError> {
        if activation.by == "rollback" {
            self.world.count("rollbacks");
        }
        let what = format!("{} runs on {} by {}", activation.connection, activation.module, activation.by);
        self.write(what, self.inner.activate(activation, notices)).await
    }

    async fn activations(&self, connection: &str, limit: u32) -> Result<Vec<Activation>, StorageError> {
        self.read("activations", self.inner.activations(connection, limit)).await
    }

    async fn purge(&self, before: Instant, limit: u32) -> Result<usize, StorageError> {
        self.read("purge", self.inner.purge(before, limit)).await
    }

    async fn begin_job(&self, job: NewJob) -> Result<Begun, StorageError> {
        self.write("begin a job", self.inner.begin_job(job)).await
    }

    async fn advance_job(&self, page: JobPage, herald: Arc<dyn Herald>) -> Result<JobRecord, StorageError> {
        self.write(format!("advance job {}", page.job), self.inner.advance_job(page, herald)).await
    }

    async fn end_job(
        &self,
        number: Sequence,
        failure: Option<String>,
        notices: Vec<NewNotice>,
        at: Instant,
    ) -> Result<(), StorageError> {
        self.write(format!("end job {number}"), self.inner.end_job(number, failure, notices, at)).await
    }

    async fn job(&self, number: Sequence) -> Result<Option<JobRecord>, StorageError> {
        self.read("job", self.inner.job(number)).await
    }

    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRecord>, StorageError> {
        self.read("jobs", self.inner.jobs(filter)).await
    }

    async fn finding(&self, connection: &str, id: &str) -> Result<Option<FindingRecord>, StorageError> {
        self.read("finding", self.inner.finding(connection, id)).await
    }

    async fn findings(&self, filter: FindingFilter) -> Result<Vec<FindingRecord>, StorageError> {
        self.read("findings", self.inner.findings(filter)).await
    }

    async fn decide(&self, decision: NewDecision) -> Result<FindingRecord, StorageError> {
        self.write("decide", self.inner.decide(decision)).await
    }

    async fn repair(
        &self,
        connection: &str,
        job: Option<Sequence>,
        limit: u32,
        at: Instant,
    ) -> Result<Repairs, StorageError> {
        self.write("repair", self.inner.repair(connection, job, limit, at)).await
    }

    async fn write_entries(&self, connection: &str, writes: Vec<EntryWrite>) -> Result<(), StorageError> {
        self.write("write entries", self.inner.write_entries(connection, writes)).await
    }

    async fn delivery(&self, sequence: Sequence) -> Result<Option<StoredDelivery>, StorageError> {
        self.read("delivery", self.inner.delivery(sequence)).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, StorageError> {
        self.read("deliveries", self.inner.deliveries(filter)).await
    }

    async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, StorageError> {
        self.read("event", self.inner.event(sequence)).await
    }

    async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, StorageError> {
        self.read("events", self.inner.events(filter)).await
    }

    async fn entry(&self, connection: &str, key: &str) -> Result<StoredEntry, StorageError> {
        self.read("entry", self.inner.entry(connection, key)).await
    }

    async fn keys(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StorageError> {
        self.read("keys", self.inner.keys(connection, prefix, after, limit)).await
    }

    async fn cursor(&self, connection: &str, trigger: &str) -> Result<Option<String>, StorageError> {
        self.read("cursor", self.inner.cursor(connection, trigger)).await
    }
}
