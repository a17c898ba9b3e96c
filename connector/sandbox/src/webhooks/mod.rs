//! Webhooks: where they go, what was sent, and how it ended.
//!
//! A fake emits an event; if the system has a target that wants it, a delivery is made, signed and queued. The
//! [`deliver`] task sends it and records every attempt. Without a listener there is no such task: every event is wanted,
//! and its delivery waits until it is taken.

pub(crate) mod deliver;
pub(crate) mod sign;

use std::collections::{HashMap, VecDeque};
use std::mem;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::SandboxOptions;
use crate::ids::Ids;
use crate::json::Json;
use crate::system::System;
use sign::Keys;

/// Deliveries that may wait to be sent. Tests send hundreds; more than this means that nobody answers.
pub const WAITING_MAX: usize = 5_000;

/// Deliveries that are remembered, waiting or ended. Twice [`WAITING_MAX`], so that one that waits is never forgotten.
pub const DELIVERIES_MAX: usize = 2 * WAITING_MAX;

/// Places that a system's webhooks go to at once. An account has a few apps, each with one.
pub const TARGETS_MAX: usize = 100;

/// Copies that one call may send again.
pub const RESEND_MAX: u32 = 1_000;

/// Where a system's webhooks go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// An `http:` URL.
    pub url: String,
    /// Only these events; all of them if the list is empty.
    #[serde(default)]
    pub events: Vec<String>,
}

/// A webhook on its way, or at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Counts the deliveries from 1.
    pub id: u64,
    /// Whose webhook it is.
    pub system: System,
    /// The event: `OrderCreate`, `OrderStatusUpdated`, …
    pub event: String,
    /// Where it goes.
    pub url: String,
    /// The headers of every attempt: signature and delivery id.
    pub headers: Vec<(String, String)>,
    /// The body of every attempt.
    pub body: String,
    /// The attempts so far.
    pub attempts: Vec<Attempt>,
    /// How it stands.
    pub outcome: Outcome,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended, RFC 3339.
    pub at: String,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It waits for its first or its next attempt.
    Waiting,
    /// It was answered with a status of 200 to 299.
    Delivered,
    /// Every attempt failed.
    Failed,
}

/// What is wrong with a webhook that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tamper {
    /// Nothing: it is the same delivery once more.
    #[default]
    None,
    /// The body was changed after it was signed; it is still a JSON object.
    Body,
    /// The signature is by another key.
    Signature,
    /// There is no signature. GHL writes `N/A` for that; for the others the header is left out.
    Unsigned,
}

/// All deliveries that are remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deliveries {
    /// The deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
    /// Deliveries that were not made because [`WAITING_MAX`] waited already.
    pub refused: u64,
    /// Deliveries that are no longer remembered.
    pub forgotten: u64,
}

/// Hands the ids of deliveries to the task that sends them.
pub(crate) type Queue = mpsc::Sender<u64>;

/// The webhooks' side of the state.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub keys: Keys,
    targets: HashMap<System, Vec<Target>>,
    deliveries: VecDeque<Delivery>,
    made: u64,
    refused: u64,
    forgotten: u64,
    /// Nobody sends deliveries without it: they wait for [`Webhooks::take`].
    queue: Option<Queue>,
}

impl Webhooks {
    pub fn new(options: &SandboxOptions, ids: &Ids, queue: Option<Queue>) -> Self {
        Self {
            keys: Keys::new(options, ids),
            targets: HashMap::new(),
            deliveries: VecDeque::new(),
            made: 0,
            refused: 0,
            forgotten: 0,
            queue,
        }
    }

    /// Sends a system's webhooks to `target` alone from now on, or nowhere.
    pub fn set_target(&mut self, system: System, target: Option<Target>) {
        self.targets.insert(system, target.into_iter().collect());
    }

    /// Sends a system's webhooks to `target` as well. False if they go to [`TARGETS_MAX`] places already.
    pub fn add_target(&mut self, system: System, target: Target) -> bool {
        let targets = self.targets.entry(system).or_default();
        let has_room = targets.len() < TARGETS_MAX;
        if has_room {
            targets.push(target);
        }
        has_room
    }

