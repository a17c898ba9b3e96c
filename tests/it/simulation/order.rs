//! An order of the shop, and what is true of it: what was ordered, paid, given back, cancelled and renewed.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;
use transload_sandbox::{Charge, Edit, Json, Pay, PlaceOrder, Refund, Subscribe};

use super::shop::{TENTHS, number, text};
use super::visit::Visits;
use super::world::{MORNING, World};
use crate::stage;

/// Currencies, with their decimal places.
const CURRENCIES: [(&str, u32); 4] = [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)];

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// From the beginning of a subscription of a week to the middle of its second period, where its second renewal ends to
/// be the nearest one and the third begins: ten and a half days.
const TO_THE_MIDDLE_MS: u64 = (10 * 24 + 12) * HOUR_MS;

/// Refunds after which most of what was paid is given back: each is for a whole payment every other time.
const REFUNDS_OF_REGRET: u32 = 4;

/// A payment, or a try.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) id: String,
    /// In the currency's smallest unit.
    pub(super) amount: u64,
    /// Every sum that had been given back at some time, the last one last.
    pub(super) refunds: Vec<u64>,
    pub(super) succeeded: bool,
}

impl Payment {
    pub(super) fn new(id: String, amount: u64, succeeded: bool) -> Payment {
        Payment { id, amount, refunds: Vec::new(), succeeded }
    }

    /// What has been given back.
    pub(super) fn refunded(&self) -> u64 {
        self.refunds.last().copied().unwrap_or_default()
    }

    /// What came in.
    pub(super) fn captured(&self) -> u64 {
        if self.succeeded { self.amount } else { 0 }
    }
}

/// When an order is to be delivered, by the operator's settings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    pub(super) cash_on_delivery: bool,
    pub(super) when_refunded: bool,
}

/// A subscription of an order's goods.
#[derive(Debug, Clone)]
pub(super) struct Renewals {
    /// The subscription.
    pub(super) id: String,
    /// What each renewal costs.
    price: u64,
    /// From when on renewals are for the later of two periods.
    middle: u64,
    /// Every charge, with the delivery that it pays for.
    pub(super) charges: Vec<(Payment, String)>,
    pub(super) is_cancelled: bool,
}

/// One line of an order.
#[derive(Debug, Clone)]
struct Line {
    price: String,
    tenths: u64,
    /// What one costs.
    unit: u64,
}

/// An order, and what is true of it.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) currency: &'static str,
    /// The currency's decimal places.
    pub(super) places: u32,
    /// What was paid for the order itself, renewals apart.
    pub(super) payments: Vec<Payment>,
    pub(super) renewals: Option<Renewals>,
    /// What was due at some time, the last one last.
    pub(super) dues: Vec<u64>,
    /// What was ordered at some time, in tenths, by the price's id; the last one last.
    pub(super) ordered: Vec<BTreeMap<String, u64>>,
    pub(super) is_cancelled: bool,
    /// Whether it was not to be delivered at any time.
    pub(super) was_off: bool,
    pub(super) visits: Visits,
    lines: Vec<Line>,
    total: u64,
    rules: Rules,
}

impl Order {
    /// A customer places an order, and perhaps subscribes to its goods.
    pub(super) fn place(rng: &mut Rng, world: &World, rules: Rules) -> Order {
        let (currency, places) = CURRENCIES[rng.usize(..CURRENCIES.len())];
        // One of three prices, so that now and then two lines are of one price; an even one, so that half of it is exact.
        let draw = |rng: &mut Rng| Line {
            price: format!("price-{}", rng.u32(..3)),
            tenths: if rng.u32(..4) == 0 { 15 } else { rng.u64(1..=3) * 10 },
            unit: rng.u64(1..3_000) * 2,
        };
        let lines: Vec<Line> = (0..rng.u32(1..=3)).map(|_| draw(rng)).collect();
        let mut order = Order {
            id: String::new(),
            contact: format!("contact-{}", rng.u32(..2)),
            currency,
            places,
            payments: Vec::new(),
            renewals: None,
            dues: Vec::new(),
            ordered: Vec::new(),
            is_cancelled: false,
            was_off: false,
            visits: Visits::default(),
            total: total(&lines),
            lines,
            rules,
        };
        let placed = PlaceOrder { order: Some(order.document()), webhook: true };
        order.id = world.offline.place_order(placed, world.now()).unwrap().id;
        world.say(format!("SHOP order {} of {} {currency} is placed", order.id, text(order.total, places)));
        order.dues.push(order.total);
        order.ordered.push(order.by_price());
        if rng.bool() {
            order.subscribe(rng, world);
        }
        order
    }

