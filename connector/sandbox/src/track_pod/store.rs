//! What the Track-POD fake holds: delivery orders, each with its plan and its outcome.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::clock;
use crate::SandboxOptions;
use crate::ids::Ids;
use crate::json::{Json, Number, Object};
use crate::pace::Window;

/// Orders that are held, deleted ones too. A bench makes tens of thousands of about 3 KiB each.
pub const ORDERS_MAX: usize = 100_000;

/// "Rate limit is 20 requests/sec and 400 requests/min", by the OpenAPI file.
const PER_SECOND: (u64, i64) = (20, 1_000);
const PER_MINUTE: (u64, i64) = (400, 60_000);

/// A delivery order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The members of `NewOrder` that were given, nulls left out.
    pub fields: Object,
    /// The day it is for; that of its making if none was given.
    pub date: Date,
    /// `CreateSource`: who made it.
    pub source: &'static str,
    pub track_id: String,
    pub created: Timestamp,
    pub changed: Timestamp,
    /// The plan; an order without one is unscheduled.
    pub route: Option<Route>,
    pub loaded: Option<Timestamp>,
    pub status: Option<Status>,
    /// When the status last changed, also to none.
    pub status_changed: Option<Timestamp>,
    /// What was accepted of each line of `GoodsList`, once there is an outcome.
    pub facts: Vec<Fact>,
    pub rescheduled: i64,
    /// Rejections that the API was asked for.
    pub rejections: usize,
    pub removed: Option<Timestamp>,
    /// It is gone without a tombstone.
    pub forgotten: bool,
    /// Members that the control API replaced in what is shown; null hides one.
    pub edits: Object,
}

/// The route that an order is planned into.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub number: String,
    pub date: String,
    pub driver: String,
    /// `Ready`, `Loaded`, `InProgress` or `Closed`.
    pub state: &'static str,
}

/// The outcome of a visit, or that it is under way.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    /// 1 in progress, 2 not delivered (site), 3 delivered, 4 partially, 5 not delivered (order).
    pub id: i64,
    pub date: String,
    pub comment: Option<String>,
    pub reason: Option<String>,
    pub signature: Option<String>,
    pub cod_actual: Option<Number>,
}

/// The outcome of a line.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub quantity: Number,
    pub reason: Option<String>,
}