    /// Whether someone wants this event. Saves making a body that nobody reads.
    pub fn wants(&self, system: System, event: &str) -> bool {
        !self.urls(system, event).is_empty()
    }

    /// Signs and queues an event for the system's targets. `delivery` is a UUID that names it in a header.
    pub fn emit(&mut self, system: System, event: &str, body: &Json, delivery: &str) {
        let body = body.to_string();
        let mut headers = vec![self.keys.signature(system, body.as_bytes())];
        if system == System::Ghl {
            headers.push(("deliveryId".to_owned(), delivery.to_owned()));
        }
        self.enqueue_all(system, event, &headers, &body);
    }

    /// The same by the Standard Webhooks scheme: `id` names the event, and it is signed with the time.
    pub fn emit_standard(&mut self, system: System, event: &str, body: &Json, id: &str, now: Timestamp) {
        let body = body.to_string();
        let headers = self.keys.standard_headers(system, &body, id, now);
        self.enqueue_all(system, event, &headers, &body);
    }

    fn enqueue_all(&mut self, system: System, event: &str, headers: &[(String, String)], body: &str) {
        for url in self.urls(system, event) {
            self.enqueue(system, event.to_owned(), url, headers.to_vec(), body.to_owned());
        }
    }

    /// Where an event goes: nowhere without a target that wants it, unless events wait to be taken.
    fn urls(&self, system: System, event: &str) -> Vec<String> {
        let targets = self.targets.get(&system).map(Vec::as_slice).unwrap_or_default();
        if self.queue.is_none() && targets.is_empty() {
            return vec![String::new()];
        }
        let wants = |target: &&Target| {
            self.queue.is_none()
                || target.events.is_empty()
                || target.events.iter().any(|wanted| wanted == event)
        };
        targets.iter().filter(wants).map(|target| target.url.clone()).collect()
    }

    /// Sends a delivery again `times` times, as it was or tampered with. None if it is not remembered.
    pub fn resend(&mut self, id: u64, times: u32, tamper: Tamper) -> Option<Vec<u64>> {
        let original = self.get(id)?.clone();
        let (headers, body) = self.keys.tampered(&original, tamper);
        let sent = (0..times.min(RESEND_MAX)).filter_map(|_| {
            let (event, url) = (original.event.clone(), original.url.clone());
            self.enqueue(original.system, event, url, headers.clone(), body.clone())
        });
        Some(sent.collect())
    }

    /// A delivery that is remembered.
    pub fn get(&self, id: u64) -> Option<&Delivery> {
        self.deliveries.iter().rev().find(|delivery| delivery.id == id)
    }

    /// Notes an attempt and how the delivery stands after it.
    pub fn note(&mut self, id: u64, attempt: Attempt, outcome: Outcome) {
        if let Some(delivery) = self.deliveries.iter_mut().rev().find(|delivery| delivery.id == id) {
            delivery.attempts.push(attempt);
            delivery.outcome = outcome;
        }
    }

    /// The deliveries since the last call, oldest first. They are forgotten here.
    pub fn take(&mut self) -> VecDeque<Delivery> {
        mem::take(&mut self.deliveries)
    }

    /// Deliveries that were not made because too many waited.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Everything that is remembered.
    pub fn all(&self) -> Deliveries {
        let deliveries = self.deliveries.iter().cloned().collect();
        Deliveries { deliveries, refused: self.refused, forgotten: self.forgotten }
    }

