//! A shop and an order sink, with people at work in both: what the connector between them has to keep equal.

mod bill;
mod judge;
mod sale;
mod shipment;
mod terms;

use fastrand::Rng;
use serde_json::Value;
use transload_sandbox::SandboxOptions;

use super::facts::Facts;
use super::story::Story;
use super::world::{Ears, World};
use sale::Sale;
use terms::Terms;

/// Everything that happens in both systems.
pub(super) struct Pair {
    terms: Terms,
    sales: Vec<Sale>,
    rng: Rng,
}

impl Pair {
    /// The story of a seed.
    pub(super) fn story(seed: u64) -> Box<dyn Story> {
        Box::new(Pair { terms: Terms::draw(seed), sales: Vec::new(), rng: Rng::with_seed(seed ^ 0x9a12) })
    }
}

impl Story for Pair {
    fn ears(&self) -> Ears {
        self.terms.ears()
    }

    fn sandbox(&self, options: SandboxOptions) -> SandboxOptions {
        self.terms.sandbox(options)
    }

    fn begin(&self, world: &World) {
        world.say(format!("{:?}", self.terms));
    }

    fn settings(&self) -> Value {
        self.terms.settings()
    }

    fn polls(&self) -> Vec<&'static str> {
        self.terms.polls()
    }

    fn place(&mut self, world: &World) {
        self.sales.push(Sale::place(&mut self.rng, world, self.terms));
    }

    fn orders(&self) -> usize {
        self.sales.len()
    }

    fn act(&mut self, order: usize, world: &World) -> Option<u64> {
        let (rng, sale) = (&mut self.rng, &mut self.sales[order]);
        match rng.u32(..20) {
            0..=2 => sale.order.pay(rng, world, true),
            3 => sale.order.pay(rng, world, false),
            4 => sale.order.refund(rng, world),
            5 => sale.order.change_status(rng, world),
            // Nobody changes what has left.
            6 if sale.shipments.is_empty() => sale.edit_order(rng, world),
            6 | 7 => sale.order.renew(rng, world),
            8 => sale.order.regret(rng, world),
            9 | 10 => sale.ship_by_the_shop(rng, world),
            11 | 12 => return sale.ship_by_the_sink(rng, world),
            13..=15 => sale.move_on(rng, world),
            16 | 17 => return sale.edit_mirror(rng, world),
            18 => sale.bill(rng, world),
            _ => return sale.edit_billed(rng, world),
        }
        None
    }

    fn insist(&mut self, world: &World) {
        for sale in &mut self.sales {
            sale.insist(world);
        }
    }

    fn judge(&self, world: &World, facts: &Facts, violations: &mut Vec<String>) {
        judge::judge(&self.sales, self.terms, world, facts, violations);
    }
}
