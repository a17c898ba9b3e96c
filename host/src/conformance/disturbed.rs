//! Whether a connector keeps its head when requests go wrong or are answered with junk.

use bytes::Bytes;

use super::honesty::unbacked_effects;
use super::report::{Check, Findings};
use super::scenario::{Run, Scenario, Variation, called, denial, writes};
use super::vendor::Fault;
use crate::contract::{Failure, Receipt};
use crate::engine::Module;
use crate::runtime::{CallStep, Outcome};

/// What a connector should answer to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Retry,
    NeedsAttention,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Wanted::Retry => "retry",
            Wanted::NeedsAttention => "needs-attention",
        }
    }
}

/// The faults with a class, what each is called, and what is wanted of it.
const CLASSES: [(Check, Fault, &str, Wanted); 8] = [
    (Check::Credential, Fault::Status(401), "answered 401", Wanted::NeedsAttention),
    (Check::Credential, Fault::Status(403), "answered 403", Wanted::NeedsAttention),
    (Check::Busy, Fault::Status(429), "answered 429", Wanted::Retry),
    (Check::Busy, Fault::Status(503), "answered 503", Wanted::Retry),
    (Check::Connection, Fault::Refused, "without a connection", Wanted::Retry),
    (Check::Connection, Fault::Broken, "with a connection that broke", Wanted::Retry),
    (Check::Connection, Fault::Timeout, "with no answer in time", Wanted::Retry),
    (Check::Denied, Fault::Denied, "denied by the host", Wanted::NeedsAttention),
];

/// How deep nested junk is. Parsers that call themselves run out of stack some thousands deep.
const NESTED: usize = 50_000;

/// What is answered in place of an answer, and whether it is JSON at all.
fn junk() -> Vec<(&'static str, Bytes, bool)> {
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    vec![
        ("nothing", text(""), false),
        ("HTML", text("<html><body><h1>502 Bad Gateway</h1></body></html>"), false),
        ("half of a JSON text", text(r#"{"id":"a","items":[{"#), false),
        ("null", text("null"), true),
        ("members that are null", text(r#"{"id":null,"data":null,"items":null,"orders":null}"#), true),
        ("huge numbers", text(r#"{"id":1e999,"amount":99999999999999999999999999999999.99}"#), true),
        ("a list of lists, 50,000 deep", Bytes::from("[".repeat(NESTED)), false),
    ]
}

/// Let each request of `scenario` in turn go wrong, in every way.
pub(super) async fn errors(module: &Module, scenario: &Scenario, run: &Run, findings: &mut Findings) {
    for (place, call) in exercised(run) {
        for (check, fault, said, wanted) in &CLASSES {
            findings.apply(*check);
            let fault = Some((place, fault.clone()));
            let run = scenario.play_with(module, Variation { fault, ..Variation::default() }).await;
            if let Some(reason) = misjudged(&run, *wanted) {
                findings.fault(*check, format!("{}: {} {said}", scenario.name, called(call)), reason);
            }
        }
    }
}

/// Answer each request of `scenario` in turn with junk.
pub(super) async fn junk_answers(module: &Module, scenario: &Scenario, run: &Run, findings: &mut Findings) {
    for (place, call) in exercised(run) {
        for (said, body, is_json) in junk() {
            findings.apply(Check::JunkAnswers);
            let fault = Some((place, Fault::Junk(body)));
            let run = scenario.play_with(module, Variation { fault, ..Variation::default() }).await;
            let object = format!("{}: {} answered with {said}", scenario.name, called(call));
            if let Some(reason) = run.crash() {
                let message =
                    format!("{reason}: an answer is the vendor's, whatever it is; answer a failure");
                findings.fault(Check::JunkAnswers, object, message);
            } else if !is_json && !writes(call) && !heeds(&run) {
                let message = "it is taken for an answer: what cannot be read says nothing of what is there; answer retry";
                findings.fault(Check::JunkAnswers, object, message);
            }
        }
    }
}

/// The requests that are disturbed: those that were let through, each once.
fn exercised(run: &Run) -> Vec<(usize, &CallStep)> {
    let mut seen = std::collections::BTreeSet::new();
    let calls = run.calls().enumerate().filter(|(_, call)| denial(call).is_none());
    calls.filter(|(_, call)| seen.insert(called(call))).take(super::CALLS_PER_SCENARIO_MAX).collect()
}

/// What is wrong with how a connector takes a fault, if anything.
fn misjudged(run: &Run, wanted: Wanted) -> Option<String> {
    let name = wanted.name();
    let answered =
        |was: &str| Some(format!("it answers {was}, not {name}: a host would do the wrong thing next"));
    match run.outcome()? {
        Outcome::Error(reason) => Some(format!("{reason}: answer {name}")),
        Outcome::Failure(Failure::Retry(_)) => {
            if wanted == Wanted::Retry {
                None
            } else {
                answered("retry")
            }
        }
        Outcome::Failure(Failure::NeedsAttention(_)) => {
            if wanted == Wanted::NeedsAttention {
                None
            } else {
                answered("needs-attention")
            }
        }
        Outcome::Failure(Failure::Rejected(_)) => answered("rejected"),
        _ => {
            let claimed = unbacked_effects(run);
            if !claimed.is_empty() {
                return Some(format!(
                    "it claims {}, which did not happen: answer {name}",
                    claimed.join(", ")
                ));
            }
            (!heeds(run)).then(|| {
                format!("it goes on as if nothing had happened, and nobody is told: answer {name}, or raise an alert")
            })
        }
    }
}

/// Whether what came of a disturbed run tells of it: a failure, an alert, a finding, a probe that is not ok.
fn heeds(run: &Run) -> bool {
    match run.outcome() {
        Some(Outcome::Failure(_) | Outcome::Receipt(Receipt::Skipped(_))) => true,
        Some(Outcome::Receipt(Receipt::Done(report))) => !report.alerts.is_empty(),
        Some(Outcome::Findings(page)) => !page.findings.is_empty(),
        Some(Outcome::Probes(probes)) => probes.iter().any(|probe| !probe.ok),
        _ => false,
    }
}
