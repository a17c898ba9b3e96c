//! Whether a connector does what its manifest says, and has done what it says it did.

use super::report::{Check, Findings};
use super::samples::kind_name;
use super::scenario::{Run, Scenario, called, denial, writes};
use crate::contract::{
    Change, ChangeKind, Description, Effect, Event, EventPage, Failure, Receipt, Report as Done, Scope, Verb,
    Window,
};
use crate::engine::Module;
use crate::runtime::{Answer, CallStep, Input, Outcome, check_events, follow_ups};

/// What effects call the connection's own store.
const STORE: &str = "store";

/// A name that no connector has.
const UNKNOWN: &str = "conformance-no-such-name";

/// Look at what an undisturbed run did.
pub(super) fn check(scenario: &Scenario, run: &Run, description: &Description, findings: &mut Findings) {
    for call in run.calls() {
        findings.apply(Check::Calls);
        check_call(scenario, call, findings);
    }
    if let Some(Outcome::Receipt(Receipt::Done(report))) = run.outcome() {
        check_effects(scenario, run, report, description, findings);
    }
    let events: &[Event] = match run.outcome() {
        Some(Outcome::Events(events) | Outcome::Page(EventPage { events, .. })) => events,
        Some(Outcome::Receipt(receipt)) => follow_ups(receipt),
        _ => return,
    };
    findings.apply(Check::Kinds);
    check_kinds(scenario, events, description, findings);
}

fn check_call(scenario: &Scenario, call: &CallStep, findings: &mut Findings) {
    let object = format!("{}: {}", scenario.name, called(call));
    let Some(reason) = denial(call) else {
        if writes(call) {
            findings.apply(Check::Access);
        }
        return;
    };
    if writes(call) {
        findings.apply(Check::Access);
        let message = format!(
            "it writes where it may only read: {reason}; hand over an event, and write as that is handled"
        );
        findings.fault(Check::Access, object, message);
    } else {
        let message = format!("the manifest does not declare it ({reason}): add the endpoint, or do without");
        findings.fault(Check::Calls, object, message);
    }
}

fn check_effects(
    scenario: &Scenario,
    run: &Run,
    report: &Done,
    description: &Description,
    findings: &mut Findings,
) {
    findings.apply(Check::Effects);
    for effect in &report.effects {
        let system = &effect.system;
        let object = format!("{}: effect {} {} {}", scenario.name, verb(effect.verb), effect.kind, effect.id);
        if system != STORE && !description.apis.iter().any(|api| api.name == *system) {
            let message =
                format!("its system {system:?} is neither an API of the manifest nor the store: name one");
            findings.fault(Check::Effects, object, message);
        } else if !is_backed(effect, run) {
            findings.fault(Check::Effects, object, unbacked(system));
        }
    }
}

fn unbacked(system: &str) -> String {
    format!(
        "nothing was written to {system} by an endpoint that is declared as a write, and answered with a success: claim \
         what was done only, and declare what writes as a write"
    )
}

/// The effects of a run that it has not had.
pub(super) fn unbacked_effects(run: &Run) -> Vec<String> {
    let Some(Outcome::Receipt(Receipt::Done(report))) = run.outcome() else { return Vec::new() };
    let claimed = report.effects.iter().filter(|effect| !is_backed(effect, run));
    claimed.map(|it| format!("{} {} in {}", verb(it.verb), it.kind, it.system)).collect()
}

/// Whether something was written where an effect says so.
fn is_backed(effect: &Effect, run: &Run) -> bool {
    match effect.verb {
        Verb::Verified => true,
        _ if effect.system == STORE => !run.trace.stored.is_empty(),
        _ => run.calls().any(|call| {
            let reply = call.reply.as_ref().filter(|reply| reply.write);
            reply.is_some_and(|reply| {
                let done = matches!(&reply.answer, Answer::Response(it) if (200..300).contains(&it.status));
                done && reply.api.as_deref() == Some(&effect.system)
            })
        }),
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

fn check_kinds(scenario: &Scenario, events: &[Event], description: &Description, findings: &mut Findings) {
    if let Err(reason) = check_events(description, events) {
        findings.fault(Check::Kinds, &scenario.name, format!("{reason}; a host takes none of them in"));
    }
    let asked = match &scenario.input {
        Input::Poll { trigger, .. } | Input::Backfill { trigger, .. } => Some(trigger),
        _ => None,
    };
    for event in events {
        let kind = kind_of(&event.change);
        let mut triggers = description.triggers.iter().filter(|it| asked.is_none_or(|name| it.name == *name));
        if !triggers.any(|trigger| trigger.yields == kind) {
            let whose = asked.map_or("no trigger".to_owned(), |name| format!("the trigger {name} does not"));
            let yields = if asked.is_some() { "yield" } else { "yields" };
            let message = format!(
                "{whose} {yields} this kind by the manifest: declare a trigger for it, or leave it out"
            );
            findings.fault(
                Check::Kinds,
                format!("{}: event of kind {}", scenario.name, kind_name(kind)),
                message,
            );
        }
    }
}

fn kind_of(change: &Change) -> ChangeKind {
    match change {
        Change::Order(_) => ChangeKind::Order,
        Change::Fulfillment(_) => ChangeKind::Fulfillment,
        Change::Transaction(_) => ChangeKind::Transaction,
        Change::Subscription(_) => ChangeKind::Subscription,
        Change::Invoice(_) => ChangeKind::Invoice,
    }
}

/// Ask for what is not there. `like` gives the surroundings.
pub(super) async fn unknown(module: &Module, like: &Scenario, findings: &mut Findings) {
    let cursor = None;
    let trigger = UNKNOWN.to_owned();
    let (start, end) = (like.now, like.now.saturating_add(1));
    let cases = [
        ("action", Input::Action { name: UNKNOWN.to_owned(), input: "{}".to_owned() }),
        ("trigger to poll", Input::Poll { trigger: trigger.clone(), cursor: cursor.clone() }),
        ("trigger to backfill", Input::Backfill { trigger, window: Window { start, end }, cursor }),
        (
            "kind of finding",
            Input::Reconcile { scope: Scope { start, end, kinds: vec![UNKNOWN.to_owned()] }, cursor: None },
        ),
    ];
    for (what, input) in cases {
        findings.apply(Check::Unknown);
        let run = Scenario { input, ..like.clone() }.play(module).await;
        let object = format!("an unknown {what}");
        let message = match run.outcome() {
            Some(Outcome::Failure(Failure::Rejected(_))) | None => continue,
            Some(Outcome::Error(reason)) => format!("{reason}: answer rejected, with the name"),
            Some(other) => format!("it came to {:?}: answer rejected, with the name", other.name()),
        };
        findings.fault(Check::Unknown, object, message);
    }
}
