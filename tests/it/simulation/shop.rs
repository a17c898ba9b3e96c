//! The merchant, the customers and the drivers: what happens to the orders of a run.

use fastrand::Rng;
use serde_json::Value;
use transload_sandbox::{Json, Number, Object, System};

use super::facts::Facts;
use super::judge;
use super::order::{Order, Rules};
use super::story::Story;
use super::terms::{Terms, UNDISTURBED};
use super::world::{Ears, World};

/// Decimal places in which quantities are counted here.
pub(super) const TENTHS: u32 = 1;

/// Everything that happens at the vendors.
pub(super) struct Shop {
    pub(super) terms: Terms,
    pub(super) orders: Vec<Order>,
    rng: Rng,
}

impl Shop {
    /// The story of a seed.
    pub(super) fn story(seed: u64) -> Box<dyn Story> {
        let rng = Rng::with_seed(seed ^ 0x5409);
        Box::new(Shop { terms: Terms::draw(seed), orders: Vec::new(), rng })
    }
}

impl Story for Shop {
    fn ears(&self) -> Ears {
        let heard = [(System::Ghl, self.terms.hears_ghl), (System::TrackPod, self.terms.hears_track_pod)];
        let systems = heard.into_iter().filter(|(_, heard)| *heard).map(|(system, _)| system);
        Ears { systems: systems.collect(), lost: 0 }
    }

    fn begin(&self, world: &World) {
        world.say(format!("{:?}", self.terms));
        if self.terms.undisturbed {
            let mut members = Object::default();
            members.set("dnd", true);
            world.offline.put_contact(UNDISTURBED, &members).unwrap();
        }
    }

    fn settings(&self) -> Value {
        self.terms.settings()
    }

    fn polls(&self) -> Vec<&'static str> {
        self.terms.polls()
    }

    fn place(&mut self, world: &World) {
        let Terms { cash_on_delivery, when_refunded, .. } = self.terms;
        let rules = Rules { cash_on_delivery, when_refunded };
        self.orders.push(Order::place(&mut self.rng, world, rules));
    }

    fn orders(&self) -> usize {
        self.orders.len()
    }

    fn act(&mut self, index: usize, world: &World) -> Option<u64> {
        let rng = &mut self.rng;
        let order = &mut self.orders[index];
        match rng.u32(..24) {
            0..=2 => order.pay(rng, world, true),
            3 => order.pay(rng, world, false),
            4 | 5 => order.refund(rng, world),
            6 => order.change_status(rng, world),
            7 => order.edit(rng, world),
            8 => order.renew(rng, world),
            // Paid in full and given back again before anybody leaves is rare otherwise.
            9 if rng.bool() => order.regret(rng, world),
            9 if rng.bool() => order.take_away(world),
            _ => return order.drive(rng, world),
        }
        None
    }

    fn judge(&self, world: &World, facts: &Facts, violations: &mut Vec<String>) {
        judge::shop(self, world, facts, violations);
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

/// The same as a number of JSON.
pub(super) fn number(units: u64, places: u32) -> Number {
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
