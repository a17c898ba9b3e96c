//! Notices: what the host tells the outside, kept in a journal, and an outbox for each receiver of them.
//!
//! ```text
//! finish, set_back, … ──► journal ──► streams, from any place in it
//!   (one transaction)        └─ for each receiver ─► waiting ─► delivered
//!                                                      │  ▲
//!                                    dead ◄────────────┘  └── retry, from dead
//!                                      └──► discarded ◄── discard, from waiting or dead
//! ```

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{JobRecord, Sequence, StorageError};
use crate::contract::{Finding, Instant, Severity};

/// A notice to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// What kind of thing it tells: `alert`, `fulfillment.handled`.
    pub topic: String,
    /// The kind of the alert or finding, as the connector names it; none for what has none.
    pub kind: Option<String>,
    /// How urgent it is.
    pub severity: Severity,
    /// The connection that it is about.
    pub connection: String,
    /// What it is about in that connection, usually an order's id. Receivers get the notices of one subject in order.
    pub subject: Option<String>,
    /// What is to be told: a JSON object. Whoever makes it bounds its size and leaves secrets out.
    pub data: String,
    /// The receivers that it is for, by name.
    pub receivers: Vec<String>,
}

/// A notice of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// Its number. Later ones have higher numbers; none is used twice.
    pub sequence: Sequence,
    /// What kind of thing it tells.
    pub topic: String,
    /// The kind of the alert or finding.
    pub kind: Option<String>,
    /// How urgent it is.
    pub severity: Severity,
    /// The connection that it is about.
    pub connection: String,
    /// What it is about in that connection.
    pub subject: Option<String>,
    /// What is told: a JSON object.
    pub data: String,
    /// When it was kept.
    pub at: Instant,
}

/// Which notices to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// Whose topic is like this; `*` stands for any characters.
    pub topic: Option<String>,
    /// At least this urgent.
    pub severity: Option<Severity>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}

/// Where a notice stands on its way to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostingState {
    /// To be sent, perhaps again, at its time.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// Given up by the host; a person may retry or discard it.
    Dead,
    /// Given up for good by a person.
    Discarded,
}

impl PostingState {
    /// Every state.
    pub const ALL: [PostingState; 4] =
        [PostingState::Waiting, PostingState::Delivered, PostingState::Dead, PostingState::Discarded];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            PostingState::Waiting => "waiting",
            PostingState::Delivered => "delivered",
            PostingState::Dead => "dead",
            PostingState::Discarded => "discarded",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<PostingState> {
        PostingState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a person may still decide about it.
    pub fn is_undelivered(self) -> bool {
        matches!(self, PostingState::Waiting | PostingState::Dead)
    }
}

impl fmt::Display for PostingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A notice on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRecord {
    /// Its number in the outbox.
    pub number: Sequence,
    /// The receiver's name.
    pub receiver: String,
    /// The notice.
    pub notice: NoticeRecord,
    /// Where it stands.
    pub state: PostingState,
    /// Attempts that failed since it came or was last retried by a person.
    pub attempts: u32,
    /// When it is sent at the earliest, if it waits.
    pub not_before: Option<Instant>,
    /// The HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why it is not delivered, or why its last attempt failed.
    pub reason: Option<String>,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// What came of an attempt to deliver a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingOutcome {
    /// Which it is.
    pub number: Sequence,
    /// Where it stands now.
    pub state: PostingState,
    /// Failed attempts, this one included if it failed.
    pub attempts: u32,
    /// When it is tried again, if it waits.
    pub not_before: Option<Instant>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it was not delivered.
    pub reason: Option<String>,
    /// Now.
    pub at: Instant,
}

/// Which of the outbox to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostingFilter {
    /// For this receiver.
    pub receiver: Option<String>,
    /// In this state.
    pub state: Option<PostingState>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}

/// How many notices for one receiver are in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingCount {
    /// The receiver's name.
    pub receiver: String,
    /// The state.
    pub state: PostingState,
    /// How many.
    pub count: u64,
}

/// What is to be sent to a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DuePostings {
    /// What may be sent now, oldest first: of each connection's subject only the first that waits.
    pub postings: Vec<PostingRecord>,
    /// When the next of those that must wait is due.
    pub next: Option<Instant>,
}

/// Says what is to be told of a job's page, once storage knows what of it is new.
pub trait Herald: Send + Sync {
    /// The notices about `job` as it stands after the page, and about those of the page's findings that are news: no
    /// run had found them before, or they had been resolved. Called within the page's transaction, perhaps twice, so it must not block and must not do anything else.
    fn announce(&self, job: &JobRecord, news: &[&Finding]) -> Vec<NewNotice>;
}

/// Says nothing.
impl Herald for () {
    fn announce(&self, _: &JobRecord, _: &[&Finding]) -> Vec<NewNotice> {
        Vec::new()
    }
}

/// The part of [`Storage`](super::Storage) that keeps notices. The sink is told of each new one, and of each that is to be
/// sent again, by [`WorkSink::noticed`](super::WorkSink::noticed).
#[async_trait]
pub trait NoticeStorage: Send + Sync {
    /// Keep notices that belong to no other write.
    async fn notify(&self, notices: Vec<NewNotice>, at: Instant) -> Result<(), StorageError>;

    /// Notices, newest first.
    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<NoticeRecord>, StorageError>;

    /// All notices after one, oldest first, at most `limit`. None that is kept later ever has a lower number than one that
    /// was answered here.
    async fn notices_after(&self, after: Sequence, limit: u32) -> Result<Vec<NoticeRecord>, StorageError>;

    /// Notices on their way to receivers, newest first.
    async fn postings(&self, filter: PostingFilter) -> Result<Vec<PostingRecord>, StorageError>;

    /// How many notices stand where, by receiver.
    async fn posting_counts(&self) -> Result<Vec<PostingCount>, StorageError>;

    /// What is to be sent to a receiver now, at most `limit`.
    async fn due_postings(
        &self,
        receiver: &str,
        now: Instant,
        limit: u32,
    ) -> Result<DuePostings, StorageError>;

    /// Note what came of an attempt. Fails with `Ended` when a person has decided about it meanwhile.
    async fn settle_posting(&self, outcome: PostingOutcome) -> Result<(), StorageError>;

    /// Give up all that waits for a receiver. Answers how many they were.
    async fn abandon_postings(
        &self,
        receiver: &str,
        reason: &str,
        at: Instant,
    ) -> Result<usize, StorageError>;

    /// Have a dead or waiting notice sent again now, its attempts counted from zero. Answers it as it stood. Fails with
    /// `Ended` when it is delivered or discarded, and with `NotFound`.
    async fn retry_posting(&self, number: Sequence, at: Instant) -> Result<PostingRecord, StorageError>;

    /// Give a dead or waiting notice up for good, for a person's reason. Answers it as it stood. Fails with `Ended` when
    /// it is delivered or discarded, and with `NotFound`.
    async fn discard_posting(
        &self,
        number: Sequence,
        reason: String,
        at: Instant,
    ) -> Result<PostingRecord, StorageError>;
}

/// The name of a severity, as tables, listings and notices show it.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// The severity of this name.
pub fn severity_from_name(name: &str) -> Option<Severity> {
    [Severity::Info, Severity::Warning, Severity::Critical].into_iter().find(|it| severity_name(*it) == name)
}
