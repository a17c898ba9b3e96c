//! The records that storage takes and gives.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AttemptRecord, NewNotice, State};
use crate::contract::{Delivery, Event, Header, Instant, Receipt};

/// A delivery's or event's number. Later ones have higher numbers; none is used twice.
pub type Sequence = u64;

/// A piece of work, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkId {
    /// A delivery that the connector has yet to read.
    Delivery(Sequence),
    /// An event that the connector has yet to handle.
    Event(Sequence),
}

impl fmt::Display for WorkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkId::Delivery(sequence) => write!(f, "delivery {sequence}"),
            WorkId::Event(sequence) => write!(f, "event {sequence}"),
        }
    }
}

/// What a queue needs to know of a piece of work; the rest is read when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Which it is.
    pub id: WorkId,
    /// Whose it is.
    pub connection: String,
    /// What it must wait its turn for; none for deliveries.
    pub subject: Option<String>,
    /// Failed attempts so far.
    pub attempts: u32,
    /// When to try again at the earliest, if that is decided.
    pub not_before: Option<Instant>,
    /// Whether an earlier run may have begun and not ended, as after a crash.
    pub resumed: bool,
}

/// A delivery to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Whose it is.
    pub connection: String,
    /// The API that it came for.
    pub source: String,
    /// The sender's id of it.
    pub id: String,
    /// When it came.
    pub received_at: Instant,
    /// Without secrets.
    pub headers: Vec<Header>,
    /// As it came.
    pub body: Vec<u8>,
}

/// Whether a delivery was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// It is kept, under this number.
    New(Sequence),
    /// It was kept before.
    Duplicate,
}

/// A delivery that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Its number.
    pub sequence: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The sender's id of it.
    pub id: String,
    /// When it came.
    pub received_at: Instant,
    /// What the connector reads.
    pub delivery: Delivery,
    /// Where it stands; never `Skipped`.
    pub state: State,
    /// Failed attempts to read it.
    pub attempts: u32,
    /// Why it is not done.
    pub reason: Option<String>,
}

/// Where events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A delivery, which ends with this.
    Delivery(Sequence),
    /// A poll, and where it goes on from.
    Poll {
        /// The trigger of the manifest.
        trigger: String,
        /// The new cursor.
        cursor: Option<String>,
    },
    /// A person or the platform.
    Submission,
}

/// Events to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// Whose they are.
    pub connection: String,
    /// Where they come from.
    pub origin: Origin,
    /// The events, in the order to handle them.
    pub events: Vec<Event>,
    /// Entries that were written on the way.
    pub writes: Vec<EntryWrite>,
    /// The attempt at the delivery, to look at and to replay. Polls and submissions are no work that it could be kept
    /// with: theirs is left out.
    pub attempt: Option<AttemptRecord>,
    /// Now.
    pub at: Instant,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredEntry {
    /// Its value; none if there is no such entry.
    pub value: Option<Vec<u8>>,
    /// Counts its writes and removals; 0 if there never was one. A removed entry keeps its count, so that a version once
    /// seen never comes back with another value.
    pub version: u64,
}

/// The write of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryWrite {
    /// The entry's key.
    pub key: String,
    /// Its new value; none removes it.
    pub value: Option<Vec<u8>>,
    /// The version that the connector was told. The entry gets it, or a higher one if it was written meanwhile.
    pub version: u64,
    /// The version that it must still have, as [`StoredEntry`] counts them; none if it was not compared.
    pub expected: Option<u64>,
}

/// The end of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// The event.
    pub sequence: Sequence,
    /// Whose it is.
    pub connection: String,
    /// What was done. Its follow-ups become events.
    pub receipt: Receipt,
    /// Entries that were written.
    pub writes: Vec<EntryWrite>,
    /// Digest of the module that handled it.
    pub module: String,
    /// The attempt, to look at and to replay.
    pub attempt: Option<AttemptRecord>,
    /// What is to be told of it.
    pub notices: Vec<NewNotice>,
    /// Now.
    pub at: Instant,
}

/// An event that was kept, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its number.
    pub sequence: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The event.
    pub event: Event,
    /// When the host took it in.
    pub received_at: Instant,
    /// Where it came from: `delivery 12`, `poll transactions`, `event 7`, `submission`.
    pub origin: String,
    /// Where it stands.
    pub state: State,
    /// Failed attempts.
    pub attempts: u32,
    /// When it is tried again, if that is decided.
    pub not_before: Option<Instant>,
    /// Why it is not done, or why its last attempt failed.
    pub reason: Option<String>,
    /// What was done.
    pub receipt: Option<Receipt>,
    /// Digest of the module that handled it last.
    pub module: Option<String>,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// Which events to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// With this id.
    pub id: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// In this state.
    pub state: Option<State>,
    /// Handled last by the module of this digest.
    pub module: Option<String>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}

/// A delivery in a listing: all but what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Its number.
    pub sequence: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The API that it came for.
    pub source: String,
    /// The sender's id of it.
    pub id: String,
    /// When it came.
    pub received_at: Instant,
    /// Where it stands; never `Skipped`.
    pub state: State,
    /// Failed attempts to read it.
    pub attempts: u32,
    /// When it is tried again, if that is decided.
    pub not_before: Option<Instant>,
    /// Why it is not done, or why its last attempt failed.
    pub reason: Option<String>,
    /// Digest of the module that read it last, or failed to.
    pub module: Option<String>,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// In this state.
    pub state: Option<State>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}
