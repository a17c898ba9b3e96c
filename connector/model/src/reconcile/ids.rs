//! Rows that share a key.

use std::collections::BTreeMap;

use super::index::{Draft, Index, Tie};
use super::ledger::{Ledger, Open};
use super::{Allocation, Basis, KeyKind, Parted, ReconcileError};
use crate::Decimal;

/// Allocates between rows that share a key, the strongest kind first: parts of a payment go to their order together.
pub(super) fn settle(ledger: &mut Ledger, split: &Parted) -> Result<(), ReconcileError> {
    for kind in KeyKind::ALL {
        let mut index = index(&ledger.left, kind)?;
        let mut found: BTreeMap<&str, Vec<(usize, usize, Decimal)>> = BTreeMap::new();
        for open in &ledger.right {
            draw(&mut index, open, kind, split, &mut found)?;
        }
        for shares in found.into_values() {
            let allocated =
                shares.into_iter().map(|(left, right, share)| ledger.transfer(left, right, share));
            let allocations: Vec<Option<Allocation>> = allocated.collect::<Result<_, _>>()?;
            ledger.matched(Basis::Key(kind), allocations.into_iter().flatten().collect());
        }
    }
    Ok(())
}

/// What is open of the left side, by its keys of this kind. Row numbers of the index are those of the ledger.
fn index(rows: &[Open], kind: KeyKind) -> Result<Index, ReconcileError> {
    let mut draft = Draft::with_capacity(rows.len());
    for open in rows {
        let row = draft.row(open.rest)?;
        for key in open.row.keys.iter().filter(|key| key.kind == kind) {
            draft.tie(row, Tie { kind, value: &key.value, currency: open.row.amount.currency });
        }
    }
    Ok(draft.index())
}

fn draw<'a>(
    index: &mut Index,
    open: &Open<'a>,
    kind: KeyKind,
    split: &Parted,
    found: &mut BTreeMap<&'a str, Vec<(usize, usize, Decimal)>>,
) -> Result<(), ReconcileError> {
    let mut rest = open.rest;
    for key in open.row.keys.iter().filter(|key| key.kind == kind) {
        let tie = Tie { kind, value: &key.value, currency: open.row.amount.currency };
        let refused = |row: u32| split.contains(&(row as usize, open.number));
        let mut shares = Vec::new();
        rest =
            index.draw(tie, rest, refused, |row, share| shares.push((row as usize, open.number, share)))?;
        if !shares.is_empty() {
            found.entry(&key.value).or_default().extend(shares);
        }
    }
    Ok(())
}
