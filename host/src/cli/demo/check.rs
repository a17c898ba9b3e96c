//! What must hold at the end, whatever the story.

use serde::Serialize;
use transload::contract::Receipt;
use transload::storage::State;
use transload_sandbox::{Delivery, Outcome};

use super::evidence::Evidence;

/// One thing that must hold.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it does.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// Checks, as they are made.
#[derive(Debug, Default)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// One more: `seen` must be `expected`. The label says what the value is, for `1 1 1` alone means nothing to a reader.
    pub fn is(&mut self, name: &'static str, label: &str, seen: String, expected: &str) {
        let ok = seen == expected;
        let found = if ok { seen } else { format!("expected {expected}, found {seen}") };
        self.0.push(Check { name, ok, detail: format!("{label}{found}") });
    }

    /// Those about webhooks, events and alerts. `forged` are the answers to the forged webhooks, `raised` the kinds of the
    /// alerts in the order in which they were raised.
    pub fn of_the_host<Orders>(
        mut self,
        evidence: &Evidence<Orders>,
        forged: &str,
        alerts: (&'static str, &str),
    ) -> Vec<Check> {
        let (name, raised) = alerts;
        self.is("forged webhooks were refused", "answers: ", refused(evidence), forged);
        self.is("every other webhook was taken", "webhooks not taken: ", not_taken(evidence), "0");
        self.is("every event came to its end", "unfinished events: ", unfinished(evidence), "0");
        self.is(name, "", self::raised(evidence), raised);
        let told = evidence.told.alerts.join(" ");
        self.is("and told by a webhook that is signed, each once", "received: ", told, raised);
        let unsigned = evidence.told.refused.to_string();
        self.is("which its receiver verifies", "signatures that do not hold: ", unsigned, "0");
        self.0
    }
}

/// The first answers to the webhooks that failed.
fn refused<Orders>(evidence: &Evidence<Orders>) -> String {
    let failed = evidence.webhooks.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Failed);
    let status = |delivery: &Delivery| {
        let first = delivery.attempts.first().and_then(|attempt| attempt.status);
        first.map(|status| status.to_string()).unwrap_or_default()
    };
    failed.map(status).collect::<Vec<_>>().join(" ")
}

fn not_taken<Orders>(evidence: &Evidence<Orders>) -> String {
    let waiting = evidence.webhooks.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Waiting);
    waiting.count().to_string()
}

fn unfinished<Orders>(evidence: &Evidence<Orders>) -> String {
    let ended = |state: State| matches!(state, State::Done | State::Skipped);
    evidence.events.iter().filter(|event| !ended(event.state)).count().to_string()
}

/// The kinds of the alerts. Events are listed newest first.
fn raised<Orders>(evidence: &Evidence<Orders>) -> String {
    let alerts = evidence.events.iter().rev().flat_map(|event| match &event.receipt {
        Some(Receipt::Done(report)) => report.alerts.as_slice(),
        _ => &[],
    });
    alerts.map(|alert| alert.kind.as_str()).collect::<Vec<_>>().join(" ")
}
