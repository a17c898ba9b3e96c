//! Shipments: each is on both sides once, with its goods, and none is lost or made less.

use std::collections::{BTreeMap, BTreeSet};

use transload_sandbox::{GhlFulfillment, RankrFulfillment};

use super::super::shipment::{Goods, LEFT, OFF, Shipment};
use super::{Judged, tenths};

impl Judged<'_> {
    pub(super) fn shipments(&mut self) {
        let id = &self.sale.order.id;
        let shop = self.effects.fulfillments.get(id).cloned().unwrap_or_default();
        let sink = self.effects.rankr.fulfillments.get(id).cloned().unwrap_or_default();
        self.written_to_the_shop(&shop);
        self.posted_to_the_sink(&sink);
        for shipment in &self.sale.shipments {
            match shipment.by_sink {
                true => self.of_the_sink(shipment, &shop),
                false => self.of_the_shop(shipment, &shop, &sink),
            }
        }
        self.no_more_than_ordered(&shop);
        let carried = sink.iter().filter(|it| it.origin.as_deref() == Some("ghl")).count();
        let expected = if self.terms.notify { carried } else { 0 };
        let notices = self.effects.rankr.notices.get(id).copied().unwrap_or_default();
        if notices != expected {
            self.fail(format!("the sink told the customer {notices} times of {expected}"));
        }
    }

    fn by(&self, by_sink: bool) -> impl Iterator<Item = &Shipment> {
        self.sale.shipments.iter().filter(move |it| it.by_sink == by_sink)
    }

    /// What the connector wrote to the shop: for each of the sink's shipments that has left, one at most.
    fn written_to_the_shop(&mut self, shop: &[GhlFulfillment]) {
        let own: BTreeSet<&str> = self.by(false).map(|it| it.id.as_str()).collect();
        let mut written: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ghosts = Vec::new();
        for one in shop.iter().filter(|it| !own.contains(it.id.as_str())) {
            match self.by(true).find(|it| it.has_left() && is_numbered(one, it)) {
                Some(shipment) => *written.entry(&shipment.id).or_default() += 1,
                None => ghosts.push(one.clone()),
            }
        }
        let doubled: Vec<String> = written
            .iter()
            .filter(|(_, count)| **count > 1)
            .map(|(id, count)| format!("{id} {count} times"))
            .collect();
        if !ghosts.is_empty() || !doubled.is_empty() {
            self.fail(format!("the shop has shipments of nobody {ghosts:?}, and doubles of {doubled:?}"));
        }
    }

    /// What the connector posted to the sink: each of the shop's shipments, once at most.
    fn posted_to_the_sink(&mut self, sink: &[RankrFulfillment]) {
        let own: BTreeSet<&str> = self.by(true).map(|it| it.id.as_str()).collect();
        let mut shops: BTreeSet<&str> = self.by(false).map(|it| it.id.as_str()).collect();
        let posted = sink.iter().filter(|it| !own.contains(it.id.as_str()));
        let ghosts: Vec<String> =
            posted.filter(|it| !shops.remove(it.id.as_str())).map(|it| format!("{it:?}")).collect();
        if !ghosts.is_empty() {
            self.fail(format!("the sink has shipments of nobody, or twice: {ghosts:?}"));
        }
    }

    /// A shipment of the shop is still there, and the sink has it.
    fn of_the_shop(&mut self, shipment: &Shipment, shop: &[GhlFulfillment], sink: &[RankrFulfillment]) {
        let own = shop.iter().find(|it| it.id == shipment.id).map(goods);
        if own.as_ref() != Some(&shipment.goods) {
            self.fail(format!("{}: expected {:?} as it was, there is {own:?}", shipment.id, shipment.goods));
        }
        let copy = sink.iter().find(|it| it.id == shipment.id);
        let carried = copy.is_some_and(|it| {
            let number = it.tracking_number.as_ref();
            sink_goods(it) == shipment.goods && number == shipment.numbers.first()
        });
        if !carried && !self.is_the_same_as_another(shipment) {
            self.fail(format!("the sink lacks {shipment:?}, it has {copy:?}"));
        }
    }

    /// A shipment of the sink that has left is in the shop; one that was called off before may be.
    fn of_the_sink(&mut self, shipment: &Shipment, shop: &[GhlFulfillment]) {
        let written = shop.iter().find(|it| is_numbered(it, shipment));
        let is_due = LEFT.contains(&shipment.state());
        let is_whole = written.is_some_and(|it| goods(it) == shipment.goods);
        let excused = !self.terms.careful
            && (self.is_told("fulfilled-too-much", &self.sale.order.id)
                || self.is_the_same_as_another(shipment));
        if is_due && !is_whole && !excused {
            self.fail(format!("the shop lacks {shipment:?}, it has {written:?}"));
        }
        self.withdrawal(shipment, written.is_some());
    }

    /// Of a shipment that is called off a person is told if the shop has it, and once.
    fn withdrawal(&mut self, shipment: &Shipment, is_written: bool) {
        let about = self.facts.alerts().filter(|it| it.kind == "fulfillment-withdrawn");
        let told = about.filter(|it| it.message.contains(&shipment.id)).count();
        let off: BTreeSet<&str> = shipment.states.iter().copied().filter(|it| OFF.contains(it)).collect();
        let is_due = is_written && OFF.contains(&shipment.state());
        if told > off.len() || is_due && told == 0 {
            self.fail(format!("told {told} times of the withdrawal of {shipment:?}"));
        }
    }

    /// Where people are careless both sides may say the same of the same goods, which leave once.
    fn is_the_same_as_another(&self, shipment: &Shipment) -> bool {
        let others = self.by(!shipment.by_sink);
        !self.terms.careful && others.into_iter().any(|it| it.goods == shipment.goods)
    }

    /// Nothing beyond the order is written where people ship each piece once.
    fn no_more_than_ordered(&mut self, shop: &[GhlFulfillment]) {
        let mut sum = Goods::new();
        for (price, tenths) in shop.iter().flat_map(goods) {
            *sum.entry(price).or_default() += tenths;
        }
        let ordered = self.sale.order.ordered.last().cloned().unwrap_or_default();
        let excess = sum.iter().any(|(price, tenths)| ordered.get(price).is_none_or(|most| tenths > most));
        if excess && self.terms.careful {
            self.fail(format!("{sum:?} are fulfilled of {ordered:?}"));
        }
    }
}

/// Whether the shop's fulfilment names the sink's shipment.
fn is_numbered(one: &GhlFulfillment, shipment: &Shipment) -> bool {
    one.tracking_numbers.iter().any(|number| *number == shipment.id || shipment.numbers.contains(number))
}

fn goods(one: &GhlFulfillment) -> Goods {
    let mut goods = Goods::new();
    for item in &one.items {
        *goods.entry(item.price.clone()).or_default() += tenths(Some(item.quantity));
    }
    goods
}

fn sink_goods(one: &RankrFulfillment) -> Goods {
    let mut goods = Goods::new();
    for line in &one.lines {
        *goods.entry(line.id.clone()).or_default() += tenths(line.quantity);
    }
    goods
}
