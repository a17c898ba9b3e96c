//! Whether the two systems are equal: the sink's copies are what the shop has, each shipment is on both sides once, and every
//! cent is where it was.

mod money;
mod shipments;

use std::collections::BTreeMap;

use transload_model::Decimal;
use transload_sandbox::{Effects, Json, RankrRecord, Snapshot};

use super::super::facts::Facts;
use super::super::order::{Order, Payment};
use super::super::shop::scaled;
use super::super::world::World;
use super::sale::{Edits, Sale};
use super::terms::Terms;

/// Everything that did not hold.
pub(super) fn judge(
    sales: &[Sale],
    terms: Terms,
    world: &World,
    facts: &Facts,
    violations: &mut Vec<String>,
) {
    let (effects, snapshot) = (world.offline.effects(), world.offline.snapshot());
    for _ in facts.events_of(super::super::SHOP).filter(|it| it.event.id.starts_with("rankr ")) {
        world.count("events of the sink");
    }
    doubled_notes(&effects, violations);
    money::sums(sales, &effects, violations);
    for sale in sales {
        let judged = Judged { world, sale, terms, facts, effects: &effects, snapshot: &snapshot, violations };
        judged.judge();
    }
    for (kind, id, count) in [
        ("order", "orders", effects.rankr.orders.len()),
        ("invoice", "invoices", effects.rankr.invoices.len()),
    ] {
        let most =
            if kind == "order" { sales.len() } else { sales.iter().filter(|it| it.bill.is_some()).count() };
        if count > most {
            violations.push(format!("the sink has {count} {id} of {most}"));
        }
    }
}

/// No note is written twice.
fn doubled_notes(effects: &Effects, violations: &mut Vec<String>) {
    for (contact, notes) in &effects.notes {
        let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
        for note in notes {
            let mark = note.rsplit_once("[transload ").map_or(note.as_str(), |(_, mark)| mark);
            *marks.entry(mark).or_default() += 1;
        }
        for (mark, count) in marks.into_iter().filter(|(_, count)| *count > 1) {
            violations.push(format!("{contact}: {count} notes with the mark {mark:?}"));
        }
    }
}

/// One order before the judge.
struct Judged<'a> {
    world: &'a World,
    sale: &'a Sale,
    terms: Terms,
    facts: &'a Facts,
    effects: &'a Effects,
    snapshot: &'a Snapshot,
    violations: &'a mut Vec<String>,
}

impl Judged<'_> {
    fn judge(mut self) {
        self.order();
        self.money();
        self.shipments();
        self.alerts();
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        self.violations.push(format!("order {}: {what}", self.sale.order.id));
    }

    fn is_told(&self, kind: &str, subject: &str) -> bool {
        self.facts.alerts().any(|alert| alert.kind == kind && alert.subject == subject)
    }

    /// Holds a member of a copy against what it is to be. People who change one for the first time see it put back; one that is
    /// changed again and again is left to them, and somebody is told.
    fn equal(
        &mut self,
        subject: &str,
        edits: &Edits,
        member: &'static str,
        expected: Option<&str>,
        seen: Option<&str>,
    ) {
        let amounts = |a: &str, b: &str| matches!((a.parse::<Decimal>(), b.parse::<Decimal>()), (Ok(a), Ok(b)) if a == b);
        if expected == seen || matches!((expected, seen), (Some(a), Some(b)) if amounts(a, b)) {
            return;
        }
        let left = edits.0.get(member).is_some_and(|(count, last)| *count > 1 && seen == Some(last));
        if left && self.is_told("systems-disagree", subject) {
            self.world.count("disagreements");
            return;
        }
        self.fail(format!("{member} of {subject}: expected {expected:?}, the sink has {seen:?}"));
    }

    /// The copy of the order says what the shop's order says.
    fn order(&mut self) {
        let (sale, id) = (self.sale, self.sale.order.id.as_str());
        let text = |json: &Json, name: &str| json.get(name).and_then(value);
        let copy =
            self.snapshot.rankr.orders.iter().find(|it| text(&it.order, "orderId").as_deref() == Some(id));
        let Some(copy) = copy.map(|it| it.order.clone()) else { return self.fail("the sink has none") };
        let own = self.snapshot.ghl.orders.iter().find(|it| text(&it.order, "_id").as_deref() == Some(id));
        let own = own.unwrap().order.clone();
        let seen = |name| text(&copy, name);
        for (member, name) in [
            ("status", "status"),
            ("fulfillmentStatus", "fulfillmentStatus"),
            ("amount", "amount"),
            ("currency", "currency"),
            ("note", "note"),
        ] {
            self.equal(id, &sale.edits, member, text(&own, name).as_deref(), seen(member).as_deref());
        }
        let (paid, refunded) = (sale.order.captured() - sale.order.refunded(), sale.order.refunded());
        for (member, units) in [("amountPaid", paid), ("amountRefunded", refunded)] {
            let expected = super::super::shop::text(units, sale.order.places);
            self.equal(id, &sale.edits, member, Some(&expected), seen(member).as_deref());
        }
        self.equal(
            id,
            &sale.edits,
            "paymentStatus",
            Some(payment_status(&sale.order)),
            seen("paymentStatus").as_deref(),
        );
        let record = &self.effects.rankr.orders[id];
        let mut goods: BTreeMap<String, u64> = BTreeMap::new();
        for line in &record.lines {
            *goods.entry(line.id.clone()).or_default() += tenths(line.quantity);
        }
        if Some(&goods) != sale.order.ordered.last() {
            self.fail(format!("expected lines {:?}, the sink has {goods:?}", sale.order.ordered.last()));
        }
    }

    /// Nobody is told of edits that nobody made, and nobody twice of one.
    fn alerts(&mut self) {
        let bill = self.sale.bill.as_ref().map(|bill| (bill.id.as_str(), &bill.edits));
        for (subject, edits) in [(self.sale.order.id.as_str(), &self.sale.edits)].into_iter().chain(bill) {
            let made: u32 = edits.0.values().map(|(count, _)| count).sum();
            for (kind, what) in [("edit-overruled", "overruled"), ("systems-disagree", "told apart")] {
                let own = self.facts.alerts().filter(|it| it.kind == kind && it.subject == subject);
                let count = own.inspect(|_| self.world.count(what)).count();
                if count > made as usize {
                    self.fail(format!("{count} alerts {kind} about {subject}, of {made} edits"));
                }
            }
        }
    }
}

/// A member's text, whatever it is.
fn value(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn tenths(quantity: Option<Decimal>) -> u64 {
    quantity.and_then(|it| scaled(&it.to_string(), super::super::shop::TENTHS)).unwrap_or_default()
}

fn payment_status(order: &Order) -> &'static str {
    let (captured, refunded) = (order.captured(), order.refunded());
    match (captured, refunded) {
        (captured, refunded) if refunded > 0 && refunded >= captured => "refunded",
        (_, refunded) if refunded > 0 => "partially_refunded",
        _ if order.due() == 0 => "paid",
        (captured, _) if captured > 0 => "partially_paid",
        _ => "unpaid",
    }
}

/// Whether a copy of a transaction says what is true of it.
fn is_copy(record: &RankrRecord, payment: &Payment, order: &Order) -> bool {
    let units = |amount: Option<Decimal>| amount.map_or(Some(0), |it| scaled(&it.to_string(), order.places));
    units(record.amount) == Some(payment.amount)
        && units(record.refunded) == Some(payment.refunded())
        && record.currency.as_deref() == Some(order.currency)
        && (record.status == "failed") != payment.succeeded
}
