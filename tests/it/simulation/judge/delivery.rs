//! Deliveries: one of each, with the right goods, taken off when and only when the order is; and their fulfilments.

use std::collections::BTreeMap;

use transload_model::Decimal;
use transload_sandbox::DeliveryOrder;

use super::super::shop::{TENTHS, scaled};
use super::Judged;

type Quantities = BTreeMap<String, u64>;

impl Judged<'_> {
    /// I2, I3: what was ordered is delivered once, or not at all if it is not to be.
    pub(super) fn deliveries(&mut self) {
        let (order, visits) = (self.order, &self.order.visits);
        let all = self.seen.deliveries(&order.id);
        if all.len() > 1 || all.iter().any(|it| it.rejections > 1) {
            self.fail(format!("expected one delivery, taken off once at most: {all:?}"));
            return;
        }
        let Some(one) = all.first() else {
            if order.is_wanted() {
                self.fail("expected a delivery, there is none");
            }
            return self.fulfillments(None);
        };
        let is_off = one.removed || one.rejections > 0;
        if is_off && !order.was_off && !visits.is_deleted {
            self.fail("its delivery was taken off for nothing");
        }
        if is_off
            && order.is_wanted()
            && !visits.is_deleted
            && !self.is_told(&["order-reopened", "delivery-deleted"])
        {
            self.fail("it stands, its delivery was taken off, and nobody was told");
        }
        // Whoever deletes a delivery knows; others hear of it by Track-POD's webhook alone.
        if visits.is_deleted
            && order.is_wanted()
            && self.terms.hears_track_pod
            && !self.is_told(&["delivery-deleted", "order-reopened"])
        {
            self.fail("its delivery was deleted by a person, and nobody else was told");
        }
        if !is_off && order.is_off() {
            self.not_called_off(one);
        }
        if !is_off && visits.follows_order() && order.is_wanted() {
            let (asked, ordered) = (quantities(one, |line| line.quantity), order.ordered.last());
            if Some(&asked) != ordered {
                self.fail(format!("expected lines {ordered:?}, to be delivered are {asked:?}"));
            }
        } else if !order.ordered.contains(&quantities(one, |line| line.quantity)) {
            self.fail(format!("what is to be delivered was never ordered: {one:?}"));
        }
        self.fulfillments(Some(one));
    }

    /// The delivery of an order that is called off stands. That is right only if the goods had left.
    fn not_called_off(&mut self, one: &DeliveryOrder) {
        let kinds = ["goods-already-gone", "refund-after-delivery"];
        match one.status {
            None => self.fail("it is not to be delivered, and its delivery is still planned"),
            Some(1 | 3 | 4) if !self.is_told(&kinds) => {
                self.fail("it is not to be delivered, its goods have left, and nobody was told");
            }
            _ => self.world.count("called off too late"),
        }
    }

    /// I3: what was accepted is fulfilled, within what is ordered, and never less than once was.
    fn fulfillments(&mut self, delivery: Option<&DeliveryOrder>) {
        let order = self.order;
        let posted = self.seen.effects.fulfillments.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        let mut fulfilled = Quantities::new();
        for item in posted.iter().flat_map(|fulfillment| &fulfillment.items) {
            let tenths = scaled(&item.quantity.to_string(), TENTHS).unwrap();
            *fulfilled.entry(item.price.clone()).or_default() += tenths;
        }
        let handovers = &order.visits.handovers;
        if posted.len() > handovers.len() {
            self.fail(format!("{} fulfilments of {} deliveries", posted.len(), handovers.len()));
        }
        let ordered = order.ordered.last().cloned().unwrap_or_default();
        let is_there = delivery.is_some_and(|it| !it.removed);
        for (price, most) in &ordered {
            let accepted = |at: Option<&super::super::visit::Handover>| {
                at.and_then(|it| it.accepted.get(price).copied()).unwrap_or_default()
            };
            let last = if is_there { accepted(handovers.last()).min(*most) } else { 0 };
            let peak = handovers.iter().map(|it| accepted(Some(it)).min(*most)).max().unwrap_or_default();
            let seen = fulfilled.remove(price).unwrap_or_default();
            if !(last..=peak).contains(&seen) {
                self.fail(format!("expected {last} to {peak} tenths of {price} fulfilled, there are {seen}"));
            }
        }
        if !fulfilled.is_empty() {
            self.fail(format!("fulfilled {fulfilled:?}, which nobody ordered"));
        }
        if let [one] = handovers.as_slice()
            && one.accepted.iter().any(|(price, tenths)| *tenths > ordered[price])
            && !self.is_told(&["delivered-too-much"])
        {
            self.fail("more was accepted than ordered, and nobody was told");
        }
        self.world.count(if posted.is_empty() { "not delivered" } else { "fulfilled" });
    }

    /// I2: each period that is paid for has one delivery, and costs nothing at the door.
    pub(super) fn renewals(&mut self) {
        let Some(renewals) = &self.order.renewals else { return };
        for day in ["20260101", "20260108"] {
            let id = format!("{}-{day}", self.order.id);
            let is_paid = renewals.charges.iter().any(|(charge, pays)| charge.succeeded && *pays == id);
            let expected = usize::from(is_paid && self.terms.renew);
            let made = self.seen.deliveries(&id);
            let noted = self.seen.is_noted(&self.order.contact, &format!("delivery-created {id}"));
            let asks = made.iter().any(|it| it.cod.is_some_and(|cod| cod != Decimal::ZERO));
            if made.len() != expected || noted != (expected > 0) || asks {
                self.fail(format!("renewal {id}: expected {expected} deliveries, noted {noted}: {made:?}"));
            }
            if expected > 0 {
                self.world.count("renewals delivered");
            }
        }
        let start = format!("subscription {} cancelled", renewals.id);
        if self.seen.marks(&self.order.contact, &start).count() != usize::from(renewals.is_cancelled) {
            self.fail(format!("{start}: expected to be noted: {}", renewals.is_cancelled));
        }
    }
}

fn quantities(
    delivery: &DeliveryOrder,
    of: impl Fn(&transload_sandbox::DeliveredLine) -> Option<Decimal>,
) -> Quantities {
    let mut all = Quantities::new();
    for line in &delivery.lines {
        let tenths = of(line).map_or(0, |it| scaled(&it.to_string(), TENTHS).unwrap());
        *all.entry(line.id.clone().unwrap_or_default()).or_default() += tenths;
    }
    all
}
