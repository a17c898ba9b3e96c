//! The comparison of one order.

use serde::Serialize;
use transload_sdk::convert::money_in;
use transload_sdk::{Certainty, Failure, Finding, FindingSide, Severity, rejected};

#[derive(Serialize)]
struct Findings<'a> {
    findings: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    kind: &'a str,
    severity: &'static str,
    certainty: &'static str,
    message: &'a str,
    left: Side<'a>,
    right: Side<'a>,
    repair: Option<&'a str>,
}

#[derive(Serialize)]
struct Side<'a> {
    system: &'a str,
    id: Option<&'a str>,
    value: Option<&'a str>,
    amount: Option<String>,
}

/// The findings as JSON by `manifest/findings.schema.json`.
pub fn json(found: &[Finding]) -> Result<String, Failure> {
    let findings = found.iter().map(told).collect::<Result<_, _>>()?;
    serde_json::to_string(&Findings { findings }).map_err(|error| rejected(error.to_string()))
}

fn told(finding: &Finding) -> Result<Told<'_>, Failure> {
    Ok(Told {
        id: &finding.id,
        kind: &finding.kind,
        severity: match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        },
        certainty: match finding.certainty {
            Certainty::Confirmed => "confirmed",
            Certainty::Suggested => "suggested",
        },
        message: &finding.message,
        left: side(&finding.left)?,
        right: side(&finding.right)?,
        repair: finding.repair.as_ref().map(|repair| repair.title.as_str()),
    })
}

fn side(side: &FindingSide) -> Result<Side<'_>, Failure> {
    let amount = side.amount.clone().map(money_in).transpose()?;
    Ok(Side {
        system: &side.system,
        id: side.id.as_deref(),
        value: side.value.as_deref(),
        amount: amount.map(|money| money.to_string()),
    })
}
