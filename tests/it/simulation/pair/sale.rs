//! An order in both systems: what is true of it, and what people change where it is only a copy.

use std::collections::BTreeMap;

use fastrand::Rng;
use transload_sandbox::{Edit, Json, Object, RankrKind};

use super::super::order::{Order, Rules};
use super::super::world::World;
use super::bill::Bill;
use super::shipment::Shipment;
use super::terms::Terms;

/// How often somebody comes back to see whether the sink has what he wants to work on.
const WAITS_MAX: u32 = 20;

/// Members of a mirrored order that people change in the sink.
const MEMBERS: [&str; 4] = ["note", "status", "amountPaid", "amount"];

/// What people changed in a copy: by the member, how often, and what they set last.
#[derive(Debug, Clone, Default)]
pub(super) struct Edits(pub(super) BTreeMap<&'static str, (u32, String)>);

/// An order in both systems.
pub(super) struct Sale {
    /// The shop's half.
    pub(super) order: Order,
    pub(super) terms: Terms,
    pub(super) shipments: Vec<Shipment>,
    pub(super) bill: Option<Bill>,
    pub(super) edits: Edits,
    /// Whether a machine of the sink sets the order's note again whenever it is another.
    has_machine: bool,
    waits: u32,
}

impl Sale {
    pub(super) fn place(rng: &mut Rng, world: &World, terms: Terms) -> Sale {
        let order = Order::place(rng, world, Rules::default());
        let has_machine = rng.u32(..4) == 0;
        let (shipments, edits) = (Vec::new(), Edits::default());
        Sale { order, terms, shipments, bill: None, edits, has_machine, waits: 0 }
    }

    /// The machine of the sink sets the note again that it once set.
    pub(super) fn insist(&mut self, world: &World) {
        let Some((count, own)) = self.edits.0.get_mut("note").filter(|_| self.has_machine) else { return };
        let id = self.order.id.as_str();
        let orders = world.offline.snapshot().rankr.orders;
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let Some(copy) = orders.iter().find(|it| text(&it.order, "orderId").as_deref() == Some(id)) else {
            return;
        };
        if text(&copy.order, "note").as_ref() == Some(own) {
            return;
        }
        *count += 1;
        let members = Json::object([("note", own.as_str().into())]);
        let edit = Edit { members, webhook: Some("order.updated".to_owned()) };
        world.offline.rankr_edit(RankrKind::Order, id, edit, world.now()).unwrap();
        world.say(format!("SINK a machine sets the note of {id} again"));
        world.count("machines that insist");
    }

    /// The merchant changes a quantity.
    pub(super) fn edit_order(&mut self, rng: &mut Rng, world: &World) {
        self.order.edit(rng, world);
        world.count("edits");
    }

    /// Whether the sink has the object; else when to come back.
    pub(super) fn await_in_the_sink(
        &mut self,
        rng: &mut Rng,
        world: &World,
        kind: RankrKind,
        id: &str,
    ) -> Result<(), Option<u64>> {
        if world.offline.rankr_record(kind, id).is_some() {
            return Ok(());
        }
        self.waits += 1;
        Err((self.waits < WAITS_MAX).then(|| rng.u64(60_000..600_000)))
    }

    /// Somebody in the sink changes the order, which is the shop's.
    pub(super) fn edit_mirror(&mut self, rng: &mut Rng, world: &World) -> Option<u64> {
        let id = self.order.id.clone();
        if let Err(later) = self.await_in_the_sink(rng, world, RankrKind::Order, &id) {
            return later;
        }
        let member = MEMBERS[rng.usize(..MEMBERS.len())];
        self.edits.make(rng, world, self.terms, (RankrKind::Order, &id, member));
        None
    }
}

impl Edits {
    /// Changes a member of an object in the sink, by hand to a new value, or by a machine to the same one again.
    pub(super) fn make(
        &mut self,
        rng: &mut Rng,
        world: &World,
        terms: Terms,
        (kind, id, member): (RankrKind, &str, &'static str),
    ) {
        let (count, last) = self.0.entry(member).or_default();
        *count += 1;
        if last.is_empty() || rng.bool() {
            *last = match member {
                "note" => format!("by hand, {count}"),
                "status" => format!("checked {count}"),
                _ => format!("{}", 1_000_000 + rng.u32(..1_000_000)),
            };
        }
        let mut members = Object::default();
        members.set(member, last.as_str());
        let event = if kind == RankrKind::Order { "order.updated" } else { "invoice.updated" };
        let webhook = (!terms.polls_sink || rng.bool()).then(|| event.to_owned());
        world.say(format!("SINK {member} of {kind:?} {id} is set to {last:?}"));
        world
            .offline
            .rankr_edit(kind, id, Edit { members: Json::from(members), webhook }, world.now())
            .unwrap();
        world.count("edits of mirrors");
    }
}