/// How an order is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key<'a> {
    /// `Id`, the caller's own.
    Id(&'a str),
    Number(&'a str),
    TrackId(&'a str),
}

/// An order that was asked for, or what became of it.
pub(crate) enum Found<'a> {
    Order(&'a mut Order),
    Removed(&'a Order),
    Nothing,
}

/// The fake's data and how it admits requests.
#[derive(Debug)]
pub(crate) struct TrackPod {
    pub key: String,
    pub pacing: bool,
    pub windows: [Window; 2],
    /// In the order in which they were made.
    pub orders: Vec<Order>,
    by_id: HashMap<String, Vec<usize>>,
    by_number: HashMap<String, Vec<usize>>,
    by_track_id: HashMap<String, usize>,
    routes: u64,
}

impl Order {
    /// The caller's id.
    pub fn id(&self) -> Option<&str> {
        self.fields.str("Id")
    }

    /// The order's number.
    pub fn number(&self) -> &str {
        self.fields.str("Number").unwrap_or_default()
    }

    /// Whether it was neither deleted nor forgotten.
    pub fn is_there(&self) -> bool {
        self.removed.is_none() && !self.forgotten
    }

    /// Whether it is on a route of that day, `2024-05-13`.
    pub fn is_routed_on(&self, day: &str) -> bool {
        self.route.as_ref().is_some_and(|route| route.date.split('T').next() == Some(day))
    }

    /// Notes the day anew, after its members changed.
    pub fn read_date(&mut self) {
        let given = self.fields.str("Date").and_then(clock::read_local);
        self.date = given.map_or_else(|| day_of(self.created), |given| given.date());
    }

    /// The lines.
    pub fn goods(&self) -> &[Json] {
        self.fields.get("GoodsList").and_then(Json::as_array).unwrap_or_default()
    }
}

/// The day of a moment, in the account's zone.
fn day_of(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

impl TrackPod {
    pub fn new(options: &SandboxOptions) -> Self {
        Self {
            key: options.track_pod_key.clone(),
            pacing: options.pacing,
            windows: [Window::new(PER_SECOND.0, PER_SECOND.1), Window::new(PER_MINUTE.0, PER_MINUTE.1)],
            orders: Vec::new(),
            by_id: HashMap::new(),
            by_number: HashMap::new(),
            by_track_id: HashMap::new(),
            routes: 0,
        }
    }

    /// Adds an order that `source` makes, whether or not one with the same `Id` or `Number` is there. None if [`ORDERS_MAX`] are held.
    pub fn add(
        &mut self,
        fields: &Object,
        source: &'static str,
        ids: &mut Ids,
        now: Timestamp,
    ) -> Option<&Order> {
        if self.orders.len() >= ORDERS_MAX {
            return None;
        }
        let index = self.orders.len();
        let mut given = Object::default();
        for (name, value) in fields.iter() {
            given.set_some(name, value.clone());
        }
        // The vendor numbers an order that has no number; in which form is not documented.
        given.set_default("Number", format!("SB{:06}", index + 1));
        let track_id = ids.uuid();
        if let Some(id) = given.str("Id") {
            self.by_id.entry(id.to_owned()).or_default().push(index);
        }
        let number = given.str("Number").unwrap_or_default().to_owned();
        self.by_number.entry(number).or_default().push(index);
        self.by_track_id.insert(track_id.clone(), index);
        let mut order = Order {
            fields: given,
            date: day_of(now),
            source,
            track_id,
            created: now,
            changed: now,
            route: None,
            loaded: None,
            status: None,
            status_changed: None,
            facts: Vec::new(),
            rescheduled: 0,
            rejections: 0,
            removed: None,
            forgotten: false,
            edits: Object::default(),
        };
        order.read_date();
        self.orders.push(order);
        self.orders.last()
    }

    /// The newest order of that key that is not deleted; else the newest that is.
    pub fn find(&mut self, key: Key<'_>) -> Found<'_> {
        let known = |index: &&usize| self.orders.get(**index).is_some_and(|order| !order.forgotten);
        let live = |index: &&usize| self.orders.get(**index).is_some_and(Order::is_there);
        let newest = |indexes: &[usize]| {
            let live = indexes.iter().rev().find(live);
            live.or_else(|| indexes.iter().rev().find(known)).copied()
        };
        let index = newest(self.indexes(key));
        match index.and_then(|index| self.orders.get_mut(index)) {
            Some(order) if order.removed.is_some() => Found::Removed(order),
            Some(order) => Found::Order(order),
            None => Found::Nothing,
        }
    }

    fn indexes(&self, key: Key<'_>) -> &[usize] {
        let indexes = match key {
            Key::Id(id) => self.by_id.get(id).map(Vec::as_slice),
            Key::Number(number) => self.by_number.get(number).map(Vec::as_slice),
            Key::TrackId(id) => {
                let id = Uuid::parse_str(id).map(|id| id.to_string()).unwrap_or_default();
                self.by_track_id.get(&id).map(std::slice::from_ref)
            }
        };
        indexes.unwrap_or_default()
    }

    /// The orders of this key, in the order in which they were made, deleted ones too.
    pub fn with_key(&self, key: Key<'_>) -> impl DoubleEndedIterator<Item = &Order> {
        let orders = self.indexes(key).iter().filter_map(|index| self.orders.get(*index));
        orders.filter(|order| !order.forgotten)
    }

    /// The orders that are there, in the order in which they were made.
    pub fn present(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.is_there())
    }

    /// Lets an order be found by another `Id` and `Number`.
    pub fn rename(&mut self, track_id: &str, id: Option<&str>, number: &str) {
        let Some(index) = self.by_track_id.get(track_id).copied() else { return };
        let Some(order) = self.orders.get_mut(index) else { return };
        move_index(&mut self.by_id, order.fields.str("Id"), id, index);
        move_index(&mut self.by_number, order.fields.str("Number"), Some(number), index);
        match id {
            Some(id) => order.fields.set("Id", id),
            None => order.fields.remove("Id"),
        }
        order.fields.set("Number", number);
    }

    /// Overwrites members of an order with those given; null takes one away. The address of an order that is planned
    /// into a route stays, as the OpenAPI file says, and so do `Id` and `Number`, by which it was found.
    ///
    /// Whether the vendor replaces the order as a whole or only what is given is not documented.
    pub fn update(order: &mut Order, fields: &Object, now: Timestamp) {
        for (name, value) in fields.iter() {
            let fixed = ["Id", "Number"].contains(&name) || (name == "Address" && order.route.is_some());
            match value {
                _ if fixed => {}
                Json::Null => order.fields.remove(name),
                value => order.fields.set(name, value.clone()),
            }
        }
        order.read_date();
        order.changed = now;
    }

    /// A new route for today with a made-up driver.
    pub fn new_route(&mut self, now: Timestamp) -> Route {
        self.routes += 1;
        Route {
            number: format!("R{:06}", self.routes),
            date: format!("{}T00:00:00", now.strftime("%Y-%m-%d")),
            driver: "Sandbox Driver".to_owned(),
            state: "Ready",
        }
    }
}

fn move_index(indexes: &mut HashMap<String, Vec<usize>>, from: Option<&str>, to: Option<&str>, index: usize) {
    if let Some(former) = from.and_then(|from| indexes.get_mut(from)) {
        former.retain(|other| *other != index);
    }
    if let Some(to) = to {
        let named = indexes.entry(to.to_owned()).or_default();
        named.push(index);
        named.sort_unstable();
    }
}

impl Status {
    /// A status without any details.
    pub fn new(id: i64, now: Timestamp) -> Self {
        Self { id, date: clock::local(now), comment: None, reason: None, signature: None, cod_actual: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_order_too_many_is_refused() {
        let mut track_pod = TrackPod::new(&SandboxOptions::default());
        let mut ids = Ids::new(Some(1));
        let fields = Object::default();
        let order = track_pod.add(&fields, "WebApi", &mut ids, Timestamp::UNIX_EPOCH).unwrap().clone();
        track_pod.orders.resize(ORDERS_MAX - 1, order);
        assert!(track_pod.add(&fields, "WebApi", &mut ids, Timestamp::UNIX_EPOCH).is_some());
        assert!(track_pod.add(&fields, "WebApi", &mut ids, Timestamp::UNIX_EPOCH).is_none());
    }

    #[test]
    fn a_track_id_is_found_in_upper_case_too() {
        let mut track_pod = TrackPod::new(&SandboxOptions::default());
        let order =
            track_pod.add(&Object::default(), "Web", &mut Ids::new(Some(1)), Timestamp::UNIX_EPOCH).unwrap();
        let id = order.track_id.to_uppercase();
        assert!(matches!(track_pod.find(Key::TrackId(&id)), Found::Order(_)));
        assert!(matches!(track_pod.find(Key::TrackId("")), Found::Nothing));
    }
}
