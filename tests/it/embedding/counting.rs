//! A platform's own storage: SQLite here, with every operation counted. Whoever has a database of their own writes these
//! methods against it, and holds them against the library's conformance suite.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use transload::contract::Instant;
use transload::storage::{
    Acceptance, Activation, AttemptRecord, Begun, DeliveryFilter, DeliveryRecord, DuePostings, EntryWrite,
    EventFilter, EventRecord, FindingFilter, FindingRecord, Finish, Herald, Intake, JobFilter, JobPage,
    JobRecord, NewDecision, NewDelivery, NewJob, NewNotice, NoticeFilter, NoticeRecord, NoticeStorage,
    PostingCount, PostingFilter, PostingOutcome, PostingRecord, Repairs, Sequence, Setback, SqliteStorage,
    State, Storage, StorageError, StoredDelivery, StoredEntry, WorkId, WorkSink, WriteIntent, WriteOutcome,
    WriteRecord,
};

pub(super) struct CountingStorage {
    inner: SqliteStorage,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

impl CountingStorage {
    pub(super) fn new(inner: SqliteStorage) -> CountingStorage {
        CountingStorage { inner, counts: Mutex::default() }
    }

    /// How often an operation was done.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.counts.lock().unwrap().get(operation).copied().unwrap_or_default()
    }
}

/// The methods of a trait, each counted once it has succeeded.
macro_rules! counted {
    ($interface:ident: $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $interface for CountingStorage {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StorageError> {
                let answer = self.inner.$name($($argument),*).await?;
                *self.counts.lock().unwrap().entry(stringify!($name)).or_default() += 1;
                Ok(answer)
            })*
        }
    };
}

counted! { NoticeStorage:
    fn notify(notices: Vec<NewNotice>, at: Instant) -> ();
    fn notices(filter: NoticeFilter) -> Vec<NoticeRecord>;
    fn notices_after(after: Sequence, limit: u32) -> Vec<NoticeRecord>;
    fn postings(filter: PostingFilter) -> Vec<PostingRecord>;
    fn posting_counts() -> Vec<PostingCount>;
    fn due_postings(receiver: &str, now: Instant, limit: u32) -> DuePostings;
    fn settle_posting(outcome: PostingOutcome) -> ();
    fn abandon_postings(receiver: &str, reason: &str, at: Instant) -> usize;
    fn retry_posting(number: Sequence, at: Instant) -> PostingRecord;
    fn discard_posting(number: Sequence, reason: String, at: Instant) -> PostingRecord;
}

counted! { Storage:
    fn attach(sink: Arc<dyn WorkSink>) -> ();
    fn accept(delivery: NewDelivery) -> Acceptance;
    fn take_in(intake: Intake) -> usize;
    fn finish(finish: Finish) -> usize;
    fn set_back(setback: Setback) -> ();
    fn intend(intent: WriteIntent) -> ();
    fn settle(outcome: WriteOutcome) -> ();
    fn writes(id: WorkId) -> Vec<WriteRecord>;
    fn attempts(id: WorkId) -> Vec<AttemptRecord>;
    fn retry(id: WorkId, at: Instant) -> State;
    fn discard(id: WorkId, reason: String, at: Instant) -> State;
    fn revive(connection: &str, module: &str, since: Instant, at: Instant) -> usize;
    fn keep_module(digest: &str, bytes: Arc<[u8]>) -> ();
    fn module(digest: &str) -> Option<Vec<u8>>;
    fn activate(activation: Activation, notices: Vec<NewNotice>) -> ();
    fn activations(connection: &str, limit: u32) -> Vec<Activation>;
    fn purge(before: Instant, limit: u32) -> usize;
    fn begin_job(job: NewJob) -> Begun;
    fn advance_job(page: JobPage, herald: Arc<dyn Herald>) -> JobRecord;
    fn end_job(number: Sequence, failure: Option<String>, notices: Vec<NewNotice>, at: Instant) -> ();
    fn job(number: Sequence) -> Option<JobRecord>;
    fn jobs(filter: JobFilter) -> Vec<JobRecord>;
    fn finding(connection: &str, id: &str) -> Option<FindingRecord>;
    fn findings(filter: FindingFilter) -> Vec<FindingRecord>;
    fn decide(decision: NewDecision) -> FindingRecord;
    fn repair(connection: &str, job: Option<Sequence>, limit: u32, at: Instant) -> Repairs;
    fn write_entries(connection: &str, writes: Vec<EntryWrite>) -> ();
    fn delivery(sequence: Sequence) -> Option<StoredDelivery>;
    fn deliveries(filter: DeliveryFilter) -> Vec<DeliveryRecord>;
    fn event(sequence: Sequence) -> Option<EventRecord>;
    fn events(filter: EventFilter) -> Vec<EventRecord>;
    fn entry(connection: &str, key: &str) -> StoredEntry;
    fn keys(connection: &str, prefix: &str, after: Option<&str>, limit: u32) -> Vec<String>;
    fn cursor(connection: &str, trigger: &str) -> Option<String>;
}
