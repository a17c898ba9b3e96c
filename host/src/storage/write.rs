//! The write record: what a piece of work set out to change at a vendor, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::WorkId;
use crate::contract::{InDoubt, Instant};

/// The longest key of a write, in bytes: a hash in hexadecimal digits, and which of several equal writes it is.
pub const WRITE_KEY_BYTES_MAX: usize = 100;

/// Writes of one piece of work. A large order makes some dozens; all of them are read before the work runs again.
pub const WRITES_PER_WORK_MAX: u32 = 1_000;

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteState {
    /// It was about to be sent. Found in a later run, it means that the host died in between: it may have been sent.
    Intended,
    /// The vendor did it (2xx).
    Done,
    /// The vendor answered and did nothing (3xx, 4xx).
    Refused,
    /// It never left: no address, no connection, no TLS.
    Unsent,
    /// It was sent, and whether the vendor did it is unknown: 5xx, a broken answer, a timeout.
    InDoubt,
}

impl WriteState {
    /// Every state.
    pub const ALL: [WriteState; 5] = [
        WriteState::Intended,
        WriteState::Done,
        WriteState::Refused,
        WriteState::Unsent,
        WriteState::InDoubt,
    ];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            WriteState::Intended => "intended",
            WriteState::Done => "done",
            WriteState::Refused => "refused",
            WriteState::Unsent => "unsent",
            WriteState::InDoubt => "in-doubt",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<WriteState> {
        WriteState::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for WriteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A write that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteIntent {
    /// The work that makes it.
    pub id: WorkId,
    /// Which of the work's writes it is; the same in every run. At most [`WRITE_KEY_BYTES_MAX`].
    pub key: String,
    /// The attempt that sends it, from 1.
    pub attempt: u32,
    /// The API of the manifest.
    pub api: String,
    /// The HTTP method.
    pub method: String,
    /// Where it goes, without secrets.
    pub url: String,
    /// What the manifest says to do if the outcome is never known.
    pub in_doubt: InDoubt,
    /// Now.
    pub at: Instant,
}

/// What came of a write that was intended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOutcome {
    /// The work that made it.
    pub id: WorkId,
    /// Which of the work's writes it is.
    pub key: String,
    /// What came of it.
    pub state: WriteState,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The answer, to be given again to a later run. Storage does not look inside; whoever makes it bounds its size.
    pub response: Option<Vec<u8>>,
    /// Now.
    pub at: Instant,
}

/// A write as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRecord {
    /// Which of the work's writes it is.
    pub key: String,
    /// The attempt that sent it last.
    pub attempt: u32,
    /// The API of the manifest.
    pub api: String,
    /// The HTTP method.
    pub method: String,
    /// Where it went.
    pub url: String,
    /// What the manifest said then to do if the outcome is never known.
    pub in_doubt: InDoubt,
    /// What came of it.
    pub state: WriteState,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The answer, if one was kept.
    pub response: Option<Vec<u8>>,
    /// When it was last about to be sent.
    pub intended_at: Instant,
    /// When its outcome was known.
    pub ended_at: Option<Instant>,
}
