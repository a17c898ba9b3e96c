//! The rows under work: what of each is still open, and what was allocated.

use std::collections::BTreeMap;

use super::index::common;
use super::{Allocation, Basis, Decision, LeftOver, Match, Outcome, ReconcileError, Row, Side, Tally, Toss};
use crate::{Currency, Decimal, Money};

/// A row and what is not allocated of it.
pub(super) struct Open<'a> {
    pub row: &'a Row,
    /// Its place among its side's rows.
    pub number: usize,
    pub rest: Decimal,
    /// Whether partners are still looked for.
    pub wanted: bool,
}

impl Open<'_> {
    /// Whether a partner is looked for.
    pub fn is_searching(&self) -> bool {
        self.wanted && !self.rest.is_zero()
    }
}

/// All rows, a list for each side, in the order of their ids: so input order makes no difference.
pub(super) struct Ledger<'a> {
    pub left: Vec<Open<'a>>,
    pub right: Vec<Open<'a>>,
    matches: Vec<Match>,
    tosses: Vec<Toss>,
    pub unsearched: usize,
}

impl<'a> Ledger<'a> {
    pub fn open(rows: &'a [Row]) -> Result<Self, ReconcileError> {
        let [left, right] = [Side::Left, Side::Right].map(|side| {
            let mut rows: Vec<&Row> = rows.iter().filter(|row| row.side == side).collect();
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            rows
        });
        for side in [&left, &right] {
            let doubled = side.iter().zip(side.iter().skip(1)).find(|(row, next)| row.id == next.id);
            if let Some((row, _)) = doubled {
                return Err(ReconcileError::SameId(row.id.clone()));
            }
        }
        let open = |rows: Vec<&'a Row>| {
            let opened = rows.into_iter().enumerate();
            opened.map(|(number, row)| Open { row, number, rest: row.amount.amount, wanted: true }).collect()
        };
        Ok(Self {
            left: open(left),
            right: open(right),
            matches: Vec::new(),
            tosses: Vec::new(),
            unsearched: 0,
        })
    }

    /// The rows that a decision names, by number.
    pub fn named(&self, decision: &Decision) -> (Vec<usize>, Vec<usize>) {
        let find = |side: &[Open], ids: &[String]| {
            ids.iter().filter_map(|id| side.binary_search_by(|open| open.row.id.cmp(id)).ok()).collect()
        };
        (find(&self.left, &decision.left), find(&self.right, &decision.right))
    }

    /// Allocates as much as these rows have in common, as one match.
    pub fn settle(&mut self, basis: Basis, left: &[usize], right: &[usize]) -> Result<(), ReconcileError> {
        let mut allocations = Vec::new();
        for &left in left {
            for &right in right {
                allocations.extend(self.allocate(left, right)?);
            }
        }
        self.matched(basis, allocations);
        Ok(())
    }

    fn allocate(&mut self, left: usize, right: usize) -> Result<Option<Allocation>, ReconcileError> {
        let (Some(left), Some(right)) = (self.left.get_mut(left), self.right.get_mut(right)) else {
            return Ok(None);
        };
        if left.row.amount.currency != right.row.amount.currency {
            return Ok(None);
        }
        let share = common(left.rest, right.rest);
        if share.is_zero() {
            return Ok(None);
        }
        give(left, right, share).map(Some)
    }

    /// Allocates `share`, which the index has found both rows to have.
    pub fn transfer(
        &mut self,
        left: usize,
        right: usize,
        share: Decimal,
    ) -> Result<Option<Allocation>, ReconcileError> {
        match (self.left.get_mut(left), self.right.get_mut(right)) {
            (Some(left), Some(right)) => give(left, right, share).map(Some),
            _ => Ok(None),
        }
    }

    pub fn matched(&mut self, basis: Basis, allocations: Vec<Allocation>) {
        if !allocations.is_empty() {
            self.matches.push(Match { basis, allocations });
        }
    }

    /// Suggests these rows for one another. What that leaves of them, within the bounds, is the difference and not looked
    /// at again.
    pub fn suggest(&mut self, left: &[usize], right: &[usize]) -> Result<(), ReconcileError> {
        self.settle(Basis::Likeness, left, right)?;
        set_aside(&mut self.left, left);
        set_aside(&mut self.right, right);
        Ok(())
    }

    /// Leaves these rows over: each has several equally good partners.
    pub fn toss(&mut self, left: &[usize], right: &[usize]) {
        let toss = Toss { left: set_aside(&mut self.left, left), right: set_aside(&mut self.right, right) };
        self.tosses.push(toss);
    }

    /// Keeps the search to the first `limit` open rows of each side, the oldest first.
    pub fn narrow_search(&mut self, limit: usize) {
        for side in [&mut self.left, &mut self.right] {
            let mut open: Vec<&mut Open> = side.iter_mut().filter(|open| open.is_searching()).collect();
            open.sort_by_key(|open| (open.row.date, open.number));
            for beyond in open.into_iter().skip(limit) {
                beyond.wanted = false;
                self.unsearched += 1;
            }
        }
    }

    /// The outcome, with the proof that nothing was made or lost.
    pub fn close(self) -> Result<Outcome, ReconcileError> {
        let mut sums: BTreeMap<(Side, Currency), Tally> = BTreeMap::new();
        let mut left_over = Vec::new();
        for (side, rows) in [(Side::Left, &self.left), (Side::Right, &self.right)] {
            for open in rows {
                let tally = tally(&mut sums, side, open.row.amount.currency);
                tally.rows += 1;
                tally.total = tally.total.checked_add(open.row.amount.amount)?;
                tally.left_over = tally.left_over.checked_add(open.rest)?;
                if !open.rest.is_zero() {
                    let amount = Money::new(open.rest, open.row.amount.currency);
                    left_over.push(LeftOver { side, id: open.row.id.clone(), amount });
                }
            }
        }
        for matched in &self.matches {
            for allocation in &matched.allocations {
                for side in [Side::Left, Side::Right] {
                    let tally = tally(&mut sums, side, allocation.amount.currency);
                    let sum = match matched.basis {
                        Basis::Decided | Basis::Key(_) => &mut tally.confirmed,
                        Basis::Likeness => &mut tally.suggested,
                    };
                    *sum = sum.checked_add(allocation.amount.amount)?;
                }
            }
        }
        let tallies: Vec<Tally> = sums.into_values().collect();
        tallies.iter().try_for_each(prove)?;
        Ok(Outcome {
            matches: self.matches,
            left_over,
            tosses: self.tosses,
            tallies,
            unsearched: self.unsearched,
        })
    }
}

