//! Checking what a reconciliation says: sums that add up, findings that can be kept.

use std::collections::BTreeSet;

use super::super::trouble::check_events;
use crate::contract::{Decimal, Description, Finding, FindingPage, Side, Tally};
use crate::storage::JobRecord;

/// Findings of one page. With a kilobyte each they are held in memory beside the page's own text.
pub const FINDINGS_PER_PAGE_MAX: usize = 10_000;

/// Findings of one job. With more, people read none of them: the scope is too wide, or the settings are wrong.
pub const FINDINGS_PER_JOB_MAX: u64 = 100_000;

/// Pages of one job. A connector that goes on and on has lost its way; a million rows in pages of a hundred are a hundredth
/// of this.
const PAGES_PER_JOB_MAX: u64 = 1_000_000;

/// Objects that one page compares: a thousand times what fits into a connector's memory.
const CHECKED_PER_PAGE_MAX: u64 = 1_000_000_000;

/// The largest event of a repair, in bytes of JSON. An order of a hundred lines has about 40 KB.
const REPAIR_BYTES_MAX: usize = 64 << 10;

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
    if page.checked > CHECKED_PER_PAGE_MAX {
        return Err(format!(
            "it says that it compared {} objects, more than {CHECKED_PER_PAGE_MAX}",
            page.checked
        ));
    }
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

/// Check whether `job` may go on, with this cursor.
pub(super) fn cursor(job: &JobRecord, cursor: &str) -> Result<(), String> {
    if job.counters.pages + 1 >= PAGES_PER_JOB_MAX {
        return Err(format!("the job has {PAGES_PER_JOB_MAX} pages and is not at its end; narrow its scope"));
    }
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
    let Some(repair) = repair else { return Ok(()) };
    check_events(description, std::slice::from_ref(&repair.event))?;
    match serde_json::to_vec(&repair.event).map_err(|error| error.to_string())?.len() {
        0..=REPAIR_BYTES_MAX => Ok(()),
        bytes => Err(format!("the repair of finding {id:?} has {bytes} bytes, more than {REPAIR_BYTES_MAX}")),
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
    use crate::contract::{Certainty, Event, Repair, Severity};
    use crate::runtime::tests::fake::{description, event};
    use crate::storage::{Counters, JobKind, JobScope, JobState};

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
    fn a_cursor_and_the_pages_of_a_job_have_limits() {
        let mut job = job();
        assert_eq!(cursor(&job, &"x".repeat(CURSOR_BYTES_MAX)), Ok(()));
        assert!(cursor(&job, &"x".repeat(CURSOR_BYTES_MAX + 1)).is_err());
        job.counters.pages = PAGES_PER_JOB_MAX - 2;
        assert_eq!(cursor(&job, "x"), Ok(()));
        job.counters.pages += 1;
        assert!(cursor(&job, "x").unwrap_err().contains("1000000 pages"));
    }

    fn job() -> JobRecord {
        JobRecord {
            number: 1,
            connection: "shop".to_owned(),
            kind: JobKind::Reconcile,
            scope: JobScope { from: 0, to: 1, names: Vec::new() },
            state: JobState::Running,
            step: 0,
            cursor: None,
            counters: Counters::default(),
            tallies: Vec::new(),
            reason: None,
            started_at: 0,
            updated_at: 0,
            ended_at: None,
        }
    }

    fn found(count: usize) -> FindingPage {
        let side = |_| Side { system: "ghl".to_owned(), id: None, value: None, amount: None };
        let finding = |number: usize| Finding {
            id: number.to_string(),
            kind: "amount".to_owned(),
            severity: Severity::Info,
            certainty: Certainty::Confirmed,
            subject: "order-1".to_owned(),
            message: String::new(),
            left: side(0),
            right: side(1),
            repair: None,
        };
        let findings = (0..count).map(finding).collect();
        FindingPage { findings, checked: 0, tallies: Vec::new(), cursor: None }
    }

    #[test]
    fn findings_have_limits() {
        let (description, mut job) = (description(), job());
        let check = |job: &JobRecord, page: &FindingPage| findings(&description, job, page);
        assert_eq!(check(&job, &found(FINDINGS_PER_PAGE_MAX)), Ok(()));
        assert!(check(&job, &found(FINDINGS_PER_PAGE_MAX + 1)).unwrap_err().contains("10001 findings"));
        job.counters.findings = FINDINGS_PER_JOB_MAX - 1;
        assert_eq!(check(&job, &found(1)), Ok(()));
        assert!(check(&job, &found(2)).unwrap_err().contains("more than 100000 differences"));
        job.counters.findings = 0;
        let mut page = found(1);
        page.findings[0].id = "x".repeat(NAME_BYTES_MAX);
        page.findings[0].message = "x".repeat(TEXT_BYTES_MAX);
        page.checked = CHECKED_PER_PAGE_MAX;
        assert_eq!(check(&job, &page), Ok(()));
        page.checked += 1;
        assert!(check(&job, &page).unwrap_err().contains("1000000001 objects"));
        page.checked = 0;
        page.findings[0].id.push('x');
        assert!(check(&job, &page).unwrap_err().contains("201 bytes"));
        page.findings[0].id = "a\nb".to_owned();
        assert!(check(&job, &page).unwrap_err().contains("no control characters"));
        page = found(1);
        page.findings[0].message = "x".repeat(TEXT_BYTES_MAX + 1);
        assert!(check(&job, &page).unwrap_err().contains("4097 bytes"));
        let mut repair = event("repair", "order-1");
        let empty = serde_json::to_vec(&Event { raw: Some(String::new()), ..repair.clone() }).unwrap().len();
        for (bytes, fits) in [(REPAIR_BYTES_MAX - empty, true), (REPAIR_BYTES_MAX - empty + 1, false)] {
            repair.raw = Some("x".repeat(bytes));
            let title = String::new();
            page = found(1);
            page.findings[0].repair = Some(Repair { title, event: repair.clone() });
            assert_eq!(check(&job, &page).is_ok(), fits);
        }
        let sum = |number: usize| Tally { system: number.to_string(), ..tally(zero(), zero(), zero()) };
        assert_eq!(tallies(&(0..TALLIES_MAX).map(sum).collect::<Vec<_>>()), Ok(()));
        assert!(tallies(&(0..=TALLIES_MAX).map(sum).collect::<Vec<_>>()).unwrap_err().contains("1001 sums"));
    }

    fn zero() -> Decimal {
        decimal(0, 0)
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
