//! Whether the promises held: each violation with what it is about, what was expected and what was seen.
//!
//! What was to happen follows from what the merchant, the customers and the drivers did and from what the operator set;
//! nothing of it is worked out as the connector does.

mod delivery;
mod money;
mod words;

use std::collections::BTreeMap;

use transload::storage::{EventRecord, State};
use transload_sandbox::{DeliveryOrder, Effects, Json};

use super::facts::Facts;
use super::life::Run;
use super::order::Order;
use super::shop::Shop;
use super::terms::Terms;
use super::world::World;

/// Everything that did not hold.
pub(super) fn judge(run: &Run, facts: &Facts) -> Vec<String> {
    let world = &*run.world;
    let mut violations = std::mem::take(&mut world.journal().violations);
    deliveries(run, facts, &mut violations);
    modules(run, facts, &mut violations);
    credentials(world, facts, &mut violations);
    for event in facts.events_of(super::SHOP) {
        if !matches!(event.state, State::Done | State::Skipped) {
            violations.push(format!("shop {}: expected an end, it is {}", event.event.id, why(event)));
        }
    }
    for alert in facts.alerts() {
        world.say(format!("ALERT {} {}: {}", alert.kind, alert.subject, alert.message));
    }
    run.story.judge(world, facts, &mut violations);
    super::courier::judge(&world.vendor.lock().unwrap(), &run.jobs, facts, &mut violations);
    violations
}

/// What came of the shop's orders, held against what had to.
pub(super) fn shop(shop: &Shop, world: &World, facts: &Facts, violations: &mut Vec<String>) {
    let seen = Seen::read(world);
    words::doubled(&seen, violations);
    words::workflows(shop, facts, &seen, violations);
    money::tags(shop, &seen, violations);
    for order in &shop.orders {
        Judged { world, terms: shop.terms, order, facts, seen: &seen, violations }.judge();
    }
}

fn why(event: &EventRecord) -> String {
    format!("{}: {}", event.state, event.reason.as_deref().unwrap_or_default())
}

/// I1: what was acknowledged is there, and has been read.
fn deliveries(run: &Run, facts: &Facts, violations: &mut Vec<String>) {
    for (sequence, name) in &run.accepted {
        match facts.deliveries.iter().find(|delivery| delivery.sequence == *sequence) {
            Some(delivery) if delivery.state == State::Done => {}
            Some(delivery) => {
                let (state, reason) = (delivery.state, delivery.reason.as_deref().unwrap_or_default());
                violations.push(format!("{name}: acknowledged, expected done, it is {state}: {reason}"));
            }
            None => violations.push(format!("{name}: acknowledged and lost")),
        }
    }
}

/// I7: every event ended on a module that the connection had, and every attempt on the one that was active as it began.
fn modules(run: &Run, facts: &Facts, violations: &mut Vec<String>) {
    for event in &facts.events {
        let known = run.modules.digests(&event.connection);
        if event.state != State::Discarded && !event.module.as_deref().is_some_and(|it| known.contains(&it)) {
            violations.push(format!("event {}: handled by {:?}", event.sequence, event.module));
        }
        let activations = &facts.activations[event.connection.as_str()];
        for attempt in &facts.attempts[&event.sequence] {
            // Newest first. In one millisecond an attempt may begin on either side of an activation.
            let later = activations.iter().take_while(|it| it.at >= attempt.started_at).count();
            let may = activations.iter().take(later + 1).skip_while(|it| it.at > attempt.started_at);
            if !may.clone().any(|it| it.module == attempt.module) {
                let expected: Vec<&str> = may.map(|it| it.module.as_str()).collect();
                violations.push(format!(
                    "event {}: attempt {} began on one of {expected:?} and is on record with {}",
                    event.sequence, attempt.number, attempt.module
                ));
            }
        }
    }
}

/// I8: no credential is in the database's files.
fn credentials(world: &World, facts: &Facts, violations: &mut Vec<String>) {
    let options = world.offline.options();
    let vendor = world.vendor.lock().unwrap();
    let secrets = [world.offline.track_pod_secret(), world.offline.rankr_secret()];
    let credentials = [
        ("GHL's token", options.ghl_token.as_str()),
        ("Track-POD's key", &options.track_pod_key),
        ("Rankr's token", &options.rankr_token),
        ("Track-POD's webhook secret", &secrets[0]),
        ("Rankr's webhook secret", &secrets[1]),
        ("the courier's token", &vendor.token),
        ("the courier's webhook token", &vendor.hook_token),
    ];
    for (what, credential) in credentials {
        if memchr::memmem::find(&facts.bytes, credential.as_bytes()).is_some() {
            violations.push(format!("{what} is in the database"));
        }
    }
}

/// What the vendors hold.
struct Seen {
    effects: Effects,
    /// The notes that drivers see, by the delivery's id.
    driver_notes: BTreeMap<String, String>,
    /// How often each note's mark is on each contact's timeline.
    marks: BTreeMap<(String, String), usize>,
}

impl Seen {
    fn read(world: &World) -> Seen {
        let effects = world.offline.effects();
        let mut marks = BTreeMap::new();
        for (contact, notes) in &effects.notes {
            for note in notes {
                let mark = note.rsplit_once("[transload ").and_then(|(_, mark)| mark.strip_suffix(']'));
                let key = (contact.clone(), mark.unwrap_or("none at all").to_owned());
                *marks.entry(key).or_default() += 1;
            }
        }
        let member =
            |order: &Json, name: &str| order.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let shown = world.offline.snapshot().track_pod.orders;
        let driver_notes = shown.iter().map(|order| (member(order, "Id"), member(order, "Note"))).collect();
        Seen { effects, driver_notes, marks }
    }

    /// The marks of a contact's notes that begin so.
    fn marks<'a>(&'a self, contact: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.marks.keys().filter(move |(whose, _)| whose == contact);
        own.map(|(_, mark)| mark.as_str()).filter(move |mark| mark.starts_with(start))
    }

    fn is_noted(&self, contact: &str, mark: &str) -> bool {
        self.marks.contains_key(&(contact.to_owned(), mark.to_owned()))
    }

    /// All deliveries with this id, those that were deleted too.
    fn deliveries(&self, id: &str) -> &[DeliveryOrder] {
        self.effects.delivery_orders.get(id).map(Vec::as_slice).unwrap_or_default()
    }
}

/// One order before the judge.
struct Judged<'a> {
    world: &'a World,
    terms: Terms,
    order: &'a Order,
    facts: &'a Facts,
    seen: &'a Seen,
    violations: &'a mut Vec<String>,
}

impl Judged<'_> {
    fn judge(&mut self) {
        self.deliveries();
        self.renewals();
        self.money();
        self.words();
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        self.violations.push(format!("order {}: {what}", self.order.id));
    }

    /// The delivery that is there and that nobody took off.
    fn live(&self) -> Option<&DeliveryOrder> {
        self.seen.deliveries(&self.order.id).iter().find(|it| !it.removed && it.rejections == 0)
    }

    /// Whether a person was told one of these of the order.
    fn is_told(&self, kinds: &[&str]) -> bool {
        let own = self.facts.alerts().filter(|alert| alert.subject == self.order.id);
        own.into_iter().any(|alert| kinds.contains(&alert.kind.as_str()))
    }
}