    fn document(&self) -> Json {
        let lines: Vec<(&str, String, String)> = self
            .lines
            .iter()
            .map(|line| (line.price.as_str(), text(line.tenths, TENTHS), text(line.unit, self.places)))
            .collect();
        let lines: Vec<(&str, &str, &str)> =
            lines.iter().map(|(price, qty, unit)| (*price, qty.as_str(), unit.as_str())).collect();
        let total = text(self.total, self.places);
        Json::parse(&stage::order(&self.contact, self.currency, &total, &lines)).unwrap()
    }

    fn by_price(&self) -> BTreeMap<String, u64> {
        let mut ordered = BTreeMap::new();
        for line in &self.lines {
            *ordered.entry(line.price.clone()).or_default() += line.tenths;
        }
        ordered
    }

    /// What was paid for the order itself through GoHighLevel, refunds not taken off.
    pub(super) fn captured(&self) -> u64 {
        self.payments.iter().map(Payment::captured).sum()
    }

    pub(super) fn refunded(&self) -> u64 {
        self.payments.iter().map(Payment::refunded).sum()
    }

    /// What is to be paid at the door. What was given back counts as paid.
    pub(super) fn due(&self) -> u64 {
        self.total.saturating_sub(self.captured())
    }

    /// Whether all that it costs was paid, and all of that given back.
    pub(super) fn is_given_back(&self) -> bool {
        let captured = self.captured();
        captured > 0 && captured >= self.total && self.refunded() == captured
    }

    /// Whether it is not to be delivered any more.
    pub(super) fn is_off(&self) -> bool {
        self.is_cancelled || self.rules.when_refunded && self.is_given_back()
    }

    /// Whether it is to be delivered.
    pub(super) fn is_wanted(&self) -> bool {
        !self.is_off() && (self.rules.cash_on_delivery || self.due() == 0)
    }

    /// Something of the order has changed that its delivery is to follow.
    fn changed(&mut self) {
        self.dues.push(self.due());
        self.was_off |= self.is_off();
        self.visits.order_changed();
    }

    pub(super) fn pay(&mut self, rng: &mut Rng, world: &World, succeeded: bool) {
        // Who has given cash to the driver does not pay once more, whether or not anybody has written it down yet.
        let due = self.due().saturating_sub(self.visits.most_collected());
        if due == 0 {
            return;
        }
        let amount = if rng.bool() { due } else { rng.u64(1..=due) };
        let status = if succeeded { "succeeded" } else { "failed" };
        let pay = Pay { amount: Some(number(amount, self.places)), status: Some(status.to_owned()) };
        let id = world.offline.pay(&self.id, pay, world.now()).unwrap();
        world.say(format!("SHOP {} of order {}: {id} {status}", text(amount, self.places), self.id));
        self.payments.push(Payment::new(id, amount, succeeded));
        world.count("payments");
        self.changed();
    }

    pub(super) fn refund(&mut self, rng: &mut Rng, world: &World) {
        let (places, renewals) = (self.places, self.renewals.as_mut());
        let charges = renewals.into_iter().flat_map(|it| &mut it.charges).map(|(charge, _)| charge);
        let all = self.payments.iter_mut().chain(charges);
        let mut open: Vec<&mut Payment> = all.filter(|it| it.captured() > it.refunded()).collect();
        if open.is_empty() {
            return;
        }
        let at = rng.usize(..open.len());
        let payment = &mut *open[at];
        let rest = payment.amount - payment.refunded();
        let amount = if rng.bool() { rest } else { rng.u64(1..=rest) };
        let refund = Refund { amount: Some(number(amount, places)) };
        world.offline.refund(&payment.id, refund, world.now()).unwrap();
        payment.refunds.push(payment.refunded() + amount);
        world.count("refunds");
        world.say(format!("SHOP {} of {} given back", text(amount, places), payment.id));
        self.changed();
        if self.is_given_back() {
            world.count("refunds in full");
        }
    }

    /// The customer pays what is left, thinks better of it, and gets it all back.
    pub(super) fn regret(&mut self, rng: &mut Rng, world: &World) {
        self.pay(rng, world, true);
        for _ in 0..REFUNDS_OF_REGRET {
            self.refund(rng, world);
        }
    }

