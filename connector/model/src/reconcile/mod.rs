//! Which rows of two systems belong together, and what is left over.
//!
//! Rows are tied together by ids first, the strongest kind first: that is *confirmed*. What is left is matched by amount, currency,
//! party and date within stated [`Bounds`], one to one, one to many and many to many in small groups: that is *suggested*, and
//! where several partners are equally good, none is picked and all are named. A person's [`Decision`]s come before both.
//!
//! It conserves: each row's amount is allocated or left over, exactly, and [`reconcile`] proves it of every outcome before it
//! answers. The order of the rows makes no difference.
//!
//! `florecon` 0.7 is not used. Its strategies group whole rows and conserve their identity but not amounts, so a part payment
//! cannot be allocated, its searches take the lowest id of several equal partners, and its flow has float costs; and an
//! `exact_1to1` of 1,000,000 × 1,000,000 rows took 208 MB natively where the budget in a component is 64 MB.

use std::collections::BTreeSet;

use crate::{Currency, Decimal, DecimalError, Instant, Money};

mod groups;
mod ids;
pub mod index;
mod ledger;
mod pairs;

pub use index::{Draft, Full, Index};
use ledger::Ledger;

/// One of the two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one.
    Left,
    /// The other.
    Right,
}

/// What a key is, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Our own id, kept by the other system.
    Own,
    /// A reference that a person or a program gave: an invoice's number.
    Reference,
    /// What a payment says that it pays for.
    Entity,
    /// The payment provider's id of the charge.
    Charge,
}

impl KeyKind {
    /// Every kind, the strongest first.
    pub const ALL: [Self; 4] = [Self::Own, Self::Reference, Self::Entity, Self::Charge];
}

/// Something that a row is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it is.
    pub kind: KeyKind,
    /// The id.
    pub value: String,
}

/// An amount that one system knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose it is.
    pub side: Side,
    /// Its id there; no two rows of a side share one.
    pub id: String,
    /// What it is known by.
    pub keys: Vec<Key>,
    /// How much. Below zero for money that went back: such rows meet their like only.
    pub amount: Money,
    /// Who paid or owes.
    pub party: Option<String>,
    /// When.
    pub date: Option<Instant>,
}

/// How far rows without a common id may differ and still be suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How much lower the right side's amount may be, in major units of its currency.
    pub below: Decimal,
    /// How much higher it may be.
    pub above: Decimal,
    /// How many days before the left side's date the right side's may be.
    pub days_before: u32,
    /// How many days after.
    pub days_after: u32,
    /// Most rows of one side in a group; [`Bounds::GROUP_MAX`] at most.
    pub group_max: usize,
}

impl Bounds {
    /// Most rows of one side in a suggested group. What a person is asked to agree to must be seen at a glance.
    pub const GROUP_MAX: usize = 4;

    /// Most rows of one side that are searched for partners: 1,000 × 1,000 comparisons take some ten milliseconds a round.
    /// Later rows are left over, and counted as unsearched.
    pub const SEARCHED_MAX: usize = 1_000;
}

/// What a person said of a suggested or confirmed match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Ids of the left side's rows.
    pub left: Vec<String>,
    /// Ids of the right side's rows.
    pub right: Vec<String>,
    /// What was said.
    pub verdict: Verdict,
}

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They belong together.
    Accept,
    /// They do not, whatever their ids say.
    Split,
    /// They are not to be suggested again.
    Ignore,
}

/// Why rows are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A person said so.
    Decided,
    /// They share a key of this kind.
    Key(KeyKind),
    /// Amount, currency, party and date agree: only a suggestion.
    Likeness,
}

/// Rows that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Why.
    pub basis: Basis,
    /// How much of which row goes to which.
    pub allocations: Vec<Allocation>,
}

/// A part of a left row's amount that is the same money as a part of a right row's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The left row's id.
    pub left: String,
    /// The right row's id.
    pub right: String,
    /// How much.
    pub amount: Money,
}

/// What no row of the other side accounts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOver {
    /// Whose.
    pub side: Side,
    /// The row's id.
    pub id: String,
    /// How much of it.
    pub amount: Money,
}

/// Rows with several equally good partners: they are left over, and a person may pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toss {
    /// Ids of the left side's rows.
    pub left: Vec<String>,
    /// Ids of the right side's rows.
    pub right: Vec<String>,
}

