//! Whether the promises held: each violation with what it is about, what was expected and what was seen.

use std::collections::BTreeMap;

use transload::storage::{EventRecord, State};
use transload_sandbox::{DeliveryOrder, Json};

use super::facts::Facts;
use super::life::Run;
use super::shop::{Order, TENTHS, scaled, text};
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
    let mut notes = Marks::default();
    for order in &run.shop.orders {
        notes.read(world, order);
    }
    for order in &run.shop.orders {
        Judged { world, order, facts, violations: &mut violations }.judge(&notes);
    }
    super::courier::judge(&world.vendor.lock().unwrap(), &run.jobs, facts, &mut violations);
    violations
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
    let secret = world.offline.track_pod_secret();
    let credentials = [
        ("GHL's token", options.ghl_token.as_str()),
        ("Track-POD's key", &options.track_pod_key),
        ("Track-POD's webhook secret", &secret),
        ("the courier's token", &vendor.token),
        ("the courier's webhook token", &vendor.hook_token),
    ];
    for (what, credential) in credentials {
        if memchr::memmem::find(&facts.bytes, credential.as_bytes()).is_some() {
            violations.push(format!("{what} is in the database"));
        }
    }
}

/// How often each note's mark is on the contacts' timelines.
#[derive(Default)]
struct Marks(BTreeMap<(String, String), usize>, Vec<String>);

impl Marks {
    fn read(&mut self, world: &World, order: &Order) {
        if self.1.contains(&order.contact) {
            return;
        }
        self.1.push(order.contact.clone());
        for note in world.offline.notes(&order.contact) {
            let mark = note.rsplit_once("[transload ").and_then(|(_, mark)| mark.strip_suffix(']'));
            let key = (order.contact.clone(), mark.unwrap_or("none at all").to_owned());
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// The marks of a contact that begin so, with their numbers.
    fn of<'a>(&'a self, contact: &'a str, start: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        let own = self.0.iter().filter(move |((whose, _), _)| whose == contact);
        own.map(|((_, mark), count)| (mark.as_str(), *count)).filter(move |(mark, _)| mark.starts_with(start))
    }

    fn count(&self, contact: &str, start: &str) -> usize {
        self.of(contact, start).map(|(_, count)| count).sum()
    }
}

/// One order before the judge.
struct Judged<'a> {
    world: &'a World,
    order: &'a Order,
    facts: &'a Facts,
    violations: &'a mut Vec<String>,
}

