//! Whether a connector does the same again, and nothing twice.

use super::report::{Check, Findings};
use super::scenario::{Run, Scenario, Variation, called, denial, left, writes};
use super::vendor::Fault;
use crate::engine::Module;
use crate::runtime::{CallStep, all_lines, diff, path};

/// Lines of a difference that are shown. The first ones tell where it begins.
const DIFF_LINES_MAX: usize = 12;

/// Play `scenario` again as it was, and compare.
pub(super) async fn same(module: &Module, scenario: &Scenario, run: &Run, findings: &mut Findings) {
    findings.apply(Check::Same);
    let again = scenario.play(module).await;
    let (was, is) = (all_lines(&run.trace), all_lines(&again.trace));
    if was != is {
        let message = format!(
            "the same inputs came to something else: take time and randomness from WASI's clocks and random alone, and \
             nothing from how long something took\n{}",
            shown(&was, &is)
        );
        findings.fault(Check::Same, &scenario.name, message);
    }
}

/// The beginning of a difference.
pub(super) fn shown(was: &[String], is: &[String]) -> String {
    let mut lines = diff(was, is);
    let more = lines.len().saturating_sub(DIFF_LINES_MAX);
    lines.truncate(DIFF_LINES_MAX);
    if more > 0 {
        lines.push(format!("  and {more} more lines"));
    }
    lines.join("\n")
}

/// Run an event again later, as after a crash that lost its end: what it wrote is on record.
pub(super) async fn later(module: &Module, scenario: &Scenario, run: &Run, findings: &mut Findings) {
    if !scenario.is_work() || !run.calls().any(writes) {
        return;
    }
    findings.apply(Check::Rerun);
    let variation = Variation::default();
    let ledger = variation.ledger.clone();
    scenario.play_with(module, variation).await;
    let again = Variation { ledger, again: true, fault: None };
    let again = scenario.play_with(module, again).await;
    if let Some(reason) = again.crash() {
        findings.fault(Check::Rerun, &scenario.name, format!("run again, {reason}"));
    }
    for call in new_writes(run, &again) {
        let object = format!("{}: {}", scenario.name, called(call));
        findings.fault(Check::Rerun, object, varied(run, call));
    }
}

/// Run an event again after each of its writes whose answer was lost.
pub(super) async fn lost(module: &Module, scenario: &Scenario, run: &Run, findings: &mut Findings) {
    if !scenario.is_work() {
        return;
    }
    let cuts = run.calls().enumerate().filter(|(_, call)| writes(call) && denial(call).is_none());
    for (place, cut) in cuts.take(super::CALLS_PER_SCENARIO_MAX) {
        findings.apply(Check::LostAnswer);
        let ledger = super::ledger::Ledger::default();
        let fault = Some((place, Fault::Timeout));
        scenario.play_with(module, Variation { fault, ledger: ledger.clone(), again: false }).await;
        let again = Variation { fault: None, ledger, again: true };
        let again = scenario.play_with(module, again).await;
        let object = format!("{}: {}", scenario.name, called(cut));
        if let Some(reason) = again.crash() {
            findings.fault(Check::LostAnswer, &object, format!("after its answer was lost, {reason}"));
        }
        let unchecked = again.calls().any(|call| writes(call) && denial(call).is_some());
        if unchecked {
            let message = "after its answer was lost it is asked for again without a look: it says verify, so read what \
                           is there before writing, in every attempt";
            findings.fault(Check::LostAnswer, &object, message);
        }
        for call in new_writes(run, &again) {
            let place = path(&call.url) == path(&cut.url) && call.method == cut.method;
            if place {
                findings.fault(Check::LostAnswer, &object, varied(run, call));
            }
        }
    }
}

/// Writes that left and that the first run did not make.
fn new_writes<'r>(first: &'r Run, again: &'r Run) -> impl Iterator<Item = &'r CallStep> {
    again.calls().filter(|call| writes(call) && left(call) && !first.calls().any(|it| is_same(it, call)))
}

fn is_same(one: &CallStep, other: &CallStep) -> bool {
    one.method == other.method && one.url == other.url && one.body == other.body
}

/// What is wrong with a write that the first run did not make.
fn varied(first: &Run, call: &CallStep) -> String {
    let alike = first.calls().any(|it| it.method == call.method && path(&it.url) == path(&call.url));
    match alike {
        true => "run again, it is another write, so the host cannot tell that it was made: its URL and body must not \
                 depend on the time, on chance or on the attempt"
            .to_owned(),
        false => "run again, it is made although the first run did not make it: what is written must follow from the \
                  event and from what is read, not from the time, chance or the attempt"
            .to_owned(),
    }
}
