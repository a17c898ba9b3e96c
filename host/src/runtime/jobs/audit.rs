//! Checking what a reconciliation says: sums that add up, findings that can be kept.

use std::collections::BTreeSet;

use super::super::trouble::check_events;
use crate::contract::{Decimal, Description, Finding, FindingPage, Side, Tally};
use crate::storage::JobRecord;

/// Findings of one page. With a kilobyte each they are held in memory beside the page's own text.
pub const FINDINGS_PER_PAGE_MAX: usize = 10_000;

/// Findings of one job. With more, people read none of them: the scope is too wide, or the settings are wrong.
pub const FINDINGS_PER_JOB_MAX: u64 = 100_000;

/// Sums of one page: a few systems, and no more currencies than there are.
const TALLIES_MAX: usize = 1_000;

/// The longest cursor, in bytes: what one entry of a connector's store may have.
const CURSOR_BYTES_MAX: usize = 1 << 20;

/// The longest id, kind or subject of a finding, in bytes; as events' ids. The id becomes part of a key of the store.
const NAME_BYTES_MAX: usize = 200;

/// The longest text of a finding, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// The largest exponent of an amount; the contract says so.
const EXPONENT_MAX: u8 = 18;

/// Check a page of `job`. Fails with what is wrong.
pub(super) fn findings(description: &Description, job: &JobRecord, page: &FindingPage) -> Result<(), String> {
    tallies(&page.tallies)?;
    let count = page.findings.len();
    if count > FINDINGS_PER_PAGE_MAX {
        return Err(format!(
            "it has {count} findings, more than {FINDINGS_PER_PAGE_MAX}; answer in smaller pages"
        ));
    }
    if job.counters.findings.saturating_add(count as u64) > FINDINGS_PER_JOB_MAX {
        return Err(format!(
            "the run has found more than {FINDINGS_PER_JOB_MAX} differences; narrow its scope, or look whether the \
             settings are right"
        ));
    }
    let mut ids = BTreeSet::new();
    for finding in &page.findings {
        check(description, finding)?;
        if !ids.insert(&finding.id) {
            return Err(format!("two findings have the id {:?}", finding.id));
        }
    }
    Ok(())
}

/// Check a cursor's length.
pub(super) fn cursor(cursor: &str) -> Result<(), String> {
    match cursor.len() {
        0..=CURSOR_BYTES_MAX => Ok(()),
        bytes => Err(format!("its cursor has {bytes} bytes, more than {CURSOR_BYTES_MAX}")),
    }
}

fn check(description: &Description, finding: &Finding) -> Result<(), String> {
    let Finding { id, kind, subject, message, left, right, repair, .. } = finding;
    for (what, text) in [("id", id), ("kind", kind), ("subject", subject)] {
        if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(format!(
                "the {what} of finding {id:?} has {} bytes; 1 to {NAME_BYTES_MAX} are allowed, and no control characters",
                text.len()
            ));
        }
    }
    let title = repair.as_ref().map(|repair| &repair.title);
    for text in [Some(message), left.value.as_ref(), right.value.as_ref(), title].into_iter().flatten() {
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!(
                "a text of finding {id:?} has {} bytes, more than {TEXT_BYTES_MAX}",
                text.len()
            ));
        }
    }
    for side in [left, right] {
        check_side(description, id, side)?;
    }
    match repair {
        Some(repair) => check_events(description, std::slice::from_ref(&repair.event)),
        None => Ok(()),
    }
}

fn check_side(description: &Description, id: &str, side: &Side) -> Result<(), String> {
    if !description.apis.iter().any(|api| api.name == side.system) {
        return Err(format!(
            "finding {id:?} names the system {:?}, which is no API of the manifest",
            side.system
        ));
    }
    match &side.amount {
        Some(money) if money.amount.exponent > EXPONENT_MAX => Err(format!(
            "an amount of finding {id:?} has the exponent {}, more than {EXPONENT_MAX}",
            money.amount.exponent
        )),
        _ => Ok(()),
    }
}

