//! The dispatcher, the drivers and whoever puts things right in Track-POD: how a delivery goes, and what is true of it.

use std::collections::BTreeMap;

use fastrand::Rng;
use transload_sandbox::{Deliver, DeliveryOrder, Edit, Failure, Json, Object, Removal, Schedule, Step};

use super::order::Order;
use super::shop::{TENTHS, number, scaled, text};
use super::world::World;

/// How often a driver comes back to see whether there is a delivery by now.
const WAITS_MAX: u32 = 20;

/// Where a delivery stands, by the driver's account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    New,
    Planned,
    Started,
    Failed,
    Over,
}

/// What was handed over at the door, as it was told at some time.
#[derive(Debug, Clone, Default)]
pub(super) struct Handover {
    /// What was accepted, in tenths, by the price's id.
    pub(super) accepted: BTreeMap<String, u64>,
    /// The cash that was taken.
    pub(super) cash: u64,
}

/// What is true of an order's delivery.
#[derive(Debug, Clone, Default)]
pub(super) struct Visits {
    /// The ends of visits, and later corrections: how it ended and which visit it was.
    pub(super) outcomes: Vec<(&'static str, u32)>,
    /// Every account of what was handed over, the last one last.
    pub(super) handovers: Vec<Handover>,
    /// What the driver was asked to collect when he handed the goods over.
    pub(super) asked: u64,
    /// Which visits were started.
    pub(super) started: Vec<u32>,
    /// Whether a person deleted it in Track-POD.
    pub(super) is_deleted: bool,
    phase: Phase,
    /// The visits before this one.
    former: u32,
    /// The visit for which the order changed last.
    changed_for: u32,
    waits: u32,
}

impl Visits {
    /// The visit under way or to come, from 1.
    pub(super) fn visit(&self) -> u32 {
        self.former + 1
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Whether the driver is out, by his account.
    pub(super) fn is_out(&self) -> bool {
        self.phase == Phase::Started
    }

    pub(super) fn was_started(&self) -> bool {
        !self.started.is_empty()
    }

    /// Whether the last change of the order came when Track-POD took changes, and nobody has left since.
    pub(super) fn follows_order(&self) -> bool {
        matches!(self.phase, Phase::New | Phase::Planned) && self.changed_for == self.former
    }

    pub(super) fn order_changed(&mut self) {
        self.changed_for = self.former;
    }

    /// The most that was ever said to be collected.
    pub(super) fn most_collected(&self) -> u64 {
        self.handovers.iter().map(|handover| handover.cash).max().unwrap_or_default()
    }
}

impl Order {
    /// The delivery moves on, if there is one by now.
    pub(super) fn drive(&mut self, rng: &mut Rng, world: &World) -> Option<u64> {
        let Some(present) = self.delivery(world) else {
            self.visits.waits += 1;
            return (self.visits.waits < WAITS_MAX).then(|| rng.u64(60_000..600_000));
        };
        // Whoever sees that it was called off leaves it.
        if present.rejections > 0 {
            return None;
        }
        let plan = Schedule::default;
        let (step, phase) = match self.visits.phase {
            Phase::New => (Step::Schedule(plan()), Phase::Planned),
            Phase::Planned if rng.u32(..4) == 0 => (Step::Load, Phase::Planned),
            Phase::Planned => (Step::Start, Phase::Started),
            Phase::Started => match rng.u32(..8) {
                0 | 1 => (Step::Fail(Failure::default()), Phase::Failed),
                2 => (Step::Reject(Failure::default()), Phase::Failed),
                _ => return self.hand_over(rng, world, &present),
            },
            // Nobody plans what is not to be delivered once more: an alert has said so, or the order itself does.
            Phase::Failed if self.is_off() => return None,
            Phase::Failed => (Step::Reschedule(plan()), Phase::Planned),
            Phase::Over => return self.correct(rng, world, &present),
        };
        match &step {
            Step::Start => self.visits.started.push(self.visits.visit()),
            Step::Fail(_) => self.visits.outcomes.push(("attempt failed", self.visits.visit())),
            Step::Reject(_) => self.visits.outcomes.push(("rejected", self.visits.visit())),
            Step::Reschedule(_) => {
                self.visits.former += 1;
                world.count("reschedules");
            }
            _ => {}
        }
        self.step(world, step, phase);
        None
    }

    /// The delivery that is there.
    fn delivery(&self, world: &World) -> Option<DeliveryOrder> {
        world.offline.delivery_orders(&self.id).into_iter().find(|it| !it.removed)
    }

    fn step(&mut self, world: &World, step: Step, phase: Phase) {
        world.say(format!("SHOP delivery {} {step:?}", self.id));
        self.visits.phase = phase;
        world.offline.drive(&self.id, step, world.now()).unwrap();
        world.count("drives");
    }

