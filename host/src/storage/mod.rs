//! What the host remembers: deliveries, events, and what connectors keep.
//!
//! [`Storage`] is what an engine has to do, each method in one transaction; [`SqliteStorage`] is the engine for one host.
//! An engine hands out the work that it holds through a [`WorkSink`], in the order in which it became durable.
//!
//! | An engine of your own | |
//! |---|---|
//! | implements | [`Storage`] and [`NoticeStorage`]; what each method promises stands with it |
//! | answers | [`StorageError`]: `Conflict`, `Ended` and `NotFound` where a method says so, the others when it cannot work |
//! | hands out | open work when it is attached, then everything that a method makes ready, after it is durable |
//! | is held by | `conformance!`, with the feature `storage-conformance` |
//!
//! What is stored in one piece, such as an event or a recorded attempt, is JSON by `serde`, whose field names are kept from
//! version to version. So an engine may keep a record's searchable fields in columns and the rest as it is.

mod attempt;
#[cfg(any(test, feature = "storage-conformance"))]
#[expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "it runs in tests alone")]
pub mod conformance;
mod error;
mod finding;
mod job;
mod lifecycle;
mod module;
mod notice;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;
mod write;

use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::Instant;

pub use attempt::{ATTEMPTS_PER_WORK_MAX, AttemptRecord};
pub use error::StorageError;
pub use finding::{
    DECISION_KEY_PREFIX, Decided, Decision, FindingFilter, FindingRecord, FindingState, NewDecision, Repairs,
    Sighting,
};
pub use job::{Begun, Counters, JobFilter, JobKind, JobPage, JobRecord, JobScope, JobState, NewJob, Next};
pub use lifecycle::{Setback, State};
pub use module::{ACTIVATIONS_PER_CONNECTION_MAX, ACTIVATIONS_WITH_MODULES, Activation};
pub use notice::{
    DuePostings, Herald, NewNotice, NoticeFilter, NoticeRecord, NoticeStorage, PostingCount, PostingFilter,
    PostingOutcome, PostingRecord, PostingState, severity_from_name, severity_name,
};
pub use record::{
    Acceptance, DeliveryFilter, DeliveryRecord, EntryWrite, EventFilter, EventRecord, Finish, Intake,
    NewDelivery, Origin, Sequence, StoredDelivery, StoredEntry, Work, WorkId,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStorage};
pub use write::{
    WRITE_KEY_BYTES_MAX, WRITES_PER_WORK_MAX, WriteIntent, WriteOutcome, WriteRecord, WriteState,
};

/// The most records that one listing answers.
pub const EVENTS_PER_LISTING_MAX: u32 = 1_000;

/// Takes the work that becomes ready to run.
pub trait WorkSink: Send + Sync {
    /// Take a piece of work that is durable. Called in the order of acceptance, from the engine's own thread, so it must
    /// not block. Retried work may be held already: then this says how it stands now, and it is brought forward.
    fn accept(&self, work: Work);

    /// Let go of work that a person has given up, if it is held. Called like `accept`, and in order with it.
    fn withdraw(&self, connection: &str, subject: Option<&str>, id: WorkId);

    /// A notice was kept, or one that was is to be sent again, for these receivers. Called like `accept`.
    fn noticed(&self, sequence: Sequence, receivers: &[String]);
}

/// Durable memory. When a writing method has answered, what it wrote survives a crash; when it fails, it wrote nothing.
#[async_trait]
pub trait Storage: NoticeStorage {
    /// Hand all unfinished work to `sink`, oldest first, and from then on every newly accepted piece. A second call
    /// replaces the sink.
    async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError>;

    /// Keep a verified delivery, unless one of the same connection, source and id was kept before.
    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance, StorageError>;

    /// Keep the events that a delivery, a poll or a person brought, with the end of the delivery or the poll's new
    /// cursor, and the entries written on the way. Events whose id is known in the connection are left out. Answers how
    /// many were new. Fails with `Conflict` or `Ended`.
    async fn take_in(&self, intake: Intake) -> Result<usize, StorageError>;

    /// End an event: its receipt, follow-up events and entries. Answers how many follow-ups were new. Fails with
    /// `Conflict` when an entry has changed since it was compared, and with `Ended` when the event has ended before.
    async fn finish(&self, finish: Finish) -> Result<usize, StorageError>;

    /// Note that a delivery or event did not succeed and what happens to it next. Fails with `Ended`.
    async fn set_back(&self, setback: Setback) -> Result<(), StorageError>;

    /// Note that a write is about to be sent; it may be when this has answered. A second intent for the same key, as for
    /// a resend, takes the first one's place. Fails with `Ended` when the work is no longer open, so that nothing is
    /// sent for it any more, and with `Record` beyond [`WRITE_KEY_BYTES_MAX`] and [`WRITES_PER_WORK_MAX`].
    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError>;

    /// Note what came of a write, also when its work has ended meanwhile. Fails with `NotFound` when it was not intended.
    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError>;

    /// The writes of a piece of work, in the order in which they were first intended.
    async fn writes(&self, id: WorkId) -> Result<Vec<WriteRecord>, StorageError>;

    /// The attempts at a piece of work, oldest first; the last [`ATTEMPTS_PER_WORK_MAX`].
    async fn attempts(&self, id: WorkId) -> Result<Vec<AttemptRecord>, StorageError>;

