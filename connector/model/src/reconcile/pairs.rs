//! Suggestions of one row for one other.

use super::ledger::{Ledger, Open};
use super::{ReconcileError, Search};
use crate::Decimal;

/// Most rounds. A round settles at least the best pair there is and frees its rivals for another; real ledgers need
/// three or four.
const ROUNDS_MAX: usize = 32;

/// How good a pair is; the least is the best: a known party, then the amount, then the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    stranger: bool,
    off: Decimal,
    days: u64,
}

/// Suggests pairs of which each is the only best partner of the other. Where there are several, the rows are tossed; unless all
/// of them together add up to the same: two equal payments for two equal orders.
pub(super) fn settle(ledger: &mut Ledger, search: &Search) -> Result<(), ReconcileError> {
    for _ in 0..ROUNDS_MAX {
        let edges = best_edges(ledger, search);
        if edges.is_empty() {
            break;
        }
        for (left, right) in components(edges, ledger.left.len(), ledger.right.len()) {
            let fits = left.len() <= search.bounds.group_max && right.len() <= search.bounds.group_max;
            if left.len() == 1 && right.len() == 1 || fits && is_even(ledger, &left, &right) {
                ledger.suggest(&left, &right)?;
            } else {
                ledger.toss(&left, &right);
            }
        }
    }
    Ok(())
}

fn is_even(ledger: &Ledger, left: &[usize], right: &[usize]) -> bool {
    let sum = |rows: &[Open], numbers: &[usize]| {
        let open = numbers.iter().filter_map(|&number| rows.get(number));
        open.map(|open| open.rest).try_fold(Decimal::ZERO, Decimal::checked_add)
    };
    match (sum(&ledger.left, left), sum(&ledger.right, right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

/// Pairs of which neither row has a better partner.
fn best_edges(ledger: &Ledger, search: &Search) -> Vec<(usize, usize)> {
    let mut best_left: Vec<Option<Score>> = vec![None; ledger.left.len()];
    let mut best_right: Vec<Option<Score>> = vec![None; ledger.right.len()];
    each_pair(ledger, search, |left, right, score| {
        better(best_left.get_mut(left), score);
        better(best_right.get_mut(right), score);
    });
    let mut edges = Vec::new();
    let is = |best: Option<&Option<Score>>, score: Score| best.copied().flatten() == Some(score);
    each_pair(ledger, search, |left, right, score| {
        if is(best_left.get(left), score) && is(best_right.get(right), score) {
            edges.push((left, right));
        }
    });
    edges
}

fn better(best: Option<&mut Option<Score>>, score: Score) {
    if let Some(best) = best
        && best.is_none_or(|best| score < best)
    {
        *best = Some(score);
    }
}

fn each_pair(ledger: &Ledger, search: &Search, mut see: impl FnMut(usize, usize, Score)) {
    for left in ledger.left.iter().filter(|open| open.is_searching()) {
        for right in ledger.right.iter().filter(|open| open.is_searching()) {
            if let Some(score) = score(search, left, right) {
                see(left.number, right.number, score);
            }
        }
    }
}

/// How good a pair is; none if it is out of bounds, or the rows are of different parties.
fn score(search: &Search, left: &Open, right: &Open) -> Option<Score> {
    let stranger = match (&left.row.party, &right.row.party) {
        (Some(left), Some(right)) if left != right => return None,
        (Some(_), Some(_)) => false,
        _ => true,
    };
    let days = search.days_apart(left, right)?;
    let off = search.off(left.rest, right.rest)?;
    Some(Score { stranger, off, days })
}

/// The rows that these pairs hang together by.
fn components(edges: Vec<(usize, usize)>, lefts: usize, rights: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); lefts + rights];
    for (left, right) in edges {
        let right = lefts + right;
        for (from, to) in [(left, right), (right, left)] {
            if let Some(list) = neighbours.get_mut(from) {
                list.push(to);
            }
        }
    }
    let mut found = Vec::new();
    for start in 0..lefts {
        let mut waiting = vec![start];
        let (mut left, mut right) = (Vec::new(), Vec::new());
        while let Some(node) = waiting.pop() {
            // A node's list is taken when it is visited, so an empty one was, or has no partner.
            let list = neighbours.get_mut(node).map(std::mem::take).unwrap_or_default();
            if list.is_empty() {
                continue;
            }
            if node < lefts {
                left.push(node)
            } else {
                right.push(node - lefts)
            }
            waiting.extend(list);
        }
        if !left.is_empty() {
            left.sort_unstable();
            right.sort_unstable();
            found.push((left, right));
        }
    }
    found
}
