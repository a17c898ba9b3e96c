//! Words: notes on timelines, each once, and messages to customers, each once at most.

use transload::contract::Receipt;

use super::super::facts::Facts;
use super::super::order::Order;
use super::super::shop::{Shop, scaled};
use super::super::terms::{UNDISTURBED, WORKFLOW};
use super::{Judged, Seen};

/// The ends of visits, and the messages that tell of them.
const TOLD: [(&str, Option<&str>); 4] = [
    ("delivered", Some("delivered")),
    ("partially delivered", Some("partly_delivered")),
    ("attempt failed", Some("attempt_failed")),
    ("rejected", None),
];

/// I2: no note is written twice.
pub(super) fn doubled(seen: &Seen, violations: &mut Vec<String>) {
    for ((contact, mark), count) in &seen.marks {
        if *count != 1 || mark == "none at all" {
            violations.push(format!("{contact}: {count} notes with the mark {mark:?}"));
        }
    }
}

/// A message that an order's delivery brings about.
struct Message {
    state: &'static str,
    visit: u32,
    /// Whether nothing can have come between: it must have been sent.
    is_sure: bool,
}

impl Message {
    /// What the host calls the event that sends it.
    fn event(&self, order: &Order) -> String {
        format!("message/{}/{}/{}", order.id, self.state, self.visit)
    }

    /// Whether the host has said that nobody knows if it was sent.
    fn is_in_doubt(&self, order: &Order, facts: &Facts) -> bool {
        let id = self.event(order);
        let event = facts.events_of(super::super::SHOP).find(|event| event.event.id == id);
        matches!(event.and_then(|event| event.receipt.as_ref()), Some(Receipt::Done(report))
            if report.alerts.iter().any(|alert| alert.kind == "possibly-sent"))
    }
}

/// What a customer may be told of an order.
fn messages(order: &Order, seen: &Seen) -> Vec<Message> {
    let visits = &order.visits;
    let is_there = seen.deliveries(&order.id).iter().any(|it| !it.removed && it.rejections == 0);
    let mut messages: Vec<Message> = Vec::new();
    for &visit in &visits.started {
        let is_sure = is_there && visits.is_out() && visit == visits.visit();
        messages.push(Message { state: "out_for_delivery", visit, is_sure });
    }
    for (index, (outcome, visit)) in visits.outcomes.iter().enumerate() {
        let told = TOLD.into_iter().find(|(name, _)| name == outcome).and_then(|(_, told)| told);
        let Some(state) =
            told.filter(|state| !messages.iter().any(|it| it.state == *state && it.visit == *visit))
        else {
            continue;
        };
        // What was corrected may have been put right before anybody looked, or after.
        let is_last = index + 1 == visits.outcomes.len() && visits.handovers.len() < 2;
        messages.push(Message {
            state,
            visit: *visit,
            is_sure: is_there && is_last && *visit == visits.visit(),
        });
    }
    messages
}

/// I2: a workflow has no text to tell messages apart by, so they are counted for each contact.
pub(super) fn workflows(shop: &Shop, facts: &Facts, seen: &Seen, violations: &mut Vec<String>) {
    for (contact, workflows) in &seen.effects.workflows {
        let (mut least, mut most) = (0, 0);
        for order in shop.orders.iter().filter(|order| order.contact == *contact) {
            for message in messages(order, seen) {
                most += 1;
                least += usize::from(message.is_sure && !message.is_in_doubt(order, facts));
            }
        }
        let is_told = shop.terms.channel == "workflow" && !is_undisturbed(shop, contact);
        let (least, most) = if is_told { (least, most) } else { (0, 0) };
        if !(least..=most).contains(&workflows.len()) || workflows.iter().any(|id| id != WORKFLOW) {
            violations
                .push(format!("{contact}: expected {least} to {most} workflows, it is in {workflows:?}"));
        }
    }
}

fn is_undisturbed(shop: &Shop, contact: &str) -> bool {
    shop.terms.undisturbed && contact == UNDISTURBED
}

