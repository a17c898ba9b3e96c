//! Jobs: long work that a person starts and that goes on page by page.

use serde::{Deserialize, Serialize};

use super::{EntryWrite, Sequence};
use crate::contract::{Event, Finding, Instant, Tally};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Compares what two systems hold.
    Reconcile,
    /// Takes in the history of triggers.
    Backfill,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [JobKind; 2] = [JobKind::Reconcile, JobKind::Backfill];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            JobKind::Reconcile => "reconcile",
            JobKind::Backfill => "backfill",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<JobKind> {
        JobKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Begun and not ended. Whether anybody is at it is not stored: a process that dies leaves it so.
    Running,
    /// It came to its end.
    Done,
    /// It cannot go on until a person has seen to the reason.
    Failed,
    /// A person stopped it.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [JobState; 4] = [JobState::Running, JobState::Done, JobState::Failed, JobState::Cancelled];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<JobState> {
        JobState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a job is about. Two jobs of one connection, kind and scope are the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobScope {
    /// The first instant that belongs to it.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Kinds of finding, empty for all; or triggers, in the order in which they are gone through.
    pub names: Vec<String>,
}

/// A job to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Whose it is.
    pub connection: String,
    /// What it does.
    pub kind: JobKind,
    /// What it is about.
    pub scope: JobScope,
    /// Begin anew, though an earlier job with this scope could go on; that one is cancelled.
    pub restart: bool,
    /// Now.
    pub at: Instant,
}

/// A job that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The job, running.
    pub job: JobRecord,
    /// Whether it is an earlier one that had not come to its end, and goes on where it stopped.
    pub resumed: bool,
}

/// What a job has got through so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Pages.
    pub pages: u64,
    /// Objects that were compared.
    pub checked: u64,
    /// Events that were handed over.
    pub events: u64,
    /// Of these, such as were not known before.
    pub new_events: u64,
    /// Findings.
    pub findings: u64,
    /// Of these, such as no earlier run had found.
    pub new_findings: u64,
    /// Earlier findings that this run, which covers them, did not find again.
    pub resolved: u64,
}

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its number.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// What it does.
    pub kind: JobKind,
    /// What it is about.
    pub scope: JobScope,
    /// Where it stands.
    pub state: JobState,
    /// The position in `scope.names` of the trigger that a backfill is at.
    pub step: u32,
    /// Where its connector goes on; none at the beginning of a step.
    pub cursor: Option<String>,
    /// What it has got through.
    pub counters: Counters,
    /// What became of the money, by system and currency, so far.
    pub tallies: Vec<Tally>,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was begun.
    pub started_at: Instant,
    /// When its last page was kept.
    pub updated_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// Where a job goes on after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// With this step and this cursor.
    Page {
        /// The position of the trigger.
        step: u32,
        /// The connector's cursor.
        cursor: Option<String>,
    },
    /// Nowhere: it is done.
    End,
}

/// One page of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPage {
    /// The job.
    pub job: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The pages before it, so that none is kept twice.
    pub pages_before: u64,
    /// Objects that it compared.
    pub checked: u64,
    /// Events that it brings.
    pub events: Vec<Event>,
    /// Findings that it brings.
    pub findings: Vec<Finding>,
    /// Sums from the first page to this one.
    pub tallies: Vec<Tally>,
    /// Entries that were written on the way.
    pub writes: Vec<EntryWrite>,
    /// Where it goes on.
    pub next: Next,
    /// Now.
    pub at: Instant,
}

/// Which jobs to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}
