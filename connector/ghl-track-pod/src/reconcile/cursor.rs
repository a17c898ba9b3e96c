//! How far a comparison has come, and what it has counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use transload_model::reconcile::{Outcome, Side};
use transload_model::{Currency, Decimal, Money};
use transload_sdk::convert::decimal_out;
use transload_sdk::{Failure, FindingTally, Scope, rejected};
use transload_wire::Number;

use super::finding::Kind;
use super::fingerprint::Fingerprint;

/// The longest time that is compared at once, in days. Two listings of each day are asked for, and what no id ties together is
/// held against each other: over more than a year that says nothing.
const SCOPE_DAYS_MAX: u64 = 366;

pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Where a comparison stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The fingerprint of the scope that it belongs to.
    pub scope: String,
    /// Tells this run from those before it.
    pub run: u64,
    pub phase: Phase,
    /// Rows of the phase's listing that were seen.
    pub offset: u64,
    /// The day under way in the phase of deliveries, counted from the first.
    pub day: u64,
    /// Ids of the listing's last page: rows move on to the next while it is being read.
    pub last: Vec<String>,
    /// Rows that are kept for the end, by side.
    pub kept: [u64; 2],
    /// Pages that kept any.
    pub chunks: u32,
    /// The sums, by system and currency: `ghl USD`.
    tallies: BTreeMap<String, Sums>,
}

/// What is being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Orders,
    Deliveries,
    Payments,
    LeftOver,
}

/// The sums of one system in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    rows: u64,
    total: Number,
    matched: Number,
    left_over: Number,
}

impl Cursor {
    /// That of the first page of the run `run`. Fails with `rejected` for a scope that ends before it starts, is too long or
    /// names a kind that there is not.
    pub fn first(scope: &Scope, run: u64) -> Result<Self, Failure> {
        Ok(Self {
            scope: check(scope)?.to_string(),
            run,
            phase: Phase::Orders,
            offset: 0,
            day: 0,
            last: Vec::new(),
            kept: [0, 0],
            chunks: 0,
            tallies: BTreeMap::new(),
        })
    }

    /// The cursor in `text`. Fails as [`Cursor::first`] does, and for one that is not this scope's.
    pub fn read(scope: &Scope, text: &str) -> Result<Self, Failure> {
        let fingerprint = check(scope)?.to_string();
        let cursor: Self = serde_json::from_str(text)
            .map_err(|error| rejected(format!("not a cursor of a comparison: {error}")))?;
        if cursor.scope != fingerprint {
            return Err(rejected("the cursor belongs to the comparison of another time or of other kinds"));
        }
        Ok(cursor)
    }

    /// As text for the host to keep.
    pub fn write(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| rejected(error.to_string()))
    }

    /// Goes on to the next phase.
    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.offset = 0;
        self.day = 0;
        self.last.clear();
    }

    /// Adds what became of `side` in `outcome` to the sums of `system`. What is only suggested is not matched yet.
    pub fn count(&mut self, system: &str, side: Side, outcome: &Outcome) -> Result<(), Failure> {
        for tally in outcome.tallies.iter().filter(|tally| tally.side == side) {
            let left_over = tally.left_over.checked_add(tally.suggested)?;
            let sums = self.sums(system, tally.currency);
            sums.rows += tally.rows as u64;
            sums.total.0 = sums.total.0.checked_add(tally.total)?;
            sums.matched.0 = sums.matched.0.checked_add(tally.confirmed)?;
            sums.left_over.0 = sums.left_over.0.checked_add(left_over)?;
        }
        Ok(())
    }

    /// Adds one row to the sums of `system`.
    pub fn add(&mut self, system: &str, amount: Money, is_matched: bool) -> Result<(), Failure> {
        let sums = self.sums(system, amount.currency);
        sums.rows += 1;
        sums.total.0 = sums.total.0.checked_add(amount.amount)?;
        let part = if is_matched { &mut sums.matched } else { &mut sums.left_over };
        part.0 = part.0.checked_add(amount.amount)?;
        Ok(())
    }

    /// Moves `amount`, which was counted as left over, to what is matched.
    pub fn match_later(&mut self, system: &str, currency: Currency, amount: Decimal) -> Result<(), Failure> {
        let sums = self.sums(system, currency);
        sums.matched.0 = sums.matched.0.checked_add(amount)?;
        sums.left_over.0 = sums.left_over.0.checked_sub(amount)?;
        Ok(())
    }

    fn sums(&mut self, system: &str, currency: Currency) -> &mut Sums {
        let zero = Number(Decimal::ZERO);
        let none = Sums { rows: 0, total: zero, matched: zero, left_over: zero };
        self.tallies.entry(format!("{system} {currency}")).or_insert(none)
    }

    /// The sums so far.
    pub fn tallies(&self) -> Vec<FindingTally> {
        let told = |(name, sums): (&String, &Sums)| {
            let (system, currency) = name.split_once(' ').unwrap_or((name, ""));
            FindingTally {
                system: system.to_owned(),
                currency: currency.to_owned(),
                rows: sums.rows,
                total: decimal_out(sums.total.0),
                matched: decimal_out(sums.matched.0),
                left_over: decimal_out(sums.left_over.0),
            }
        };
        self.tallies.iter().map(told).collect()
    }
}

fn check(scope: &Scope) -> Result<Fingerprint, Failure> {
    let Some(length) = scope.end.checked_sub(scope.start) else {
        return Err(rejected("the time to compare ends before it starts"));
    };
    if length > SCOPE_DAYS_MAX * DAY_MS {
        return Err(rejected(format!(
            "at most {SCOPE_DAYS_MAX} days are compared at once; compare a shorter time"
        )));
    }
    for kind in &scope.kinds {
        if !Kind::ALL.iter().any(|known| known.name() == kind) {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
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
