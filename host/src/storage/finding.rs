//! Findings of reconciliations, and what people decide about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Sequence;
use crate::contract::{Finding, Instant};

/// What the keys of the entries begin with that tell a connector what was decided about its findings; the finding's id
/// follows.
pub const DECISION_KEY_PREFIX: &str = "decision/";

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// It stands.
    Open,
    /// Its repair was handed in, and nothing has shown yet that it did not help.
    Repairing,
    /// A later run that covers it did not find it again.
    Resolved,
    /// A person decided to leave it.
    Ignored,
}

impl FindingState {
    /// Every state.
    pub const ALL: [FindingState; 4] =
        [FindingState::Open, FindingState::Repairing, FindingState::Resolved, FindingState::Ignored];

    /// Its name, as tables and listings show it.
    pub fn name(self) -> &'static str {
        match self {
            FindingState::Open => "open",
            FindingState::Repairing => "repairing",
            FindingState::Resolved => "resolved",
            FindingState::Ignored => "ignored",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<FindingState> {
        FindingState::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for FindingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a person decides about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is right: what was tied together belongs together, and its repair may be made.
    Accept,
    /// What was tied together does not belong together.
    Split,
    /// It is to be left as it is.
    Ignore,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Decision; 3] = [Decision::Accept, Decision::Split, Decision::Ignore];

    /// Its name, as tables, listings and the connector's entry show it.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Accept => "accept",
            Decision::Split => "split",
            Decision::Ignore => "ignore",
        }
    }

    /// The decision of this name.
    pub fn from_name(name: &str) -> Option<Decision> {
        Decision::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

/// A decision that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Instant,
}

/// A decision to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// Whose finding.
    pub connection: String,
    /// The finding's id.
    pub finding: String,
    /// What was decided.
    pub decided: Decided,
}

/// A run that found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The job.
    pub job: Sequence,
    /// When its page was kept.
    pub at: Instant,
}

/// A finding that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRecord {
    /// Its number. Later ones have higher numbers.
    pub number: Sequence,
    /// Whose it is.
    pub connection: String,
    /// The finding, as it was found last.
    pub finding: Finding,
    /// The run that found it first.
    pub first_seen: Sighting,
    /// The run that found it last.
    pub last_seen: Sighting,
    /// Where it stands.
    pub state: FindingState,
    /// What a person decided.
    pub decided: Option<Decided>,
    /// The id of the event that was handed in to repair it last, and when.
    pub repaired: Option<(String, Instant)>,
    /// When a run did not find it again.
    pub resolved_at: Option<Instant>,
}

/// Which findings to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// In this state.
    pub state: Option<FindingState>,
    /// Found last by this run.
    pub job: Option<Sequence>,
    /// Older than this one: the last of the page before.
    pub before: Option<Sequence>,
    /// At most so many; at most 1,000, and 1,000 when zero.
    pub limit: u32,
}

/// Repairs that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Repairs {
    /// Findings whose repair is an event now.
    pub submitted: u64,
    /// Findings whose repair was known as an event before, which is not handled twice.
    pub known: u64,
}