    /// Have dead, waiting or parked work run again now, its attempts counted from zero; it is handed to the sink. What it
    /// wrote stays remembered. Answers the state that it was in. Fails with `Ended` when it is done, skipped or
    /// discarded, and with `NotFound`.
    async fn retry(&self, id: WorkId, at: Instant) -> Result<State, StorageError>;

    /// Give open or dead work up for good, for a person's reason. Answers the state that it was in. Fails with `Ended`
    /// when it is done, skipped or discarded, and with `NotFound`.
    async fn discard(&self, id: WorkId, reason: String, at: Instant) -> Result<State, StorageError>;

    /// Have everything run again that died under `module` in `connection` at or after `since`: a module that is rolled
    /// back takes its victims with it. Answers how many there were.
    async fn revive(
        &self,
        connection: &str,
        module: &str,
        since: Instant,
        at: Instant,
    ) -> Result<usize, StorageError>;

    /// Keep a module's bytes, unless they are kept.
    async fn keep_module(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), StorageError>;

    /// A module's bytes.
    async fn module(&self, digest: &str) -> Result<Option<Vec<u8>>, StorageError>;

    /// Note that a connection took up a module, and what is to be told of it.
    async fn activate(&self, activation: Activation, notices: Vec<NewNotice>) -> Result<(), StorageError>;

    /// A connection's latest activations, newest first.
    async fn activations(&self, connection: &str, limit: u32) -> Result<Vec<Activation>, StorageError>;

    /// Forget what ended before `before`: the attempts, write records, bodies and raw data of work that is done, skipped
    /// or discarded; then settings that no attempt names, and modules that neither an attempt nor one of the last
    /// [`ACTIVATIONS_WITH_MODULES`] of a connection names. Removes or empties at most `limit` rows, so that others wait
    /// only briefly, and answers how many; fewer than `limit` means that nothing is left to forget.
    ///
    /// Of findings, resolved ones go about which nobody decided anything; and jobs that ended. Of notices, all go that no
    /// receiver still waits for, those that are dead as well: nothing is done twice for want of them.
    ///
    /// Dead work keeps everything: it may be retried, and without its write record it would do its writes twice. The ids
    /// of deliveries and events stay, so that duplicates are recognised for ever. A module is kept until a purge with a
    /// later `before` than the one that first finds it unused, so that none goes between being kept and being activated.
    async fn purge(&self, before: Instant, limit: u32) -> Result<usize, StorageError>;

    /// Begin a job. If the latest job of the same connection, kind and scope has not come to its end, that one goes on
    /// instead, unless a restart is asked for.
    async fn begin_job(&self, job: NewJob) -> Result<Begun, StorageError>;

    /// Keep a page of a job: its events, findings and entries, and where the job goes on. The last page of a
    /// reconciliation resolves the findings that its scope covers and that no page of it brought. Keeps the notices that
    /// `herald` makes of it. Answers the job. Fails with `Conflict`, and with `Ended` when the job does not run or is not at
    /// this page.
    async fn advance_job(&self, page: JobPage, herald: Arc<dyn Herald>) -> Result<JobRecord, StorageError>;

    /// End a running job before its end: as failed for a reason, or as cancelled without one. Fails with `Ended`.
    async fn end_job(
        &self,
        number: Sequence,
        failure: Option<String>,
        notices: Vec<NewNotice>,
        at: Instant,
    ) -> Result<(), StorageError>;

    /// A job.
    async fn job(&self, number: Sequence) -> Result<Option<JobRecord>, StorageError>;

    /// Jobs, newest first.
    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRecord>, StorageError>;

    /// A finding, by its id.
    async fn finding(&self, connection: &str, id: &str) -> Result<Option<FindingRecord>, StorageError>;

    /// Findings, newest first.
    async fn findings(&self, filter: FindingFilter) -> Result<Vec<FindingRecord>, StorageError>;

    /// Keep what a person decided about a finding, and write it into the connection's entry under
    /// [`DECISION_KEY_PREFIX`] and the finding's id, as JSON with `decision` and `reason`. A later decision takes an
    /// earlier one's place. Answers the finding. Fails with `NotFound`.
    async fn decide(&self, decision: NewDecision) -> Result<FindingRecord, StorageError>;

    /// Hand in the repairs of a connection's open findings as events, at most `limit` of them, and mark the findings: such
    /// as are confirmed and not decided otherwise, and such as a person accepted; with a `job`, only of those that it found
    /// last. An event that was handed in for its finding before is not looked at again. None left answers zeros.
    async fn repair(
        &self,
        connection: &str,
        job: Option<Sequence>,
        limit: u32,
        at: Instant,
    ) -> Result<Repairs, StorageError>;

    /// Write entries outside any event, as an action does. Fails with `Conflict`.
    async fn write_entries(&self, connection: &str, writes: Vec<EntryWrite>) -> Result<(), StorageError>;

    /// A delivery.
    async fn delivery(&self, sequence: Sequence) -> Result<Option<StoredDelivery>, StorageError>;

    /// Deliveries, newest first.
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, StorageError>;

    /// An event.
    async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, StorageError>;

    /// Events, newest first.
    async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, StorageError>;

    /// A connection's entry, or what is left of it.
    async fn entry(&self, connection: &str, key: &str) -> Result<StoredEntry, StorageError>;

    /// Keys of a connection that start with `prefix` and come after `after`, in byte order, at most `limit`.
    async fn keys(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StorageError>;

    /// Where a connection's poll stands; none before the first.
    async fn cursor(&self, connection: &str, trigger: &str) -> Result<Option<String>, StorageError>;
}