    /// How many deliveries have not ended.
    pub fn waiting(&self) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Waiting).count()
    }

    fn enqueue(
        &mut self,
        system: System,
        event: String,
        url: String,
        headers: Vec<(String, String)>,
        body: String,
    ) -> Option<u64> {
        let id = self.made + 1;
        let full = match &self.queue {
            Some(queue) => queue.try_send(id).is_err(),
            None => self.deliveries.len() >= WAITING_MAX,
        };
        if full {
            self.refused += 1;
            return None;
        }
        self.made = id;
        if self.deliveries.len() >= DELIVERIES_MAX {
            self.deliveries.pop_front();
            self.forgotten += 1;
        }
        let outcome = Outcome::Waiting;
        self.deliveries.push_back(Delivery {
            id,
            system,
            event,
            url,
            headers,
            body,
            attempts: Vec::new(),
            outcome,
        });
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhooks(queue: Queue) -> Webhooks {
        let options = SandboxOptions::default();
        Webhooks::new(&options, &Ids::new(Some(1)), Some(queue))
    }

    fn target(events: &[&str]) -> Option<Target> {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Some(Target { url: "http://127.0.0.1:9/".to_owned(), events })
    }

    #[test]
    fn an_event_goes_only_where_it_is_wanted() {
        let (queue, _receiver) = mpsc::channel(10);
        let mut webhooks = webhooks(queue);
        assert!(!webhooks.wants(System::Ghl, "OrderCreate"));
        webhooks.set_target(System::Ghl, target(&["OrderCreate"]));
        assert!(webhooks.wants(System::Ghl, "OrderCreate"));
        assert!(!webhooks.wants(System::Ghl, "OrderStatusUpdate"));
        assert!(!webhooks.wants(System::TrackPod, "OrderCreate"));
        webhooks.set_target(System::Ghl, None);
        assert!(!webhooks.wants(System::Ghl, "OrderCreate"));
    }

    #[test]
    fn an_event_goes_to_all_who_want_it_and_one_place_too_many_is_refused() {
        let (queue, _receiver) = mpsc::channel(10);
        let mut webhooks = webhooks(queue);
        assert!(webhooks.add_target(System::Ghl, target(&["OrderCreate"]).unwrap()));
        assert!(webhooks.add_target(System::Ghl, target(&[]).unwrap()));
        webhooks.emit(System::Ghl, "OrderCreate", &Json::Null, "1");
        webhooks.emit(System::Ghl, "OrderStatusUpdate", &Json::Null, "2");
        let sent: Vec<String> =
            webhooks.all().deliveries.into_iter().map(|delivery| delivery.event).collect();
        assert_eq!(sent, ["OrderCreate", "OrderCreate", "OrderStatusUpdate"]);
        for _ in 2..TARGETS_MAX {
            assert!(webhooks.add_target(System::Ghl, target(&[]).unwrap()));
        }
        assert!(!webhooks.add_target(System::Ghl, target(&[]).unwrap()));
        webhooks.set_target(System::Ghl, target(&[]));
        assert!(webhooks.add_target(System::Ghl, target(&[]).unwrap()), "the others are gone");
    }

    #[test]
    fn a_full_queue_refuses_and_old_deliveries_are_forgotten() {
        let (queue, mut receiver) = mpsc::channel(WAITING_MAX);
        let mut webhooks = webhooks(queue);
        webhooks.set_target(System::TrackPod, target(&[]));
        for _ in 0..=WAITING_MAX {
            webhooks.emit(System::TrackPod, "OrderCreated", &Json::Null, "");
        }
        assert_eq!(webhooks.all().refused, 1);
        for _ in 0..=DELIVERIES_MAX {
            let _ = receiver.try_recv();
            webhooks.emit(System::TrackPod, "OrderCreated", &Json::Null, "");
        }
        let all = webhooks.all();
        assert_eq!(all.deliveries.len(), DELIVERIES_MAX);
        assert_eq!(all.forgotten as usize, WAITING_MAX + 1);
    }

    #[test]
    fn without_a_queue_deliveries_wait_to_be_taken_and_one_too_many_is_refused() {
        let options = SandboxOptions::default();
        let mut webhooks = Webhooks::new(&options, &Ids::new(Some(1)), None);
        assert!(webhooks.wants(System::Ghl, "OrderCreate"));
        for _ in 0..=WAITING_MAX {
            webhooks.emit(System::TrackPod, "OrderCreated", &Json::Null, "");
        }
        assert_eq!(webhooks.refused(), 1);
        assert_eq!(webhooks.take().len(), WAITING_MAX);
        webhooks.emit(System::TrackPod, "OrderCreated", &Json::Null, "");
        let ids: Vec<u64> = webhooks.take().iter().map(|delivery| delivery.id).collect();
        assert_eq!(ids, [WAITING_MAX as u64 + 1]);
    }
}
