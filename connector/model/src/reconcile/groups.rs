//! Suggestions of several rows for one, or for several: part payments, split captures, one payment for two orders.
//!
//! Sums of a few numbers agree by chance, so a group must be of one known party, and small.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Ledger, Open};
use super::{ReconcileError, Search};
use crate::{Currency, Decimal};

/// Most rows that the parts of one amount are searched in: subsets of up to four of 16 are 2,516.
const POOL_MAX: usize = 16;

/// Most rows of each side in which groups of both sides are searched: subsets of two to four of 8 are 154, so 154 × 154 pairs
/// of them are compared.
const BLOCK_MAX: usize = 8;

/// Most rounds; see [`super::pairs`].
const ROUNDS_MAX: usize = 8;

/// How good a group is; the least is the best: the amount, then fewer rows, then the dates.
type Score = (Decimal, usize, u64);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    score: Score,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Group {
    fn overlaps(&self, other: &Self) -> bool {
        let share = |a: &[usize], b: &[usize]| a.iter().any(|row| b.contains(row));
        share(&self.left, &other.left) || share(&self.right, &other.right)
    }
}

/// What a search of one pool came to.
enum Found {
    Nothing,
    One(Group),
    /// Several are equally good: all their rows.
    Several(Vec<usize>, Vec<usize>),
    /// These rows were not searched.
    TooMany(Vec<(bool, usize)>),
}

/// Suggests groups: one of the left for several of the right, the reverse, then several for several.
pub(super) fn settle(ledger: &mut Ledger, search: &Search) -> Result<(), ReconcileError> {
    let mut crowded = BTreeSet::new();
    for search_all in [one_to_many, many_to_many] {
        for _ in 0..ROUNDS_MAX {
            let found = search_all(ledger, search);
            if !take(ledger, found, &mut crowded)? {
                break;
            }
        }
    }
    ledger.unsearched += crowded.len();
    Ok(())
}

/// Settles the groups that no other rivals and tosses those that an equal one does. Answers whether that changed anything.
fn take(
    ledger: &mut Ledger,
    found: Vec<Found>,
    crowded: &mut BTreeSet<(bool, usize)>,
) -> Result<bool, ReconcileError> {
    let mut groups = Vec::new();
    let mut changed = false;
    for found in found {
        match found {
            Found::Nothing => {}
            Found::One(group) => groups.push(group),
            Found::Several(left, right) => {
                ledger.toss(&left, &right);
                changed = true;
            }
            Found::TooMany(rows) => crowded.extend(rows),
        }
    }
    for (place, group) in groups.iter().enumerate() {
        if !is_open(&ledger.left, &group.left) || !is_open(&ledger.right, &group.right) {
            continue;
        }
        let others = groups.iter().enumerate().filter(|(other, _)| *other != place);
        let rivals: Vec<&Group> =
            others.map(|(_, rival)| rival).filter(|rival| rival.overlaps(group)).collect();
        match rivals.iter().map(|rival| rival.score).min() {
            // The better one goes first, and frees or takes these rows.
            Some(score) if score < group.score => continue,
            Some(score) if score == group.score => {
                let equal = rivals.into_iter().filter(|rival| rival.score == score).chain([group]);
                let (left, right): (Vec<_>, Vec<_>) =
                    equal.map(|rival| (rival.left.clone(), rival.right.clone())).unzip();
                ledger.toss(&union(left), &union(right));
            }
            _ => ledger.suggest(&group.left, &group.right)?,
        }
        changed = true;
    }
    Ok(changed)
}

fn is_open(rows: &[Open], numbers: &[usize]) -> bool {
    numbers.iter().all(|&number| rows.get(number).is_some_and(Open::is_searching))
}

/// All of these rows, each once.
fn union(rows: Vec<Vec<usize>>) -> Vec<usize> {
    let all: BTreeSet<usize> = rows.into_iter().flatten().collect();
    all.into_iter().collect()
}

fn one_to_many(ledger: &Ledger, search: &Search) -> Vec<Found> {
    let sides = [(&ledger.left, &ledger.right, true), (&ledger.right, &ledger.left, false)];
    let anchors = sides
        .into_iter()
        .flat_map(|(anchors, others, is_left)| anchors.iter().map(move |anchor| (anchor, others, is_left)));
    let known = anchors.filter(|(anchor, ..)| anchor.is_searching() && anchor.row.party.is_some());
    known.map(|(anchor, others, is_left)| parts(search, anchor, others, is_left)).collect()
}

/// The rows of the other side that add up to `anchor`.
fn parts(search: &Search, anchor: &Open, others: &[Open], is_left: bool) -> Found {
    let days = |other: &Open| {
        if is_left { search.days_apart(anchor, other) } else { search.days_apart(other, anchor) }
    };
    let pool: Vec<(usize, Decimal, u64)> = others
        .iter()
        .filter(|other| other.is_searching() && other.row.party == anchor.row.party)
        .filter_map(|other| Some((other.number, other.rest, days(other)?)))
        .collect();
    if pool.len() > POOL_MAX {
        return Found::TooMany(vec![(is_left, anchor.number)]);
    }
    let mut best = Best::default();
    each_subset(&pool, search.bounds.group_max, |rows, sum, days| {
        let (left, right) = if is_left { (anchor.rest, sum) } else { (sum, anchor.rest) };
        if let Some(off) = search.off(left, right) {
            best.see((off, rows.len(), days), rows.to_vec());
        }
    });
    best.found(|rows| if is_left { (vec![anchor.number], rows) } else { (rows, vec![anchor.number]) })
}

