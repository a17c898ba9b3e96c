//! Millions of rows by id: a compact index of one side, drawn down by a stream of the other.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{Currency, Decimal, DecimalError};

use super::KeyKind;

/// The rows of one side that are being collected.
///
/// A row takes 16 bytes, and 24 more for each of its keys: a million rows with a key each are 40 MB, which leaves room in the
/// 64 MB that a component may use for it.
#[derive(Debug, Default)]
pub struct Draft {
    entries: Vec<Entry>,
    rests: Vec<Decimal>,
}

/// The rows of one side, found by key.
#[derive(Debug)]
pub struct Index {
    entries: Vec<Entry>,
    rests: Vec<Decimal>,
}

/// 128 bits stand for key and currency. Among 2^20 × 2^20 pairs of different keys, one has the same bits with a probability of
/// 2^-88; vendors choose their ids, and none of them is an adversary who searches for such a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: [u64; 2],
    row: u32,
}

/// A key of a row, within its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie<'a> {
    /// What kind of key.
    pub kind: KeyKind,
    /// The key.
    pub value: &'a str,
    /// What the row's amount is of. Rows of different currencies never meet.
    pub currency: Currency,
}

/// An index cannot take another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an index holds at most {} rows; compare a shorter time at once", Draft::ROWS_MAX)]
pub struct Full;

impl Draft {
    /// Most rows of an index: with a key each 42 MB.
    pub const ROWS_MAX: usize = 1 << 20;

    /// A draft with room for `rows` rows of one key each, so that it need not be copied as it grows.
    pub fn with_capacity(rows: usize) -> Self {
        let rows = rows.min(Self::ROWS_MAX);
        Self { entries: Vec::with_capacity(rows), rests: Vec::with_capacity(rows) }
    }

    /// Takes a row in and answers its number, which counts from 0. Fails with [`Full`] beyond [`Self::ROWS_MAX`].
    pub fn row(&mut self, amount: Decimal) -> Result<u32, Full> {
        if self.rests.len() >= Self::ROWS_MAX {
            return Err(Full);
        }
        let row = u32::try_from(self.rests.len()).map_err(|_| Full)?;
        self.rests.push(amount);
        Ok(row)
    }

    /// Makes the row `row` be found by a key.
    pub fn tie(&mut self, row: u32, tie: Tie) {
        self.entries.push(Entry { hash: tie.hash(), row });
    }

    /// The index of what was taken in.
    pub fn index(mut self) -> Index {
        self.entries.sort_unstable();
        Index { entries: self.entries, rests: self.rests }
    }
}

impl Index {
    /// Draws `amount` from the rows with this key, in the order they were taken in, and answers what is left of it.
    /// `taken` is told each row and what it gave, and `refused` asked which rows must give nothing. A row never gives more
    /// than it has, nor to an amount of the other sign. Fails when a difference does not fit in a [`Decimal`].
    pub fn draw(
        &mut self,
        tie: Tie,
        amount: Decimal,
        refused: impl Fn(u32) -> bool,
        mut taken: impl FnMut(u32, Decimal),
    ) -> Result<Decimal, DecimalError> {
        let hash = tie.hash();
        let start = self.entries.partition_point(|entry| entry.hash < hash);
        let mut rest = amount;
        for entry in self.entries.iter().skip(start).take_while(|entry| entry.hash == hash) {
            let Some(open) = self.rests.get_mut(entry.row as usize) else { continue };
            let share = common(rest, *open);
            if share.is_zero() || refused(entry.row) {
                continue;
            }
            *open = open.checked_sub(share)?;
            rest = rest.checked_sub(share)?;
            taken(entry.row, share);
        }
        Ok(rest)
    }

    /// What is left of each row, by its number.
    pub fn rests(&self) -> &[Decimal] {
        &self.rests
    }
}

impl Tie<'_> {
    fn hash(&self) -> [u64; 2] {
        [0_u8, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            (half, self.kind, self.value, self.currency).hash(&mut hasher);
            hasher.finish()
        })
    }
}

/// What two amounts have in common: nothing if their signs differ, else the one closer to zero.
pub(super) fn common(a: Decimal, b: Decimal) -> Decimal {
    if a.is_positive() && b.is_positive() {
        a.min(b)
    } else if a.is_negative() && b.is_negative() {
        a.max(b)
    } else {
        Decimal::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tie<'a>(value: &'a str, currency: &str) -> Tie<'a> {
        Tie { kind: KeyKind::Own, value, currency: currency.parse().unwrap() }
    }

    fn index(rows: &[(&str, i64)]) -> Index {
        let mut draft = Draft::with_capacity(rows.len());
        for (key, amount) in rows {
            let row = draft.row((*amount).into()).unwrap();
            draft.tie(row, tie(key, "USD"));
        }
        draft.index()
    }

    fn draw(index: &mut Index, key: &str, currency: &str, amount: i64) -> (i64, Vec<(u32, i64)>) {
        let mut taken = Vec::new();
        let rest = index
            .draw(tie(key, currency), amount.into(), |_| false, |row, share| taken.push((row, share.units())))
            .unwrap();
        (rest.units(), taken)
    }

    #[test]
    fn a_payment_is_drawn_from_the_rows_of_its_key_alone() {
        let mut index = index(&[("b", 30), ("a", 50), ("b", 20)]);
        assert_eq!(draw(&mut index, "b", "USD", 40), (0, vec![(0, 30), (2, 10)]));
        assert_eq!(draw(&mut index, "b", "USD", 40), (30, vec![(2, 10)]));
        assert_eq!(draw(&mut index, "c", "USD", 5), (5, vec![]));
        assert_eq!(draw(&mut index, "a", "EUR", 5), (5, vec![]), "another currency is another key");
        assert_eq!(draw(&mut index, "a", "USD", -5), (-5, vec![]), "a refund is not a payment");
        assert_eq!(index.rests(), [0, 50, 0].map(Decimal::from));
    }

    #[test]
    fn a_row_that_is_refused_gives_nothing() {
        let mut index = index(&[("a", 50), ("a", 20)]);
        let rest = index.draw(tie("a", "USD"), 60.into(), |row| row == 0, |_, _| ()).unwrap();
        assert_eq!(rest, 40.into());
    }

    #[test]
    fn a_row_beyond_the_limit_is_refused() {
        let mut draft = Draft { entries: Vec::new(), rests: vec![Decimal::ONE; Draft::ROWS_MAX - 1] };
        assert_eq!(draft.row(Decimal::ONE), Ok(1_048_575));
        assert_eq!(draft.row(Decimal::ONE), Err(Full));
    }

    #[test]
    fn a_row_with_a_key_takes_forty_bytes() {
        assert_eq!(size_of::<Entry>() + size_of::<Decimal>(), 40);
    }
}