impl Judged<'_> {
    fn judge(&mut self, notes: &Marks) {
        let deliveries = self.world.offline.delivery_orders(&self.order.id);
        let live: Vec<&DeliveryOrder> = deliveries.iter().filter(|it| !it.removed).collect();
        match live.as_slice() {
            [] if self.order.is_cancelled => {}
            [one] => {
                self.cash(one);
                self.quantities(one);
            }
            other => self.fail(format!("expected one delivery order, there are {}", other.len())),
        }
        self.notes(notes, live.len());
        self.revenue();
    }

    fn fail(&mut self, what: String) {
        self.violations.push(format!("order {}: {what}", self.order.id));
    }

    /// I3: the driver collects what is due, or, where changes came too late for him, what was due at some time.
    fn cash(&mut self, delivery: &DeliveryOrder) {
        let places = self.order.places;
        let seen = delivery.cod.map_or(Some(0), |cod| scaled(&cod.to_string(), places));
        let settled = !self.order.was_started && !self.order.is_cancelled;
        let may: Vec<u64> = if settled { vec![self.order.due()] } else { self.order.dues.clone() };
        if !seen.is_some_and(|seen| may.contains(&seen)) {
            let may: Vec<String> = may.into_iter().map(|due| text(due, places)).collect();
            self.fail(format!("expected cash on delivery {may:?}, it is {:?}", delivery.cod));
        }
    }

    /// I2, I3: what is to be delivered is what was ordered, and what was fulfilled is what was delivered.
    fn quantities(&mut self, delivery: &DeliveryOrder) {
        let mut asked: BTreeMap<String, u64> = BTreeMap::new();
        let mut delivered: BTreeMap<String, u64> = BTreeMap::new();
        for line in &delivery.lines {
            let id = line.id.clone().unwrap_or_default();
            let tenths = |quantity: Option<_>| -> u64 {
                quantity.map_or(0, |it: transload_model::Decimal| scaled(&it.to_string(), TENTHS).unwrap())
            };
            *asked.entry(id.clone()).or_default() += tenths(line.quantity);
            let accepted = if matches!(delivery.status, Some(3 | 4)) { tenths(line.accepted) } else { 0 };
            *delivered.entry(id).or_default() += accepted;
        }
        if asked != self.order.lines {
            self.fail(format!("expected lines {:?}, to be delivered are {asked:?}", self.order.lines));
        }
        let posted = self.world.offline.fulfillments(&self.order.id);
        let mut fulfilled: BTreeMap<String, u64> = BTreeMap::new();
        for item in posted.iter().flat_map(|fulfillment| &fulfillment.items) {
            let tenths = scaled(&item.quantity.to_string(), TENTHS).unwrap();
            *fulfilled.entry(item.price.clone()).or_default() += tenths;
        }
        delivered.retain(|_, tenths| *tenths > 0);
        if delivered != fulfilled || posted.len() > 1 {
            let many = posted.len();
            self.fail(format!("delivered {delivered:?}, fulfilled {fulfilled:?} in {many} fulfilments"));
        }
        self.world.count(if posted.is_empty() { "not delivered" } else { "fulfilled" });
    }

    /// I2: every note once.
    fn notes(&mut self, notes: &Marks, deliveries: usize) {
        let (contact, id) = (&self.order.contact, &self.order.id);
        let created = notes.count(contact, &format!("delivery-created {id}"));
        // Once the driver is on his way it would come too late, and is left out.
        let least = usize::from(deliveries == 1 && !self.order.was_started && !self.order.is_cancelled);
        let mut wrong = Vec::new();
        if created > 1 || created < least {
            wrong.push(format!("delivery-created: {created}"));
        }
        for payment in &self.order.payments {
            let kind = if payment.succeeded { "payment" } else { "payment-failed" };
            let count = notes.count(contact, &format!("{kind} {}", payment.id));
            if count != 1 {
                wrong.push(format!("{kind} {}: {count}", payment.id));
            }
            let start = format!("refund {} ", payment.id);
            let refunds: Vec<(Option<u64>, usize)> = notes
                .of(contact, &start)
                .map(|(mark, count)| (scaled(&mark[start.len()..], self.order.places), count))
                .collect();
            let true_sums = |sum: &Option<u64>| sum.is_some_and(|sum| payment.refunds.contains(&sum));
            let last = payment.refunds.last().is_none_or(|last| refunds.contains(&(Some(*last), 1)));
            if !last || refunds.iter().any(|(sum, count)| *count != 1 || !true_sums(sum)) {
                wrong.push(format!("refunds of {}: {refunds:?} for {:?}", payment.id, payment.refunds));
            }
        }
        for (state, start) in ["delivered", "partially delivered", "attempt failed", "rejected"]
            .map(|state| (state, format!("{state} {id} attempt ")))
        {
            for visit in 1..=9_u32 {
                let count = notes.count(contact, &format!("{start}{visit}"));
                let happened = self.order.outcomes.contains(&(state, visit));
                let is_last = self.order.outcomes.last() == Some(&(state, visit));
                if count > usize::from(happened) || is_last && count == 0 && !self.is_rescheduled() {
                    wrong.push(format!("{state}, visit {visit}: {count}"));
                }
            }
        }
        if !wrong.is_empty() {
            self.fail(format!("expected each note once: {}", wrong.join("; ")));
        }
    }

    /// Whether the last visit was followed by another that has not ended: its note may have come too late.
    fn is_rescheduled(&self) -> bool {
        let live = self.world.offline.delivery_orders(&self.order.id);
        live.last().is_none_or(|delivery| matches!(delivery.status, None | Some(1)))
    }

    /// I4: the revenue record is what was paid and given back, payment by payment.
    fn revenue(&mut self) {
        let stored = self.facts.entry(super::SHOP, &format!("revenue/{}", self.order.id));
        let stored = Json::parse(if stored.is_empty() { "{}" } else { &stored }).unwrap();
        let rows = stored.as_object().unwrap().iter().count();
        if rows != self.order.payments.len() {
            self.fail(format!("expected {} payments on record, there are {rows}", self.order.payments.len()));
        }
        for payment in &self.order.payments {
            let amount = |name: &str| {
                let number = stored.get(&payment.id).and_then(|row| row.get(name)).and_then(Json::as_decimal);
                number.and_then(|number| scaled(&number.to_string(), self.order.places))
            };
            let currency = stored.get(&payment.id).and_then(|row| row.get("currency")).and_then(Json::as_str);
            let captured = if payment.succeeded { payment.amount } else { 0 };
            let expected = (Some(captured), Some(payment.refunded()), Some(self.order.currency));
            let seen = (amount("captured"), amount("refunded"), currency);
            if expected != seen {
                self.fail(format!("revenue of {}: expected {expected:?}, on record {seen:?}", payment.id));
            }
        }
    }
}