/// What the rows of a party, in one currency and of one sign, go by.
type Block<'a> = (Currency, bool, &'a str);

fn many_to_many(ledger: &Ledger, search: &Search) -> Vec<Found> {
    let mut blocks: BTreeMap<Block, [Vec<&Open>; 2]> = BTreeMap::new();
    for (side, rows) in [&ledger.left, &ledger.right].into_iter().enumerate() {
        for open in rows.iter().filter(|open| open.is_searching()) {
            let Some(party) = &open.row.party else { continue };
            let block = blocks.entry((open.row.amount.currency, open.rest.is_positive(), party)).or_default();
            if let Some(list) = block.get_mut(side) {
                list.push(open);
            }
        }
    }
    blocks.into_values().map(|[left, right]| block(search, &left, &right)).collect()
}

/// Groups of both sides with the same sum, to the last digit.
fn block(search: &Search, left: &[&Open], right: &[&Open]) -> Found {
    if left.len() < 2 || right.len() < 2 {
        return Found::Nothing;
    }
    if left.len() > BLOCK_MAX || right.len() > BLOCK_MAX {
        let rows = |side: &[&Open], is_left| side.iter().map(move |open| (is_left, open.number)).collect();
        let crowd: [Vec<_>; 2] = [rows(left, true), rows(right, false)];
        return Found::TooMany(crowd.concat());
    }
    let mut sums: BTreeMap<Decimal, Vec<Vec<usize>>> = BTreeMap::new();
    let pool = |rows: &[&Open]| -> Vec<_> { rows.iter().map(|open| (open.number, open.rest, 0)).collect() };
    each_subset(&pool(left), search.bounds.group_max, |rows, sum, _| {
        sums.entry(sum).or_default().push(rows.to_vec());
    });
    let mut best = Best::default();
    each_subset(&pool(right), search.bounds.group_max, |rows, sum, _| {
        for lefts in sums.get(&sum).into_iter().flatten() {
            if let Some(days) = days_between(search, left, lefts, right, rows) {
                best.see((Decimal::ZERO, lefts.len() + rows.len(), days), (lefts.clone(), rows.to_vec()));
            }
        }
    });
    best.found(|group| group)
}

/// Days between all rows of two groups, added up; none if any two may not go together.
fn days_between(
    search: &Search,
    left: &[&Open],
    lefts: &[usize],
    right: &[&Open],
    rights: &[usize],
) -> Option<u64> {
    let mut days = 0;
    for left in left.iter().filter(|open| lefts.contains(&open.number)) {
        for right in right.iter().filter(|open| rights.contains(&open.number)) {
            days += search.days_apart(left, right)?;
        }
    }
    Some(days)
}

/// The best of what was seen, and all that are as good.
struct Best<T> {
    score: Option<Score>,
    all: Vec<T>,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self { score: None, all: Vec::new() }
    }
}

impl<T> Best<T> {
    fn see(&mut self, score: Score, group: T) {
        if self.score.is_none_or(|best| score < best) {
            self.score = Some(score);
            self.all.clear();
        }
        if self.score == Some(score) {
            self.all.push(group);
        }
    }

    fn found(self, rows: impl Fn(T) -> (Vec<usize>, Vec<usize>)) -> Found {
        let Some(score) = self.score else { return Found::Nothing };
        let mut all: Vec<(Vec<usize>, Vec<usize>)> = self.all.into_iter().map(rows).collect();
        if all.len() == 1
            && let Some((left, right)) = all.pop()
        {
            return Found::One(Group { score, left, right });
        }
        let (lefts, rights): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        Found::Several(union(lefts), union(rights))
    }
}

/// Every set of two to `size_max` of `pool`, with the sum of its amounts and of its days.
fn each_subset(pool: &[(usize, Decimal, u64)], size_max: usize, mut see: impl FnMut(&[usize], Decimal, u64)) {
    grow(pool, size_max, &mut Vec::with_capacity(size_max), Decimal::ZERO, 0, &mut see);
}

fn grow(
    pool: &[(usize, Decimal, u64)],
    size_max: usize,
    rows: &mut Vec<usize>,
    sum: Decimal,
    days: u64,
    see: &mut dyn FnMut(&[usize], Decimal, u64),
) {
    if rows.len() > 1 {
        see(rows, sum, days);
    }
    if rows.len() == size_max {
        return;
    }
    let mut rest = pool;
    while let Some((&(number, amount, apart), others)) = rest.split_first() {
        rest = others;
        // A sum that does not fit is no row's amount.
        let Ok(sum) = sum.checked_add(amount) else { continue };
        rows.push(number);
        grow(others, size_max, rows, sum, days + apart, see);
        rows.pop();
    }
}
