//! The merchant, the customers and the drivers: what happens to the orders of a run, and what is true of them.

use std::collections::BTreeMap;

use fastrand::Rng;
use transload_sandbox::{
    Deliver, Failure, Json, Number, Offline, Pay, PlaceOrder, Refund, Refused, Schedule, Step,
};

use super::world::World;
use crate::stage::order;

/// Currencies, with their decimal places.
const CURRENCIES: [(&str, u32); 4] = [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)];

/// How often a driver comes back to see whether there is a delivery by now.
const WAITS_MAX: u32 = 20;

/// Decimal places in which quantities are counted here.
pub(super) const TENTHS: u32 = 1;

/// Where a delivery stands, by the driver's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Planned,
    Started,
    Failed,
    Over,
}

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
    /// What has been given back.
    pub(super) fn refunded(&self) -> u64 {
        self.refunds.last().copied().unwrap_or_default()
    }
}

/// An order, and what is true of it.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) currency: &'static str,
    /// The currency's decimal places.
    pub(super) places: u32,
    pub(super) payments: Vec<Payment>,
    /// What was due at some time, the last one last, up to the start of a visit.
    pub(super) dues: Vec<u64>,
    /// What was ordered, in tenths, by the price's id.
    pub(super) lines: BTreeMap<String, u64>,
    /// The ends of visits: Track-POD's status and which visit it was.
    pub(super) outcomes: Vec<(&'static str, u32)>,
    pub(super) was_started: bool,
    pub(super) is_cancelled: bool,
    total: u64,
    phase: Phase,
    visit: u32,
    waits: u32,
}

/// Everything that happens at the vendors.
pub(super) struct Shop {
    rng: Rng,
    pub(super) orders: Vec<Order>,
}

impl Shop {
    pub(super) fn new(seed: u64) -> Shop {
        Shop { rng: Rng::with_seed(seed ^ 0x5409), orders: Vec::new() }
    }

    /// A customer places an order.
    pub(super) fn place(&mut self, world: &World) {
        let rng = &mut self.rng;
        let (currency, places) = CURRENCIES[rng.usize(..CURRENCIES.len())];
        let mut lines: Vec<(String, u64, u64)> = Vec::new();
        for _ in 0..rng.u32(1..=3) {
            // One of three prices, so that now and then two lines are of one price; an even price, so that half of it is exact.
            let price = format!("price-{}", rng.u32(..3));
            let tenths = if rng.u32(..4) == 0 { 15 } else { rng.u64(1..=3) * 10 };
            lines.push((price, tenths, rng.u64(1..3_000) * 2));
        }
        let total = lines.iter().map(|(_, tenths, unit)| tenths * unit / 10).sum();
        let texts: Vec<(String, String, String)> = lines
            .iter()
            .map(|(price, tenths, unit)| (price.clone(), text(*tenths, TENTHS), text(*unit, places)))
            .collect();
        let texts: Vec<(&str, &str, &str)> =
            texts.iter().map(|(price, qty, unit)| (price.as_str(), qty.as_str(), unit.as_str())).collect();
        let contact = format!("contact-{}", rng.u32(..2));
        let document = Json::parse(&order(&contact, currency, &text(total, places), &texts)).unwrap();
        let placed = PlaceOrder { order: Some(document), webhook: true };
        let id = world.offline.place_order(placed, world.now()).unwrap().id;
        world.say(format!("SHOP order {id} of {} {currency} is placed", text(total, places)));
        let mut ordered = BTreeMap::new();
        for (price, tenths, _) in lines {
            *ordered.entry(price).or_default() += tenths;
        }
        self.orders.push(Order {
            id,
            contact,
            currency,
            places,
            payments: Vec::new(),
            dues: vec![total],
            lines: ordered,
            outcomes: Vec::new(),
            was_started: false,
            is_cancelled: false,
            total,
            phase: Phase::New,
            visit: 1,
            waits: 0,
        });
    }

    /// Something happens to an order. Answers after how many milliseconds to come back, if it could not happen yet.
    pub(super) fn act(&mut self, index: usize, world: &World) -> Option<u64> {
        let rng = &mut self.rng;
        let order = &mut self.orders[index];
        match rng.u32(..20) {
            0..=2 => order.pay(rng, world, true),
            3 => order.pay(rng, world, false),
            4 => order.refund(rng, world),
            5 => order.change_status(rng, world),
            _ => return order.drive(rng, world),
        }
        None
    }
}

impl Order {
    fn captured(&self) -> u64 {
        self.payments.iter().filter(|payment| payment.succeeded).map(|payment| payment.amount).sum()
    }

    fn pay(&mut self, rng: &mut Rng, world: &World, succeeded: bool) {
        let due = self.total.saturating_sub(self.captured());
        if due == 0 {
            return;
        }
        let amount = if rng.bool() { due } else { rng.u64(1..=due) };
        let status = if succeeded { "succeeded" } else { "failed" };
        let pay = Pay { amount: Some(number(amount, self.places)), status: Some(status.to_owned()) };
        let id = world.offline.pay(&self.id, pay, world.now()).unwrap();
        world.say(format!("SHOP {} of order {}: {id} {status}", text(amount, self.places), self.id));
        self.payments.push(Payment { id, amount, refunds: Vec::new(), succeeded });
        world.count("payments");
        self.dues.push(self.total - self.captured());
    }