impl Judged<'_> {
    pub(super) fn words(&mut self) {
        self.messages();
        let mut wrong = Vec::new();
        self.notes_of_payments(&mut wrong);
        self.notes_of_visits(&mut wrong);
        self.notes_of_the_delivery(&mut wrong);
        if !wrong.is_empty() {
            self.fail(format!("notes: {}", wrong.join("; ")));
        }
    }

    /// I2: each message at most once, and once if nothing stood against it and nobody was told of a doubt.
    fn messages(&mut self) {
        let (order, terms) = (self.order, self.terms);
        let sent = self.seen.effects.messages.get(&order.contact).map(Vec::as_slice).unwrap_or_default();
        let kind = match terms.channel {
            "sms" => "SMS",
            "email" => "Email",
            "whatsapp" => "WhatsApp",
            _ => "",
        };
        let is_quiet = terms.undisturbed && order.contact == UNDISTURBED;
        let is_told = !(kind.is_empty() || is_quiet);
        let about = sent.iter().filter(|it| it.text.contains(&order.id)).count();
        let mut known = 0;
        for message in messages(order, self.seen) {
            let text = format!("{} {} {}", message.state, order.id, message.visit);
            let count = sent.iter().filter(|it| it.text == text && it.kind == kind).count();
            let is_due = is_told && message.is_sure && !message.is_in_doubt(order, self.facts);
            if count > usize::from(is_told) || is_due && count == 0 {
                self.fail(format!("message {text:?}: sent {count} times, must be sent: {is_due}"));
            }
            if is_due {
                self.world.count("messages");
            }
            known += count;
        }
        if about != known {
            self.fail(format!("messages of what did not happen: {sent:?}"));
        }
    }

    /// Each payment and the last sum of each refund is noted; cash that was recorded is not, as the delivery's note has it.
    fn notes_of_payments(&self, wrong: &mut Vec<String>) {
        let (order, contact) = (self.order, &self.order.contact);
        let charges = order.renewals.iter().flat_map(|it| &it.charges).map(|(charge, _)| charge);
        for payment in order.payments.iter().chain(charges) {
            let kind = if payment.succeeded { "payment" } else { "payment-failed" };
            if !self.seen.is_noted(contact, &format!("{kind} {}", payment.id)) {
                wrong.push(format!("{kind} {} is missing", payment.id));
            }
            let start = format!("refund {} ", payment.id);
            let marks = self.seen.marks(contact, &start);
            let sums: Vec<Option<u64>> = marks.map(|it| scaled(&it[start.len()..], order.places)).collect();
            let is_true = |sum: &Option<u64>| sum.is_some_and(|sum| payment.refunds.contains(&sum));
            let is_last_there = payment.refunds.last().is_none_or(|last| sums.contains(&Some(*last)));
            if !is_last_there || !sums.iter().all(is_true) {
                wrong.push(format!("refunds of {}: {sums:?} for {:?}", payment.id, payment.refunds));
            }
        }
        for cash in self.seen.effects.payments.get(&order.id).into_iter().flatten() {
            if self.seen.is_noted(contact, &format!("payment {}", cash.id)) {
                wrong.push(format!("the driver's cash {} is noted as another payment", cash.id));
            }
        }
    }

    /// What happened at the door is noted, at the latest when the visit's last account is in.
    fn notes_of_visits(&self, wrong: &mut Vec<String>) {
        let (order, visits) = (self.order, &self.order.visits);
        let is_there = self.live().is_some_and(|it| !matches!(it.status, None | Some(1)));
        for (state, _) in TOLD {
            for visit in 1..=9_u32 {
                let start = format!("{state} {} attempt {visit}", order.id);
                let count = self.seen.marks(&order.contact, &start).count();
                let happened = visits.outcomes.iter().filter(|it| **it == (state, visit)).count();
                // Of an order that is called off nobody wonders why it was refused; and what falls may come too late.
                let is_sure = is_there
                    && visits.outcomes.last() == Some(&(state, visit))
                    && !(state == "rejected" && order.was_off)
                    && visits.handovers.len() <= 1;
                if count > happened || is_sure && count == 0 {
                    wrong.push(format!("{start}: {count} of {happened}"));
                }
            }
        }
    }

    /// That a delivery is planned, and that it was taken off, is noted.
    fn notes_of_the_delivery(&self, wrong: &mut Vec<String>) {
        let (order, contact) = (self.order, &self.order.contact);
        let created = self.seen.is_noted(contact, &format!("delivery-created {}", order.id));
        let all = self.seen.deliveries(&order.id);
        // Once the driver is on his way it would come too late, and is left out.
        let is_due = self.live().is_some() && !order.visits.was_started() && order.is_wanted();
        if created && all.is_empty() || is_due && !created {
            wrong.push(format!("delivery-created: {created}"));
        }
        let is_off = all.iter().any(|it| it.removed || it.rejections > 0);
        let taken_off = self.seen.is_noted(contact, &format!("called-off {}", order.id));
        let is_due = is_off && order.is_off() && !order.visits.is_deleted;
        if taken_off && (!is_off && !order.was_off) || is_due && !taken_off {
            wrong.push(format!("called-off: {taken_off}"));
        }
    }
}