/// Money that is neither matched nor left over would have vanished; more than there is would have been made up.
fn tallies(tallies: &[Tally]) -> Result<(), String> {
    if tallies.len() > TALLIES_MAX {
        return Err(format!("it has {} sums, more than {TALLIES_MAX}", tallies.len()));
    }
    let mut seen = BTreeSet::new();
    for tally in tallies {
        let Tally { system, currency, total, matched, left_over, .. } = tally;
        if !seen.insert((system, currency)) {
            return Err(format!("it has two sums of {system} in {currency}"));
        }
        let parts = scaled(matched)
            .zip(scaled(left_over))
            .and_then(|(matched, left_over)| matched.checked_add(left_over));
        if scaled(total).is_none() || parts != scaled(total) {
            return Err(format!(
                "the sums of {system} in {currency} do not add up: the total is {}, but {} is matched and {} is left over",
                text(total),
                text(matched),
                text(left_over)
            ));
        }
    }
    Ok(())
}

/// In units of 10^-18, exactly; none for an exponent that the contract does not allow. At most 9.3 × 10^18 units times 10^18
/// is a twentieth of what fits.
fn scaled(decimal: &Decimal) -> Option<i128> {
    let shift = EXPONENT_MAX.checked_sub(decimal.exponent)?;
    i128::from(decimal.units).checked_mul(10_i128.checked_pow(u32::from(shift))?)
}

/// A decimal as a person writes it: 15010 with exponent 2 is `150.10`.
pub(in crate::runtime) fn text(decimal: &Decimal) -> String {
    let exponent = usize::from(decimal.exponent);
    let digits = format!("{:0>width$}", decimal.units.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let sign = if decimal.units < 0 { "-" } else { "" };
    if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(units: i64, exponent: u8) -> Decimal {
        Decimal { units, exponent }
    }

    fn tally(total: Decimal, matched: Decimal, left_over: Decimal) -> Tally {
        let (system, currency) = ("ghl".to_owned(), "USD".to_owned());
        Tally { system, currency, rows: 1, total, matched, left_over }
    }

    #[test]
    fn sums_have_to_add_up_to_the_last_digit() {
        assert_eq!(tallies(&[tally(decimal(15010, 2), decimal(150, 0), decimal(1, 1))]), Ok(()));
        let error = tallies(&[tally(decimal(15010, 2), decimal(150, 0), decimal(100_001, 6))]).unwrap_err();
        assert!(
            error.contains("the total is 150.10, but 150 is matched and 0.100001 is left over"),
            "{error}"
        );
        // At the edges of what a decimal holds.
        let most = decimal(i64::MAX, 0);
        assert_eq!(tallies(&[tally(most, most, decimal(0, 18))]), Ok(()));
        assert!(tallies(&[tally(most, most, most)]).is_err());
        assert!(tallies(&[tally(decimal(0, 19), decimal(0, 19), decimal(0, 19))]).is_err());
        let zero = decimal(0, 0);
        assert!(
            tallies(&[tally(zero, zero, zero), tally(zero, zero, zero)]).unwrap_err().contains("two sums")
        );
    }

    #[test]
    fn a_decimal_reads_as_a_person_writes_it() {
        for (units, exponent, expected) in [
            (15010, 2, "150.10"),
            (-5, 2, "-0.05"),
            (0, 0, "0"),
            (0, 2, "0.00"),
            (12, 0, "12"),
            (1, 18, "0.000000000000000001"),
        ] {
            assert_eq!(text(&decimal(units, exponent)), expected);
        }
        assert_eq!(text(&decimal(i64::MIN, 18)), "-9.223372036854775808");
    }

    #[test]
    fn a_cursor_has_a_limit() {
        assert_eq!(cursor(&"x".repeat(CURSOR_BYTES_MAX)), Ok(()));
        assert!(cursor(&"x".repeat(CURSOR_BYTES_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn a_unit_that_is_made_up_or_lost_is_noticed(
            matched in -1_000_000_000_i64..1_000_000_000,
            left_over in -1_000_000_000_i64..1_000_000_000,
            exponent in 0_u8..=18,
            off in prop::sample::select(vec![-1_i64, 0, 1]),
        ) {
            let total = decimal(matched + left_over + off, exponent);
            let sums = tallies(&[tally(total, decimal(matched, exponent), decimal(left_over, exponent))]);
            prop_assert_eq!(sums.is_ok(), off == 0);
        }
    }
}