    fn refund(&mut self, rng: &mut Rng, world: &World) {
        let open = self.payments.iter_mut().filter(|it| it.succeeded && it.amount > it.refunded());
        let mut open: Vec<&mut Payment> = open.collect();
        if open.is_empty() {
            return;
        }
        let at = rng.usize(..open.len());
        let payment = &mut *open[at];
        let amount = rng.u64(1..=payment.amount - payment.refunded());
        let refund = Refund { amount: Some(number(amount, self.places)) };
        world.offline.refund(&payment.id, refund, world.now()).unwrap();
        payment.refunds.push(payment.refunded() + amount);
        world.count("refunds");
        world.say(format!("SHOP {} of {} given back", text(amount, self.places), payment.id));
    }

    fn change_status(&mut self, rng: &mut Rng, world: &World) {
        self.is_cancelled = !self.is_cancelled && rng.u32(..3) == 0;
        let status = if self.is_cancelled { "cancelled" } else { ["pending", "completed"][rng.usize(..2)] };
        world.offline.set_order_status(&self.id, status, world.now()).unwrap();
        world.say(format!("SHOP order {} is {status}", self.id));
    }

    /// The delivery moves on, if there is one by now.
    fn drive(&mut self, rng: &mut Rng, world: &World) -> Option<u64> {
        let there = world.offline.delivery_orders(&self.id).iter().any(|it| !it.removed);
        if !there {
            self.waits += 1;
            return (self.waits < WAITS_MAX).then(|| rng.u64(60_000..600_000));
        }
        let plan = Schedule::default;
        let (step, phase) = match self.phase {
            Phase::New => (Step::Schedule(plan()), Phase::Planned),
            Phase::Planned if rng.u32(..4) == 0 => (Step::Load, Phase::Planned),
            Phase::Planned => (Step::Start, Phase::Started),
            Phase::Started => match rng.u32(..8) {
                0 | 1 => (Step::Fail(Failure::default()), Phase::Failed),
                2 => (Step::Reject(Failure::default()), Phase::Failed),
                3..=5 => (Step::Deliver(Deliver::default()), Phase::Over),
                _ => (Step::Deliver(self.part(rng)), Phase::Over),
            },
            Phase::Failed => (Step::Reschedule(plan()), Phase::Planned),
            Phase::Over => return None,
        };
        world.say(format!("SHOP delivery {} {step:?}", self.id));
        self.moved(step, phase, &world.offline, world.now()).unwrap();
        world.count("drives");
        None
    }

    fn moved(&mut self, step: Step, phase: Phase, offline: &Offline, now: u64) -> Result<(), Refused> {
        let outcome = match &step {
            Step::Fail(_) => Some("attempt failed"),
            Step::Reject(_) => Some("rejected"),
            Step::Deliver(deliver) if !self.is_short(deliver) => Some("delivered"),
            Step::Deliver(_) => Some("partially delivered"),
            Step::Start => {
                self.was_started = true;
                None
            }
            Step::Reschedule(_) => {
                self.visit += 1;
                None
            }
            _ => None,
        };
        self.outcomes.extend(outcome.map(|outcome| (outcome, self.visit)));
        self.phase = phase;
        offline.drive(&self.id, step, now).map(drop)
    }

    fn part(&self, rng: &mut Rng) -> Deliver {
        let lines = self.lines.iter().map(|(price, tenths)| {
            let accepted = if rng.bool() { *tenths } else { rng.u64(0..=tenths / 5) * 5 };
            (price.clone(), number(accepted.min(*tenths), TENTHS))
        });
        Deliver { lines: lines.collect(), ..Deliver::default() }
    }

    fn is_short(&self, deliver: &Deliver) -> bool {
        let ordered = |price: &String| self.lines.get(price).copied();
        deliver.lines.iter().any(|(price, accepted)| scaled(accepted.text(), TENTHS) != ordered(price))
    }

    /// What is to be collected now.
    pub(super) fn due(&self) -> u64 {
        self.total.saturating_sub(self.captured())
    }
}

/// `units` of 10^-`places`, as text: 1505 and 2 give 15.05.
pub(super) fn text(units: u64, places: u32) -> String {
    let one = 10_u64.pow(places);
    match places {
        0 => units.to_string(),
        _ => format!("{}.{:0width$}", units / one, units % one, width = places as usize),
    }
}

/// The reverse of [`text`]; none if it is no such number, or finer than that.
pub(super) fn scaled(text: &str, places: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (kept, rest) = fraction.split_at(fraction.len().min(places as usize));
    if rest.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let digits = format!("{whole}{kept:0<width$}", width = places as usize);
    digits.parse().ok()
}

fn number(units: u64, places: u32) -> Number {
    match Json::parse(&text(units, places)).unwrap() {
        Json::Number(number) => number,
        other => panic!("{other} is no number"),
    }
}

#[test]
fn amounts_are_read_and_written_exactly() {
    for (units, places, written) in [(1_505, 2, "15.05"), (7, 0, "7"), (1, 3, "0.001"), (15, 1, "1.5")] {
        assert_eq!(text(units, places), written);
        assert_eq!(scaled(written, places), Some(units));
    }
    assert_eq!(scaled("15.050", 2), Some(1_505));
    assert_eq!(scaled("15.5", 2), Some(1_550));
    assert_eq!(scaled("15.051", 2), None);
    assert_eq!(scaled("-1", 2), None);
}