/// Looks for no more partners of these rows, and answers their ids.
fn set_aside(rows: &mut [Open], numbers: &[usize]) -> Vec<String> {
    let mut ids = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let Some(open) = rows.get_mut(number) else { continue };
        open.wanted = false;
        ids.push(open.row.id.clone());
    }
    ids
}

fn give(left: &mut Open, right: &mut Open, share: Decimal) -> Result<Allocation, ReconcileError> {
    left.rest = left.rest.checked_sub(share)?;
    right.rest = right.rest.checked_sub(share)?;
    Ok(Allocation {
        left: left.row.id.clone(),
        right: right.row.id.clone(),
        amount: Money::new(share, left.row.amount.currency),
    })
}

fn tally(sums: &mut BTreeMap<(Side, Currency), Tally>, side: Side, currency: Currency) -> &mut Tally {
    let zero = Decimal::ZERO;
    sums.entry((side, currency)).or_insert(Tally {
        side,
        currency,
        rows: 0,
        total: zero,
        confirmed: zero,
        suggested: zero,
        left_over: zero,
    })
}

fn prove(tally: &Tally) -> Result<(), ReconcileError> {
    let matched = tally.confirmed.checked_add(tally.suggested)?;
    let accounted = matched.checked_add(tally.left_over)?;
    if accounted == tally.total {
        return Ok(());
    }
    Err(ReconcileError::Unbalanced { currency: tally.currency, total: tally.total, accounted })
}
