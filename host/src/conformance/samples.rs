//! Scenarios from a manifest alone: its samples, and objects with nothing in them, against vendors with little to say.

use std::sync::Arc;

use serde_json::Value;

use super::objects;
use super::scenario::Scenario;
use super::vendor::Manner;
use crate::contract::{ChangeKind, Delivery, Description, Envelope, Instant, Origin, Scope, Trigger, Window};
use crate::egress::ConnectionEgress;
use crate::runtime::Input;

/// When samples are played: 2026-01-15T12:00:00Z.
const NOW: Instant = 1_768_478_400_000;

/// The stretch of time that is asked for: the day before, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// What samples' randomness is made from.
const SEED: u64 = 7;

/// The id of an object that no sample names.
const NOBODY: &str = "conformance-1";

/// One of each call that `description` offers, against each kind of vendor.
pub(super) fn scenarios(
    description: &Description,
    settings: &Arc<str>,
    policy: &ConnectionEgress,
) -> Vec<Scenario> {
    let inputs = inputs(description);
    let scenario = |manner: Manner, (name, input): &(String, Input)| Scenario {
        name: format!("{name}, {}", manner.name()),
        input: input.clone(),
        settings: Arc::clone(settings),
        policy: policy.clone(),
        now: NOW,
        seed: SEED,
        record: None,
        manner,
    };
    Manner::ALL.into_iter().flat_map(|manner| inputs.iter().map(move |it| scenario(manner, it))).collect()
}

fn inputs(description: &Description) -> Vec<(String, Input)> {
    let mut inputs = Vec::new();
    for trigger in &description.triggers {
        of_trigger(trigger, &mut inputs);
    }
    for (kind, source, id) in yielded(description) {
        let change = objects::change(kind, &id);
        let envelope = Envelope {
            id: format!("conformance:{id}"),
            source,
            subject: id,
            occurred_at: Some(NOW),
            received_at: NOW,
            attempt: 1,
            raw: None,
        };
        let name = format!("an event of kind {}", kind_name(kind));
        inputs.push((name, Input::Event(Box::new(envelope), Box::new(change))));
    }
    for action in &description.actions {
        let (name, input) = (action.name.clone(), action.sample.clone());
        inputs.push((format!("action {name} with its sample"), Input::Action { name, input }));
    }
    inputs.push(("check".to_owned(), Input::Check));
    let scope = Scope { start: NOW - DAY_MS, end: NOW, kinds: Vec::new() };
    inputs.push(("reconcile a day".to_owned(), Input::Reconcile { scope, cursor: None }));
    inputs
}

fn of_trigger(trigger: &Trigger, inputs: &mut Vec<(String, Input)>) {
    let name = trigger.name.clone();
    match &trigger.origin {
        Origin::Webhook(source) => {
            let body = trigger.sample.clone().into_bytes();
            let delivery = Delivery { source: source.clone(), headers: Vec::new(), body };
            inputs.push((format!("delivery for {name} with its sample"), Input::Delivery(delivery)));
        }
        Origin::Poll(_) => {
            inputs.push((format!("poll {name}"), Input::Poll { trigger: name.clone(), cursor: None }));
        }
    }
    if trigger.history {
        let window = Window { start: NOW - DAY_MS, end: NOW };
        inputs.push((format!("backfill {name}"), Input::Backfill { trigger: name, window, cursor: None }));
    }
}

/// Each kind of event that a trigger yields, once, with a source and an id of it.
fn yielded(description: &Description) -> Vec<(ChangeKind, String, String)> {
    let mut kinds: Vec<(ChangeKind, String, String)> = Vec::new();
    for trigger in &description.triggers {
        let source = match &trigger.origin {
            Origin::Webhook(api) => Some(api.clone()),
            Origin::Poll(_) => description.apis.first().map(|api| api.name.clone()),
        };
        let known = kinds.iter().any(|(kind, ..)| *kind == trigger.yields);
        if let Some(source) = source.filter(|_| !known) {
            let id = id_of(&trigger.sample).unwrap_or_else(|| NOBODY.to_owned());
            kinds.push((trigger.yields, source, id));
        }
    }
    kinds
}

/// The id in a sample.
fn id_of(sample: &str) -> Option<String> {
    let sample: Value = serde_json::from_str(sample).ok()?;
    let id = ["/id", "/order_id"].into_iter().find_map(|pointer| sample.pointer(pointer)?.as_str())?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// What the contract calls a kind.
pub(super) fn kind_name(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Order => "order",
        ChangeKind::Fulfillment => "fulfillment",
        ChangeKind::Transaction => "transaction",
        ChangeKind::Subscription => "subscription",
        ChangeKind::Invoice => "invoice",
    }
}
