//! How far a comparison has come, and what it has counted.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use transload_ghl::Page;
use transload_model::Fingerprint;
use transload_sdk::{Failure, Scope, rejected};

use super::{Kind, Tallies};
use crate::cursor::DAY_MS;

/// The longest time that is compared at once, in days. Two listings of each day are asked for, and what no id ties together is
/// held against each other: over more than a year that says nothing.
const SCOPE_DAYS_MAX: u64 = 366;

/// Where a comparison stands, whose phases are `P`. Field names are frozen: they are in operators' databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor<P> {
    /// The fingerprint of the scope that it belongs to.
    pub scope: String,
    /// Tells this run from those before it.
    pub run: u64,
    /// What is being compared.
    pub phase: P,
    /// Rows of the phase's listing that were seen.
    pub offset: u64,
    /// The day under way in a phase that goes day by day, counted from the first.
    pub day: u64,
    /// Ids of the listing's last page: rows move on to the next while it is being read.
    pub last: Vec<String>,
    /// Rows that are kept for the end, by side.
    pub kept: [u64; 2],
    /// Pages that kept any.
    pub chunks: u32,
    /// The sums so far.
    pub tallies: Tallies,
}

impl<P> Cursor<P> {
    /// That of the first page of the run `run`, which begins with `phase`. Fails with `rejected` for a scope that ends before it
    /// starts, is too long or names a kind that is none of `kinds`.
    pub fn first(scope: &Scope, kinds: &[Kind], run: u64, phase: P) -> Result<Self, Failure> {
        Ok(Self {
            scope: check(scope, kinds)?.to_string(),
            run,
            phase,
            offset: 0,
            day: 0,
            last: Vec::new(),
            kept: [0, 0],
            chunks: 0,
            tallies: Tallies::default(),
        })
    }

    /// Goes on behind a page of one of GoHighLevel's listings, to `next` after the last. Answers the rows of it that were not
    /// on the page before: rows move on to the next while the listing is read.
    pub fn pass<R>(&mut self, listed: Page<R>, id: fn(&R) -> &str, next: P) -> Vec<R> {
        let Page { mut rows, total } = listed;
        let seen = self.offset + rows.len() as u64;
        let is_last = rows.is_empty() || seen >= total;
        let ids = rows.iter().map(|row| id(row).to_owned()).collect();
        let before = std::mem::replace(&mut self.last, ids);
        self.offset = seen;
        if is_last {
            self.enter(next);
        }
        rows.retain(|row| !before.iter().any(|before| before == id(row)));
        rows
    }

    /// Goes on to the next phase.
    pub fn enter(&mut self, phase: P) {
        self.phase = phase;
        self.offset = 0;
        self.day = 0;
        self.last.clear();
    }
}

impl<P: DeserializeOwned> Cursor<P> {
    /// The cursor in `text`. Fails as [`Cursor::first`] does, and for one that is not this scope's.
    pub fn read(scope: &Scope, kinds: &[Kind], text: &str) -> Result<Self, Failure> {
        let fingerprint = check(scope, kinds)?.to_string();
        let cursor: Self = serde_json::from_str(text)
            .map_err(|error| rejected(format!("not a cursor of a comparison: {error}")))?;
        if cursor.scope != fingerprint {
            return Err(rejected("the cursor belongs to the comparison of another time or of other kinds"));
        }
        Ok(cursor)
    }
}

impl<P: Serialize> Cursor<P> {
    /// As text for the host to keep.
    pub fn write(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| rejected(error.to_string()))
    }
}

fn check(scope: &Scope, kinds: &[Kind]) -> Result<Fingerprint, Failure> {
    let Some(length) = scope.end.checked_sub(scope.start) else {
        return Err(rejected("the time to compare ends before it starts"));
    };
    if length > SCOPE_DAYS_MAX * DAY_MS {
        return Err(rejected(format!(
            "at most {SCOPE_DAYS_MAX} days are compared at once; compare a shorter time"
        )));
    }
    for kind in &scope.kinds {
        if !kinds.iter().any(|known| known.name == kind) {
            let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
            return Err(rejected(format!(
                "no finding is of the kind {kind:?}; there are {}",
                known.join(", ")
            )));
        }
    }
    let mut kinds: Vec<&str> = scope.kinds.iter().map(String::as_str).collect();
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds.into_iter().fold(Fingerprint::new().and(scope.start).and(scope.end), Fingerprint::and))
}
