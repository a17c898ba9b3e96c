//! The last phase: what no id ties together is held against each other.

use std::collections::{BTreeMap, BTreeSet};

use transload_model::reconcile::{self, Basis, Bounds, KeyKind, Match, Outcome, Row, Side};
use transload_model::{Decimal, Money};
use transload_sdk::{Context, Failure, rejected};

use super::kinds::{DUPLICATE_PAYMENT, TOO_MANY_LEFT_OVER, UNMATCHED_PAYMENT};
use super::memory::{self, Kept, Suggested};
use super::payments::unmatched;
use super::{Cursor, Difference, KEPT_MAX, Page, Seen};
use crate::events::GHL;

/// How an order without its payment and a payment without its order may differ. GoHighLevel's amounts are exact, so no difference
/// is let pass; people pay up to two days before the order is entered, and, by invoice, up to a month after.
const BOUNDS: Bounds =
    Bounds { below: Decimal::ZERO, above: Decimal::ZERO, days_before: 2, days_after: 31, group_max: 3 };

/// Matches what was kept: orders whose money was not found with them, and payments whose order was not. `unpaid` says of an
/// order, and what is due for it, that no payment might be for it.
pub fn page<P>(
    cx: &Context,
    cursor: &mut Cursor<P>,
    unpaid: impl Fn(&str, Money) -> Difference,
) -> Result<Page, Failure> {
    let kept = memory::kept(cx, &cursor.scope)?;
    let rows = kept.iter().map(Kept::row).collect::<Result<Vec<Row>, Failure>>()?;
    let decisions = memory::decisions(cx)?;
    let outcome =
        reconcile::reconcile(&rows, &decisions, &BOUNDS).map_err(|error| rejected(error.to_string()))?;
    let mut page = Page::default();
    let mut suggested = BTreeSet::new();
    for matched in &outcome.matches {
        if matched.basis == Basis::Likeness {
            page.found.push(suggestion(cx, matched, &mut suggested)?);
            continue;
        }
        for allocation in &matched.allocations {
            cursor.tallies.match_later(GHL, allocation.amount.currency, allocation.amount.amount)?;
        }
    }
    for left in outcome.left_over.iter().filter(|left| left.side == Side::Left) {
        let is_told = kept.iter().any(|kept| kept.told && kept.is_left() && kept.id() == left.id);
        if !is_told && !suggested.contains(&left.id) {
            page.found.push(unpaid(&left.id, left.amount));
        }
    }
    for left in outcome.left_over.iter().filter(|left| left.side == Side::Right) {
        if !suggested.contains(&left.id) {
            page.found.push(unmatched(&left.id, left.amount, candidates(&outcome, &left.id)));
        }
    }
    page.found.extend(doubled(&rows));
    let beyond: u64 = cursor.kept.iter().map(|kept| kept.saturating_sub(KEPT_MAX)).sum();
    let unsearched = beyond + outcome.unsearched as u64;
    if unsearched > 0 {
        page.found.push(too_many(cursor, unsearched));
    }
    memory::forget_kept(cx, &cursor.scope)?;
    page.is_last = true;
    Ok(page)
}

/// A match that a person should agree to. Accepting it writes nothing to GoHighLevel, which has no call that gives a payment an
/// order: from then on it counts as matched.
fn suggestion(
    cx: &Context,
    matched: &Match,
    suggested: &mut BTreeSet<String>,
) -> Result<Difference, Failure> {
    let ids = |pick: fn(&reconcile::Allocation) -> &String| -> Vec<String> {
        let ids: BTreeSet<&String> = matched.allocations.iter().map(pick).collect();
        ids.into_iter().cloned().collect()
    };
    let (left, right) = (ids(|allocation| &allocation.left), ids(|allocation| &allocation.right));
    let mut sum: Option<Money> = None;
    for allocation in &matched.allocations {
        sum = Some(sum.map_or(Ok(allocation.amount), |sum| sum.checked_add(allocation.amount))?);
    }
    let (orders, payments) = (left.join(", "), right.join(", "));
    let amount = sum.map(|sum| sum.to_string()).unwrap_or_default();
    let message = format!(
        "payment {payments} of {amount} names no order; by amount, customer and date it is for {orders}"
    );
    let seen = |ids: &[String], told: &str| {
        let seen = Seen::new(GHL, ids.first().map(String::as_str)).value(told);
        sum.map_or(seen.clone(), |sum| seen.amount(sum))
    };
    let subject = right.first().map(String::as_str).unwrap_or_default();
    let sides = (seen(&left, &orders), seen(&right, &payments));
    let difference = Difference::new(UNMATCHED_PAYMENT, subject, sides.0, sides.1, message).suggested();
    suggested.extend(left.iter().chain(&right).cloned());
    memory::suggest(cx, &difference.id(), &Suggested { left, right })?;
    Ok(difference)
}

/// The orders that a payment might as well be for.
fn candidates(outcome: &Outcome, payment: &str) -> Option<String> {
    let toss = outcome.tosses.iter().find(|toss| toss.right.iter().any(|id| id == payment))?;
    Some(toss.left.join(" or "))
}

/// Payments without an order that are of one charge.
fn doubled(rows: &[Row]) -> Vec<Difference> {
    let mut charges: BTreeMap<&str, &Row> = BTreeMap::new();
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| row.side == Side::Right) {
        let Some(charge) = row.keys.iter().find(|key| key.kind == KeyKind::Charge) else { continue };
        let Some(first) = charges.insert(&charge.value, row) else { continue };
        let message = format!("payments {} and {} are both of the charge {}", first.id, row.id, charge.value);
        let seen = |row: &Row| Seen::new(GHL, Some(&row.id)).amount(row.amount);
        found.push(Difference::new(DUPLICATE_PAYMENT, &row.id, seen(first), seen(row), message));
    }
    found
}

fn too_many<P>(cursor: &Cursor<P>, unsearched: u64) -> Difference {
    let message = format!(
        "{unsearched} orders or payments without a partner were more than are searched; compare a shorter time"
    );
    let side = Seen::new(GHL, None);
    Difference::new(
        TOO_MANY_LEFT_OVER,
        &cursor.scope,
        side.clone().value(unsearched.to_string()),
        side,
        message,
    )
}
