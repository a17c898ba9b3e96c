//! Money: what the driver asks for, what he brings and where that goes, and what is on record of payments and refunds.

use transload_sandbox::{DeliveryOrder, Json};

use super::super::order::Payment;
use super::super::shop::{Shop, scaled, text};
use super::super::terms::{SCHEMA, TAG};
use super::{Judged, Seen};

/// The tag is on the contacts for whose orders something was paid, and on no other.
pub(super) fn tags(shop: &Shop, seen: &Seen, violations: &mut Vec<String>) {
    for (contact, tags) in &seen.effects.tags {
        let recorded = |id: &str| seen.effects.payments.contains_key(id);
        let paid = shop.orders.iter().filter(|order| order.contact == *contact).any(|order| {
            let charges = order.renewals.iter().flat_map(|it| &it.charges);
            order.captured() > 0 || charges.into_iter().any(|(it, _)| it.succeeded) || recorded(&order.id)
        });
        let expected = usize::from(paid && shop.terms.record == "note");
        if tags.iter().filter(|tag| *tag == TAG).count() != expected {
            violations.push(format!("{contact}: expected {expected} times the tag, there are {tags:?}"));
        }
    }
}

impl Judged<'_> {
    pub(super) fn money(&mut self) {
        let live = self.live().cloned();
        if let Some(delivery) = &live {
            self.asked(delivery);
            self.payment_log(delivery);
        }
        self.collected(live.is_some());
        self.differences(live.is_some());
        self.revenue();
        self.records();
    }

    fn scaled(&self, amount: impl std::fmt::Display) -> Option<u64> {
        scaled(&amount.to_string(), self.order.places)
    }

    /// I3, I4: the driver asks for what is due, or, where changes came too late for him, for what was due at some time.
    fn asked(&mut self, delivery: &DeliveryOrder) {
        let (order, places) = (self.order, self.order.places);
        let seen = delivery.cod.map_or(Some(0), |cod| self.scaled(cod));
        let may = match self.terms.cash_on_delivery {
            false => vec![0],
            true if order.visits.follows_order() && order.is_wanted() => vec![order.due()],
            true => order.dues.clone(),
        };
        if !seen.is_some_and(|seen| may.contains(&seen)) {
            let may: Vec<String> = may.into_iter().map(|due| text(due, places)).collect();
            self.fail(format!("expected cash on delivery {may:?}, it is {:?}", delivery.cod));
        }
    }

    /// I4: Track-POD's order says what was paid and given back.
    fn payment_log(&mut self, _: &DeliveryOrder) {
        let order = self.order;
        if !order.visits.follows_order() || !order.is_wanted() {
            return;
        }
        let note = self.seen.driver_notes.get(&order.id).map(String::as_str).unwrap_or_default();
        let sum = |start: &str| match note.split_once(start) {
            Some((_, rest)) => self.scaled(rest.split_once(' ').map_or(rest, |(amount, _)| amount)),
            None => Some(0),
        };
        let (seen, expected) = ((sum("Paid "), sum("refunded ")), (order.captured(), order.refunded()));
        if seen != (Some(expected.0), Some(expected.1)) {
            self.fail(format!("expected {expected:?} paid and given back, the driver reads {note:?}"));
        }
        self.world.count(if expected.0 > 0 { "payments in the driver's note" } else { "nothing to note" });
    }

    /// I2, I4: what the driver brought is recorded, as far as it was due, once. What GoHighLevel took is not.
    fn collected(&mut self, is_there: bool) {
        let (order, world) = (self.order, self.world);
        let recorded = self.seen.effects.payments.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        let sum: u64 = recorded.iter().map(|it| self.scaled(it.amount).unwrap()).sum();
        let within = |cash: u64| if self.terms.record_cash { cash.min(order.due()) } else { 0 };
        let last = order.visits.handovers.last().map_or(0, |it| within(it.cash));
        let least = if is_there { last } else { 0 };
        let most = within(order.visits.most_collected());
        if !(least..=most).contains(&sum) || recorded.len() > order.visits.handovers.len() {
            self.fail(format!("expected {least} to {most} recorded of the driver's cash: {recorded:?}"));
        }
        if let Some(wrong) =
            recorded.iter().find(|it| it.mode != "cash" || !it.meta.contains_key("transload"))
        {
            self.fail(format!("recorded as something else: {wrong:?}"));
        }
        if sum > 0 {
            world.count("cash recorded");
        }
    }

    /// I4: a person is told when the driver brings another sum than he was asked for, or than was due. Later corrections may
    /// hide one.
    fn differences(&mut self, is_there: bool) {
        let visits = &self.order.visits;
        let ([one], true) = (visits.handovers.as_slice(), is_there) else { return };
        let (cash, asked, due) = (one.cash, visits.asked, self.order.due());
        let in_full = visits.outcomes.last().is_some_and(|(outcome, _)| *outcome == "delivered");
        let missing = cash == 0 && asked > 0 && due > 0 && in_full;
        let other = cash > 0 && (cash != asked || cash > due);
        if (missing || other) && !self.is_told(&["cash-differs"]) {
            self.fail(format!("{cash} were collected, {asked} asked for, {due} due, and nobody was told"));
        }
        if cash > 0 && !other && self.is_told(&["cash-differs"]) {
            self.fail(format!("{cash} were collected as asked for and due, and somebody was told otherwise"));
        }
    }

    /// I4: the revenue record is what was paid and given back, payment by payment.
    fn revenue(&mut self) {
        let stored = self.facts.entry(super::super::SHOP, &format!("revenue/{}", self.order.id));
        let stored = Json::parse(if stored.is_empty() { "{}" } else { &stored }).unwrap();
        let payments = self.payments();
        let rows = stored.as_object().unwrap().iter().count();
        if rows != payments.len() {
            self.fail(format!("expected {} payments on record, there are {rows}", payments.len()));
        }
        for payment in payments {
            let amount = |name: &str| {
                let number = stored.get(&payment.id).and_then(|row| row.get(name)).and_then(Json::as_decimal);
                number.and_then(|number| self.scaled(number))
            };
            let currency = stored.get(&payment.id).and_then(|row| row.get("currency")).and_then(Json::as_str);
            let expected = (Some(payment.captured()), Some(payment.refunded()), Some(self.order.currency));
            let seen = (amount("captured"), amount("refunded"), currency);
            if expected != seen {
                self.fail(format!("revenue of {}: expected {expected:?}, on record {seen:?}", payment.id));
            }
        }
    }

    /// Every payment that names the order: its own, its renewals', and the cash that was recorded.
    fn payments(&self) -> Vec<Payment> {
        let mut payments = self.order.payments.clone();
        let charges = self.order.renewals.iter().flat_map(|it| &it.charges);
        payments.extend(charges.map(|(charge, _)| charge.clone()));
        for cash in self.seen.effects.payments.get(&self.order.id).into_iter().flatten() {
            let amount = self.scaled(cash.amount).unwrap();
            payments.push(Payment { id: cash.id.clone(), amount, refunds: Vec::new(), succeeded: true });
        }
        payments
    }

    /// I2, I4: an order that something was paid for has one record of it, with the sum.
    fn records(&mut self) {
        let (effects, id) = (&self.seen.effects, &self.order.id);
        let paid: u64 = self.payments().iter().map(Payment::captured).sum();
        let sums: Vec<Option<u64>> = match self.terms.record {
            "object" => {
                let own = effects.records.get(SCHEMA).into_iter().flatten();
                let own = own.filter(|record| record.properties.get("order") == Some(id));
                own.map(|record| self.scaled(record.properties.get("paid")?)).collect()
            }
            "opportunity" => {
                let own = effects.opportunities.iter().filter(|it| it.name == format!("Order {id}"));
                own.map(|opportunity| self.scaled(opportunity.value?)).collect()
            }
            _ => return,
        };
        let expected = if paid > 0 { vec![Some(paid)] } else { Vec::new() };
        if sums != expected {
            self.fail(format!("expected {expected:?} written down as paid, there are {sums:?}"));
        }
        if paid > 0 {
            self.world.count("payments written down");
        }
    }
}
