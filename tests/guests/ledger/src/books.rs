//! The books of two systems, and how they differ.

use transload_sdk::bindings::exports::transload::connector::reconciliation::{
    Certainty, Finding, Repair, Side, Tally,
};
use transload_sdk::bindings::transload::connector::types::{Decimal, Money};
use transload_sdk::{Context, Failure, FindingPage, Scope, Severity, convert, rejected};

use crate::{BOOKS, Settings, event, row};

/// The money of one row, in cents.
const ROW_CENTS: i64 = 150;

/// The kinds of difference.
const KINDS: [&str; 2] = ["missing", "amount"];

pub(crate) fn page(
    cx: &Context,
    settings: &Settings,
    scope: &Scope,
    cursor: Option<&str>,
) -> Result<FindingPage, Failure> {
    if let Some(unknown) = scope.kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(rejected(format!("there is no kind {unknown:?}; there are: {}", KINDS.join(", "))));
    }
    let from = row(cursor)?;
    let to = from.saturating_add(settings.page).min(settings.rows);
    let mut findings = Vec::new();
    for number in from..to.min(settings.planted) {
        if cx.store.get(&format!("fixed/{number}"))?.is_none() {
            findings.push(finding(number)?);
        }
    }
    findings.retain(|finding| scope.kinds.is_empty() || scope.kinds.contains(&finding.kind));
    cx.store.put("compared", to.to_string().as_bytes())?;
    Ok(FindingPage {
        findings,
        checked: u64::from(to - from),
        tallies: vec![tally(settings, to)],
        cursor: (to < settings.rows).then(|| to.to_string()),
    })
}

fn finding(number: u32) -> Result<Finding, Failure> {
    let tied = number.is_multiple_of(2);
    let side = |cents| Side {
        system: BOOKS.name.to_owned(),
        id: Some(format!("row-{number}")),
        value: None,
        amount: Some(Money { amount: cents_of(cents), currency: "USD".to_owned() }),
    };
    let repair = event(format!("repair-{number}"), &format!("repair-{number}"))?;
    Ok(Finding {
        id: format!("row-{number}/{}", if tied { "missing" } else { "amount" }),
        kind: if tied { "missing" } else { "amount" }.to_owned(),
        severity: if tied { Severity::Critical } else { Severity::Warning },
        certainty: if tied { Certainty::Confirmed } else { Certainty::Suggested },
        subject: format!("order-{number}"),
        message: format!("row {number} differs"),
        left: side(ROW_CENTS),
        right: side(0),
        repair: Some(Repair { title: format!("write row {number}"), event: convert::event_out(repair) }),
    })
}

/// The sums of the first `rows` rows.
fn tally(settings: &Settings, rows: u32) -> Tally {
    let cents = |rows: u32| i64::from(rows) * ROW_CENTS;
    let planted = settings.planted.min(rows);
    let lost = i64::from(settings.bad_sums);
    Tally {
        system: BOOKS.name.to_owned(),
        currency: "USD".to_owned(),
        rows: u64::from(rows),
        total: cents_of(cents(rows)),
        matched: cents_of(cents(rows - planted) - lost),
        left_over: cents_of(cents(planted)),
    }
}

fn cents_of(units: i64) -> Decimal {
    Decimal { units, exponent: 2 }
}
