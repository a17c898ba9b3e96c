//! Where work stands, and how it gets from one state to the next.
//!
//! ```text
//!             accept, take_in
//!                    │
//!                    ▼           set_back
//!   retry      ┌► received ──────────────────┬───────────┐
//!   revive     │     │                       ▼           ▼
//!   (from      │     │ finish,  ◄───────  waiting ◄──► parked      open
//!   waiting,   │     │ take_in               │           │
//!   parked,    │     │                       │ set_back  │
//!   dead)      │     ▼                       ▼           ▼
//!              ├─ done, skipped  ─────────────────────────────────
//!              └─ dead ◄──── set_back, from any open state         ended
//!                    │
//!                    ▼
//!                discarded ◄──── discard, from any open state
//! ```
//!
//! `finish` and `take_in` end work from every open state, and `set_back` moves it between the open states or ends it as
//! dead. What is done, skipped or discarded stays so.
//!
//! That work is running is not stored. Whoever runs it holds a lease, and the lease is the process's lock on the
//! database: when the process dies, however it dies, the system releases the lock, and the next process finds the work
//! open and hands it out again. A stored lease would need a time limit, and work that outlives its limit runs twice.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AttemptRecord, NewNotice, WorkId};
use crate::contract::Instant;

/// Where a delivery or event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// To be handled at its turn: new, or to be run again because a person or a rollback says so.
    Received,
    /// Tried without success; to be tried again at its time.
    Waiting,
    /// To be handled when a person has put the connection right.
    Parked,
    /// Handled.
    Done,
    /// Handled; there was nothing to do.
    Skipped,
    /// Given up by the host; a person may retry or discard it.
    Dead,
    /// Given up for good by a person.
    Discarded,
}

impl State {
    /// Every state.
    pub const ALL: [State; 7] = [
        State::Received,
        State::Waiting,
        State::Parked,
        State::Done,
        State::Skipped,
        State::Dead,
        State::Discarded,
    ];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Waiting => "waiting",
            State::Parked => "parked",
            State::Done => "done",
            State::Skipped => "skipped",
            State::Dead => "dead",
            State::Discarded => "discarded",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the work has still to be handled.
    pub fn is_open(self) -> bool {
        matches!(self, State::Received | State::Waiting | State::Parked)
    }

    /// Whether a person may have it run again.
    pub fn can_retry(self) -> bool {
        self.is_open() || self == State::Dead
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happens to a piece of work that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setback {
    /// Which it is.
    pub id: WorkId,
    /// `Received` when it was not the work's fault and it runs again at its turn, `Waiting`, `Parked` or `Dead`.
    pub state: State,
    /// Failed attempts, this one included.
    pub attempts: u32,
    /// When to try again, if it waits.
    pub not_before: Option<Instant>,
    /// Why, for a person.
    pub reason: String,
    /// Digest of the module that failed.
    pub module: String,
    /// The attempt, to look at and to replay; none if nothing ran.
    pub attempt: Option<AttemptRecord>,
    /// What is to be told of it.
    pub notices: Vec<NewNotice>,
    /// Now.
    pub at: Instant,
}