    pub(super) fn change_status(&mut self, rng: &mut Rng, world: &World) {
        let was_cancelled = self.is_cancelled;
        self.is_cancelled = !was_cancelled && rng.bool();
        let status = if self.is_cancelled { "cancelled" } else { ["pending", "completed"][rng.usize(..2)] };
        world.offline.set_order_status(&self.id, status, world.now()).unwrap();
        world.say(format!("SHOP order {} is {status}", self.id));
        if self.is_cancelled {
            world.count("cancellations");
        } else if was_cancelled {
            world.count("reopenings");
        }
        self.changed();
    }

    /// The merchant changes a quantity, and with it what the order costs.
    pub(super) fn edit(&mut self, rng: &mut Rng, world: &World) {
        if self.visits.is_over() {
            return;
        }
        let at = rng.usize(..self.lines.len());
        self.lines[at].tenths = rng.u64(1..=6) * 5;
        // An odd number of halves times an even price is exact.
        self.total = total(&self.lines);
        let document = self.document();
        let mut members: Vec<(&str, Json)> =
            ["items", "amount"].map(|name| (name, document.get(name).cloned().unwrap())).into();
        members.push(("updatedAt", moment(world.now()).into()));
        let mut object = transload_sandbox::Object::default();
        members.into_iter().for_each(|(name, value)| object.set(name, value));
        let edit = Edit { members: object.into(), webhook: Some("OrderStatusUpdate".to_owned()) };
        world.offline.edit_order(&self.id, edit, world.now()).unwrap();
        world.say(format!(
            "SHOP order {} now is {:?}, {}",
            self.id,
            self.lines,
            text(self.total, self.places)
        ));
        world.count("edits");
        self.ordered.push(self.by_price());
        self.changed();
    }

    /// The customer has subscribed so long ago that the middle of a period comes within the run.
    fn subscribe(&mut self, rng: &mut Rng, world: &World) {
        let middle = MORNING + rng.u64(0..4 * HOUR_MS);
        let members = format!(
            r#"{{"createdAt":"{}","schedule":{{"rrule":{{"intervalType":"weekly","interval":1}}}}}}"#,
            moment(middle - TO_THE_MIDDLE_MS)
        );
        let subscribe =
            Subscribe { order: self.id.clone(), subscription: Some(Json::parse(&members).unwrap()) };
        let id = world.offline.subscribe(subscribe, world.now()).unwrap();
        world.say(format!("SHOP order {} is subscribed to: {id}", self.id));
        self.renewals =
            Some(Renewals { id, price: self.total, middle, charges: Vec::new(), is_cancelled: false });
    }

    /// A subscription is charged for its next delivery, or ends.
    pub(super) fn renew(&mut self, rng: &mut Rng, world: &World) {
        let (id, places) = (&self.id, self.places);
        let Some(renewals) = self.renewals.as_mut().filter(|it| !it.is_cancelled) else { return };
        let now = world.now();
        if rng.u32(..4) == 0 {
            let ended = Json::object([("status", "cancelled".into())]);
            world.offline.edit_subscription(&renewals.id, Edit::silent(ended), now).unwrap();
            renewals.is_cancelled = true;
            world.say(format!("SHOP subscription {} is cancelled", renewals.id));
            return;
        }
        let succeeded = rng.u32(..4) > 0;
        let status = if succeeded { "succeeded" } else { "failed" };
        let charge = Charge { amount: None, status: Some(status.to_owned()) };
        let charged = world.offline.charge(&renewals.id, charge, now).unwrap();
        // The subscription's periods start on 1 and 8 January, at 20:00 UTC or a few hours later, half a week before and
        // after the morning of the run.
        let day = if now < renewals.middle { "20260101" } else { "20260108" };
        world.say(format!("SHOP order {id} is renewed from {day} on: {charged} {status}, {places} places"));
        renewals.charges.push((Payment::new(charged, renewals.price, succeeded), format!("{id}-{day}")));
        world.count("renewals");
    }
}

fn total(lines: &[Line]) -> u64 {
    lines.iter().map(|line| line.tenths * line.unit / 10).sum()
}

/// A time as GoHighLevel writes it.
fn moment(ms: u64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(ms.try_into().unwrap()).unwrap())
}
