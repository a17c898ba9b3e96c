//! What was done, as an action answers it.

use serde::Serialize;
use transload_sdk::{Failure, Receipt, Verb, rejected};

#[derive(Serialize)]
struct Output<'a> {
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    effects: Vec<Effect<'a>>,
    alerts: Vec<&'a str>,
}

#[derive(Serialize)]
struct Effect<'a> {
    verb: &'static str,
    system: &'a str,
    kind: &'a str,
    id: &'a str,
    summary: &'a str,
}

/// The receipt as JSON by `manifest/receipt.schema.json`.
pub fn json(receipt: &Receipt) -> Result<String, Failure> {
    serde_json::to_string(&output(receipt)).map_err(|error| rejected(error.to_string()))
}

fn output(receipt: &Receipt) -> Output<'_> {
    match receipt {
        Receipt::Skipped(reason) => {
            Output { done: false, skipped: Some(reason), effects: Vec::new(), alerts: Vec::new() }
        }
        Receipt::Done(report) => Output {
            done: true,
            skipped: None,
            effects: report
                .effects
                .iter()
                .map(|effect| Effect {
                    verb: verb(effect.verb),
                    system: &effect.system,
                    kind: &effect.kind,
                    id: &effect.id,
                    summary: &effect.summary,
                })
                .collect(),
            alerts: report.alerts.iter().map(|alert| alert.message.as_str()).collect(),
        },
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Created => "created",
        Verb::Updated => "updated",
        Verb::Deleted => "deleted",
        Verb::Noted => "noted",
        Verb::Notified => "notified",
        Verb::Recorded => "recorded",
        Verb::Verified => "verified",
    }
}
