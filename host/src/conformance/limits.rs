//! Whether a connector stays within bounds when deliveries are junk and listings do not end.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::report::{Check, Findings};
use super::scenario::{Scenario, Variation};
use super::shelf::Shelf;
use crate::contract::{Api, Delivery};
use crate::engine::Module;
use crate::runtime::{Input, Outcome};

/// Pages that a listing of next to nothing may have. Jobs that work in phases have some empty ones.
const PAGES_MAX: usize = 200;

/// How deep nested junk is. Parsers that call themselves run out of stack some thousands deep.
const NESTED: usize = 100_000;

/// The size of the largest junk, in bytes. Hosts take deliveries of one MiB.
const LARGE_BYTES: usize = 1 << 20;

/// What is delivered in place of a delivery.
fn junk() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("no JSON", b"id=1&type=order".to_vec()),
        ("bytes that are no text", vec![0xff, 0xfe, 0, 0x80]),
        ("null", b"null".to_vec()),
        ("a number", b"1e999".to_vec()),
        ("an empty list", b"[]".to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("members of the wrong types", br#"{"id":[],"type":5,"order":"x","data":null,"date":{}}"#.to_vec()),
        ("lists 100,000 deep", "[".repeat(NESTED).into_bytes()),
        ("a text of one MiB", format!("\"{}\"", "x".repeat(LARGE_BYTES)).into_bytes()),
    ]
}

/// Deliver junk of `api`. `like` gives the surroundings.
pub(super) async fn deliveries(module: &Module, like: &Scenario, api: &Api, findings: &mut Findings) {
    for (what, body) in junk() {
        findings.apply(Check::JunkDeliveries);
        let delivery = Delivery { source: api.name.clone(), headers: Vec::new(), body };
        let run = Scenario { input: Input::Delivery(delivery), ..like.clone() }.play(module).await;
        if let Some(reason) = run.crash() {
            let message =
                format!("{reason}: whoever has the webhook's secret decides what is in it; answer rejected");
            findings.fault(Check::JunkDeliveries, format!("a delivery of {} with {what}", api.name), message);
        }
    }
}

/// Follow a listing to its end.
pub(super) async fn pages(module: &Module, scenario: &Scenario, findings: &mut Findings) {
    if cursor_of(&scenario.input).is_none() {
        return;
    }
    findings.apply(Check::Pages);
    let shelf = Arc::new(Shelf::of(scenario.record.as_deref(), &Arc::default()));
    let mut scenario = scenario.clone();
    let mut seen: BTreeSet<String> = cursor_of(&scenario.input).cloned().flatten().into_iter().collect();
    for _ in 0..PAGES_MAX {
        let run = scenario.play_on(module, Variation::default(), &shelf, Arc::default()).await;
        let next = match run.outcome() {
            Some(Outcome::Page(page)) if page.more => page.cursor.clone(),
            Some(Outcome::Findings(page)) if page.cursor.is_some() => page.cursor.clone(),
            _ => return,
        };
        let Some(cursor) = next else {
            let message = "a page says that there is more, and has no cursor to go on from: the host would read it for ever";
            return findings.fault(Check::Pages, &scenario.name, message);
        };
        shelf.keep(&run.trace.stored);
        if !seen.insert(cursor.clone()) {
            let cursor: String = cursor.chars().take(80).collect();
            let message = format!("the cursor {cursor:?} comes back: the listing never ends");
            return findings.fault(Check::Pages, &scenario.name, message);
        }
        follow(&mut scenario.input, cursor);
    }
    let message = format!("it has no end after {PAGES_MAX} pages of a vendor that has next to nothing");
    findings.fault(Check::Pages, &scenario.name, message);
}

fn cursor_of(input: &Input) -> Option<&Option<String>> {
    match input {
        Input::Poll { cursor, .. } | Input::Backfill { cursor, .. } | Input::Reconcile { cursor, .. } => {
            Some(cursor)
        }
        _ => None,
    }
}

fn follow(input: &mut Input, next: String) {
    match input {
        Input::Poll { cursor, .. } | Input::Backfill { cursor, .. } | Input::Reconcile { cursor, .. } => {
            *cursor = Some(next);
        }
        _ => {}
    }
}