    /// The driver hands over what he has, or less, and takes the cash that he asks for, or less, or more.
    fn hand_over(&mut self, rng: &mut Rng, world: &World, present: &DeliveryOrder) -> Option<u64> {
        let full = brought(present);
        let accepted = if rng.bool() { full.clone() } else { part(rng, &full) };
        let asked = present.cod.map_or(0, |cod| scaled(&cod.to_string(), self.places).unwrap());
        let cash = match rng.u32(..8) {
            0 => rng.u64(0..=asked),
            1 => asked + rng.u64(1..500),
            2 => 0,
            _ => asked,
        };
        world.count(match cash {
            0 => "no cash",
            cash if cash < asked => "cash short",
            cash if cash > asked => "cash over",
            _ => "cash as asked",
        });
        self.visits.asked = asked;
        self.visits.outcomes.push((outcome(&accepted, &full), self.visits.visit()));
        let lines = accepted.iter().map(|(line, tenths)| (line.clone(), number(*tenths, TENTHS)));
        let deliver = Deliver {
            lines: lines.collect(),
            cod_actual: (cash > 0 || rng.bool()).then(|| number(cash, self.places)),
            ..Deliver::default()
        };
        self.visits.handovers.push(Handover { accepted, cash });
        self.step(world, Step::Deliver(deliver), Phase::Over);
        None
    }

    /// A person puts right, once, what was accepted and collected. Either both rise or both fall: of what falls, the earlier
    /// account may or may not have been acted on.
    fn correct(&mut self, rng: &mut Rng, world: &World, present: &DeliveryOrder) -> Option<u64> {
        if self.visits.handovers.len() > 1 || rng.u32(..3) > 0 {
            return None;
        }
        let full = brought(present);
        let Handover { mut accepted, mut cash } = self.visits.handovers.last().cloned().unwrap_or_default();
        if rng.bool() {
            accepted = full.clone();
            cash += rng.u64(0..500);
        } else {
            accepted = part(rng, &accepted);
            cash -= rng.u64(0..=cash);
        }
        let status = if outcome(&accepted, &full) == "delivered" { 3 } else { 4 };
        let mut members = Object::default();
        members.set("StatusId", Json::from(status as i64));
        members.set("GoodsList", self.goods(world, &accepted));
        members.set("CODActual", Json::from(number(cash, self.places)));
        let edit = Edit { members: members.into(), webhook: Some("OrderStatusUpdated".to_owned()) };
        world.offline.edit_delivery(&self.id, edit, world.now()).unwrap();
        let (id, sum) = (&self.id, text(cash, self.places));
        world.say(format!("SHOP delivery {id} is corrected: {accepted:?}, {sum} collected"));
        world.count("corrections");
        self.visits.outcomes.push((outcome(&accepted, &full), self.visits.visit()));
        self.visits.handovers.push(Handover { accepted, cash });
        None
    }

    /// The goods as Track-POD shows them, with what was accepted.
    fn goods(&self, world: &World, accepted: &BTreeMap<String, u64>) -> Vec<Json> {
        let shown = world.offline.snapshot().track_pod.orders;
        let id = |order: &Json| order.get("Id").and_then(Json::as_str).map(str::to_owned);
        let order = shown.iter().find(|order| id(order).as_ref() == Some(&self.id)).unwrap();
        let goods = order.get("GoodsList").and_then(Json::as_array).unwrap_or_default();
        let line = |line: &Json| {
            let mut object = line.as_object().unwrap().clone();
            let id = line.get("OrderLineId").and_then(Json::as_str).unwrap_or_default();
            object.set("QuantityFact", Json::from(number(accepted[id], TENTHS)));
            Json::from(object)
        };
        goods.iter().map(line).collect()
    }

    /// A person deletes the delivery in Track-POD.
    pub(super) fn take_away(&mut self, world: &World) {
        if self.visits.is_over() || self.delivery(world).is_none() {
            return;
        }
        let removal = Removal { forget: false, webhook: true };
        world.offline.delete_delivery(&self.id, removal, world.now()).unwrap();
        self.visits.is_deleted = true;
        world.say(format!("SHOP delivery {} is deleted by a person", self.id));
        world.count("deletions");
    }
}

/// What the driver has with him, by the line's id, which is the price's.
fn brought(present: &DeliveryOrder) -> BTreeMap<String, u64> {
    let mut full = BTreeMap::new();
    for line in &present.lines {
        let tenths = line.quantity.and_then(|it| scaled(&it.to_string(), TENTHS)).unwrap();
        *full.entry(line.id.clone().unwrap()).or_default() += tenths;
    }
    full
}

/// Some of it, in halves.
fn part(rng: &mut Rng, full: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let some = |tenths: u64, rng: &mut Rng| if rng.bool() { tenths } else { rng.u64(0..=tenths / 5) * 5 };
    full.iter().map(|(line, tenths)| (line.clone(), some(*tenths, rng).min(*tenths))).collect()
}

fn outcome(accepted: &BTreeMap<String, u64>, full: &BTreeMap<String, u64>) -> &'static str {
    if accepted == full { "delivered" } else { "partially delivered" }
}
