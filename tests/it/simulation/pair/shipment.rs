//! What leaves: fulfilments that people make in either system, and how those of the sink go on.

use std::collections::BTreeMap;

use fastrand::Rng;
use transload_sandbox::{AddFulfillment, AddToRankr, Edit, Json, Object, RankrKind};

use super::super::shop::{TENTHS, number, text};
use super::super::world::World;
use super::sale::Sale;

/// Quantities in tenths, by the price's id, which is the line's.
pub(super) type Goods = BTreeMap<String, u64>;

/// States of the sink's fulfilments in which goods have left, and stay away.
pub(super) const LEFT: [&str; 3] = ["out_for_delivery", "delivered", "collected"];

/// States in which a fulfilment is called off.
pub(super) const OFF: [&str; 2] = ["cancelled", "rejected"];

/// Something that leaves.
#[derive(Debug, Clone)]
pub(super) struct Shipment {
    /// The id in the system where it was made.
    pub(super) id: String,
    /// Whether it was made in the sink.
    pub(super) by_sink: bool,
    pub(super) goods: Goods,
    /// Every number that its parcel had.
    pub(super) numbers: Vec<String>,
    /// Every state it was in, the last one last; of the sink's only.
    pub(super) states: Vec<&'static str>,
}

impl Shipment {
    pub(super) fn state(&self) -> &'static str {
        self.states.last().copied().unwrap_or_default()
    }

    /// Whether its goods have left at some time.
    pub(super) fn has_left(&self) -> bool {
        self.states.iter().any(|state| LEFT.contains(state))
    }
}

impl Sale {
    /// What may be shipped: careful people look at what has left, careless ones at the order alone.
    fn left(&self) -> Goods {
        let mut left = self.order.ordered.last().cloned().unwrap_or_default();
        let seen = self.shipments.iter().filter(|_| self.terms.careful);
        for (price, tenths) in seen.flat_map(|shipment| &shipment.goods) {
            if let Some(left) = left.get_mut(price) {
                *left = left.saturating_sub(*tenths);
            }
        }
        left.retain(|_, tenths| *tenths > 0);
        left
    }

    /// Some of what may be shipped, in halves.
    fn some(&self, rng: &mut Rng) -> Goods {
        let mut goods = self.left();
        for tenths in goods.values_mut() {
            if rng.bool() {
                *tenths = rng.u64(0..=*tenths / 5) * 5;
            }
        }
        goods.retain(|_, tenths| *tenths > 0);
        goods
    }

    /// Numbers of parcels are never the same.
    fn number(&self, rng: &mut Rng) -> Vec<String> {
        let numbered = rng.bool();
        numbered.then(|| format!("P{}-{}", self.order.id, rng.u64(..))).into_iter().collect()
    }

    pub(super) fn ship_by_the_shop(&mut self, rng: &mut Rng, world: &World) {
        let (goods, numbers) = (self.some(rng), self.number(rng));
        if goods.is_empty() {
            return;
        }
        let item = |(price, tenths): (&String, &u64)| {
            Json::object([("priceId", price.as_str().into()), ("qty", number(*tenths, TENTHS).into())])
        };
        let tracking = |number: &String| Json::object([("trackingNumber", number.as_str().into())]);
        let new = AddFulfillment {
            items: goods.iter().map(item).collect(),
            trackings: numbers.iter().map(tracking).collect(),
            notify: false,
        };
        let made = world.offline.add_fulfillment(&self.order.id, new, world.now()).unwrap();
        let id = made.get("_id").and_then(Json::as_str).unwrap().to_owned();
        world.say(format!("SHOP {goods:?} of {} leave as {id} {numbers:?}", self.order.id));
        world.count("shipments by the shop");
        self.shipments.push(Shipment { id, by_sink: false, goods, numbers, states: Vec::new() });
    }

    pub(super) fn ship_by_the_sink(&mut self, rng: &mut Rng, world: &World) -> Option<u64> {
        let order = self.order.id.clone();
        if let Err(later) = self.await_in_the_sink(rng, world, RankrKind::Order, &order) {
            return later;
        }
        // All of an order may leave without being named; it is all of it only if nothing else of it leaves.
        let whole = self.shipments.is_empty() && self.terms.careful && rng.u32(..6) == 0;
        let goods = if whole { self.left() } else { self.some(rng) };
        if goods.is_empty() {
            return None;
        }
        let (numbers, state) =
            (self.number(rng), ["created", "scheduled", "out_for_delivery"][rng.usize(..3)]);
        let line = |(price, tenths): (&String, &u64)| {
            let quantity = text(*tenths, TENTHS);
            Json::object([("lineId", price.as_str().into()), ("quantity", quantity.into())])
        };
        let mut members = Object::default();
        members.set("status", state);
        members.set_some("trackingNumber", numbers.first().map(String::as_str));
        if !whole {
            members.set("lines", goods.iter().map(line).collect::<Vec<Json>>());
        }
        let webhook = !self.terms.polls_sink || rng.bool();
        let new = AddToRankr { object: members.into(), webhook };
        let made = world.offline.rankr_add_fulfillment(&order, new, world.now()).unwrap();
        let id = made.get("fulfillmentId").and_then(Json::as_str).unwrap().to_owned();
        world.say(format!("SINK {goods:?} of {order} are {state} as {id} {numbers:?}, whole: {whole}"));
        world.count("shipments by the sink");
        self.shipments.push(Shipment { id, by_sink: true, goods, numbers, states: vec![state] });
        None
    }

    /// One of the sink's goes on.
    pub(super) fn move_on(&mut self, rng: &mut Rng, world: &World) {
        let numbers = self.number(rng);
        let mut open: Vec<&mut Shipment> = self.shipments.iter_mut().filter(|it| it.by_sink).collect();
        if open.is_empty() {
            return;
        }
        let at = rng.usize(..open.len());
        let shipment = &mut *open[at];
        let next: &[&'static str] = match shipment.state() {
            "created" => &["scheduled", "cancelled"],
            "scheduled" => &["loaded", "out_for_delivery", "cancelled"],
            "loaded" | "attempt_failed" => &["out_for_delivery"],
            "out_for_delivery" => &["delivered", "collected", "attempt_failed", "rejected", "cancelled"],
            _ => return,
        };
        let state = next[rng.usize(..next.len())];
        let mut members = Object::default();
        members.set("status", state);
        members.set_some("trackingNumber", numbers.first().map(String::as_str));
        let event = (!self.terms.polls_sink || rng.bool()).then(|| "fulfillment.updated".to_owned());
        let edit = Edit { members: members.into(), webhook: event };
        let (order, id) = (&self.order.id, &shipment.id);
        world.offline.rankr_edit_fulfillment(order, id, edit, world.now()).unwrap();
        world.say(format!("SINK {id} of {order} is {state} {numbers:?}"));
        world.count(if OFF.contains(&state) { "withdrawals" } else { "moves" });
        shipment.states.push(state);
        shipment.numbers.extend(numbers);
    }
}
