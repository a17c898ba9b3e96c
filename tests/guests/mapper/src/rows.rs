//! A million rows against a million rows, made on the spot, so that a bench measures the matching and no transport.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use transload_model::reconcile::index::Tie;
use transload_model::reconcile::{Draft, KeyKind};
use transload_model::{Currency, Decimal, DecimalError};
use transload_sdk::{Failure, rejected};

/// What to compare.
#[derive(Deserialize, Serialize)]
pub struct Size {
    /// Rows of each side; 2^20 at most.
    pub rows: u64,
}

/// What it came to: the same natively and in a component.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Sums {
    /// The left side in all, in cents.
    pub left_total: i64,
    /// The right side in all.
    pub right_total: i64,
    /// What both have.
    pub matched: i64,
    /// What the left side has alone.
    pub left_over: i64,
    /// What the right side has alone.
    pub right_over: i64,
    /// The memory that it took, in bytes; zero where it cannot be told.
    pub memory_bytes: u64,
}

/// Rows in a hundred of the right side whose id the left side does not know, and again those of another amount.
const ODD_PERCENT: u64 = 1;

/// Matches `size.rows` payments with as many orders by id and counts what is left over.
pub fn reconcile(size: &Size) -> Result<Sums, Failure> {
    let mut key = String::with_capacity(24);
    let mut currencies = BTreeMap::new();
    for code in ["USD", "JPY"] {
        currencies.insert(code, code.parse::<Currency>()?);
    }
    let currency = |number: u64| {
        let code = if number.is_multiple_of(10) { "JPY" } else { "USD" };
        currencies.get(code).copied().ok_or_else(|| rejected(code))
    };
    let rows = usize::try_from(size.rows).map_err(|error| rejected(error.to_string()))?;
    let mut draft = Draft::with_capacity(rows);
    let mut left_total = Decimal::ZERO;
    for number in 0..size.rows {
        let amount = amount(number)?;
        left_total = left_total.checked_add(amount)?;
        let row = draft.row(amount).map_err(|error| rejected(error.to_string()))?;
        write_key(&mut key, number);
        draft.tie(row, Tie { kind: KeyKind::Entity, value: &key, currency: currency(number)? });
    }
    let mut index = draft.index();
    let (mut right_total, mut right_over, mut matched) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    for step in 0..size.rows {
        // A stride that shares no factor with a million, so that the other side comes in another order.
        let number = step.wrapping_mul(7_368_787) % size.rows.max(1);
        let odd = mix(number ^ 0x5eed) % 100;
        let known = if odd < ODD_PERCENT { number + size.rows } else { number };
        let changed = (ODD_PERCENT..2 * ODD_PERCENT).contains(&odd);
        let paid = amount(number)?.checked_add(Decimal::new(i64::from(changed), 2)?)?;
        write_key(&mut key, known);
        let tie = Tie { kind: KeyKind::Entity, value: &key, currency: currency(number)? };
        let mut sum: Result<Decimal, DecimalError> = Ok(matched);
        let rest = index.draw(
            tie,
            paid,
            |_| false,
            |_, share| {
                sum = sum.clone().and_then(|sum| sum.checked_add(share));
            },
        )?;
        matched = sum?;
        right_total = right_total.checked_add(paid)?;
        right_over = right_over.checked_add(rest)?;
    }
    let left_over = index.rests().iter().try_fold(Decimal::ZERO, |sum, rest| sum.checked_add(*rest))?;
    Ok(Sums {
        left_total: left_total.units(),
        right_total: right_total.units(),
        matched: matched.units(),
        left_over: left_over.units(),
        right_over: right_over.units(),
        memory_bytes: memory_bytes(),
    })
}

/// An amount of up to 1,000.00.
fn amount(number: u64) -> Result<Decimal, DecimalError> {
    Decimal::new(i64::try_from(mix(number) % 100_000).unwrap_or_default(), 2)
}

/// An id of 24 digits, as the vendors' are.
fn write_key(key: &mut String, number: u64) {
    key.clear();
    // Writing to a text does not fail.
    let _ = write!(key, "{:016x}{:08x}", mix(number), number);
}

/// The finaliser of SplitMix64.
fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A component's memory never shrinks, so its size at the end is its peak.
#[cfg(target_family = "wasm")]
fn memory_bytes() -> u64 {
    core::arch::wasm32::memory_size(0) as u64 * 65_536
}

#[cfg(not(target_family = "wasm"))]
fn memory_bytes() -> u64 {
    0
}