/// The sums of one side in one currency: `total` = `confirmed` + `suggested` + `left_over`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Whose.
    pub side: Side,
    /// Of what.
    pub currency: Currency,
    /// How many rows.
    pub rows: usize,
    /// All of them together.
    pub total: Decimal,
    /// Matched by a person or by ids.
    pub confirmed: Decimal,
    /// Matched by likeness.
    pub suggested: Decimal,
    /// Not matched.
    pub left_over: Decimal,
}

/// What a comparison came to. Everything is in the order of the rows' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What belongs together: first what was decided, then by ids, then suggestions.
    pub matches: Vec<Match>,
    /// What does not.
    pub left_over: Vec<LeftOver>,
    /// Where the choice is a person's.
    pub tosses: Vec<Toss>,
    /// The sums, by side and currency.
    pub tallies: Vec<Tally>,
    /// Rows that no partner was looked for, because there were more than [`Bounds::SEARCHED_MAX`] of their side, or too many
    /// that might go together.
    pub unsearched: usize,
}

/// Why there is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    /// Two rows of a side share an id.
    #[error("two rows of one side have the id {0:?}")]
    SameId(String),
    /// There are too many rows.
    #[error(transparent)]
    Full(#[from] Full),
    /// A sum does not fit.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// The sums do not prove the outcome: a fault of the matching, which must not be acted on.
    #[error("the {currency} sums do not add up: {total} in all, but {accounted} accounted for")]
    Unbalanced {
        /// Of what.
        currency: Currency,
        /// All rows together.
        total: Decimal,
        /// Matched and left over together.
        accounted: Decimal,
    },
}

/// Matches `rows`. What a person decided of rows that are no longer there is left aside.
pub fn reconcile(rows: &[Row], decisions: &[Decision], bounds: &Bounds) -> Result<Outcome, ReconcileError> {
    let bounds = Bounds { group_max: bounds.group_max.min(Bounds::GROUP_MAX), ..*bounds };
    let mut ledger = Ledger::open(rows)?;
    for decision in decisions.iter().filter(|decision| decision.verdict == Verdict::Accept) {
        let (left, right) = ledger.named(decision);
        ledger.settle(Basis::Decided, &left, &right)?;
    }
    let split = parted(&ledger, decisions, |verdict| verdict == Verdict::Split);
    ids::settle(&mut ledger, &split)?;
    let parted = parted(&ledger, decisions, |verdict| verdict != Verdict::Accept);
    let search = Search { bounds: &bounds, parted: &parted };
    ledger.narrow_search(Bounds::SEARCHED_MAX);
    pairs::settle(&mut ledger, &search)?;
    groups::settle(&mut ledger, &search)?;
    ledger.close()
}

/// Pairs of rows, by number, that a person does not want together.
type Parted = BTreeSet<(usize, usize)>;

fn parted(ledger: &Ledger, decisions: &[Decision], which: impl Fn(Verdict) -> bool) -> Parted {
    let mut pairs = Parted::new();
    for decision in decisions.iter().filter(|decision| which(decision.verdict)) {
        let (left, right) = ledger.named(decision);
        pairs.extend(left.iter().flat_map(|&left| right.iter().map(move |&right| (left, right))));
    }
    pairs
}

/// What suggestions must keep to.
struct Search<'a> {
    bounds: &'a Bounds,
    parted: &'a Parted,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Search<'_> {
    /// Whole days between two rows that may belong together by currency, sign, date and decisions; none if they may not.
    fn days_apart(&self, left: &ledger::Open, right: &ledger::Open) -> Option<u64> {
        let alike = left.row.amount.currency == right.row.amount.currency
            && left.rest.is_positive() == right.rest.is_positive()
            && !self.parted.contains(&(left.number, right.number));
        if !alike {
            return None;
        }
        // Without a date there is no window.
        let (from, to) = (left.row.date?.0, right.row.date?.0);
        let days = |span: u32| u64::from(span) * DAY_MS;
        let within = if to >= from {
            to - from <= days(self.bounds.days_after)
        } else {
            from - to <= days(self.bounds.days_before)
        };
        within.then_some(from.abs_diff(to) / DAY_MS)
    }

    /// By how much the amounts differ; none if that is out of bounds.
    fn off(&self, left: Decimal, right: Decimal) -> Option<Decimal> {
        let more = right.checked_sub(left).ok()?;
        // Of money that went back, "lower" is closer to zero.
        let more = if left.is_negative() { Decimal::ZERO.checked_sub(more).ok()? } else { more };
        let less = Decimal::ZERO.checked_sub(more).ok()?;
        (more <= self.bounds.above && less <= self.bounds.below).then(|| more.max(less))
    }
}

#[cfg(test)]
mod tests;
