//! A history in which differences are planted, and what has to be found of each.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use transload::contract::{Finding, Side};
use transload_sandbox::{Edit, History, Json, Object, Offline, SeededOrder};

use super::sums::plain;

/// Between two orders that are taken, so that what is planted lies scattered over the month.
const STRIDE: usize = 37;

/// A difference that has to be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Planted {
    pub(super) kind: String,
    pub(super) subject: String,
    /// What GoHighLevel and Track-POD, or two objects of one of them, say: system, id, value and amount.
    pub(super) sides: [String; 2],
    /// Whether its repair puts it right.
    pub(super) can_be_repaired: bool,
}

impl Planted {
    /// The difference that a finding tells of.
    pub(super) fn of(finding: &Finding) -> Planted {
        Planted {
            kind: finding.kind.clone(),
            subject: finding.subject.clone(),
            sides: [side(&finding.left), side(&finding.right)],
            can_be_repaired: finding.repair.is_some(),
        }
    }
}

fn side(side: &Side) -> String {
    let amount = side.amount.as_ref().map(|money| {
        format!("{} {}", plain(money.amount.units.into(), money.amount.exponent.into()), money.currency)
    });
    let parts = [side.id.as_deref(), side.value.as_deref(), amount.as_deref()];
    format!("{}: {}", side.system, parts.map(|part| part.unwrap_or("-")).join(" | "))
}

/// An order that was taken, to plant something in it.
#[derive(Clone)]
pub(super) struct Bed {
    pub(super) id: String,
    /// Its total, as findings tell it.
    pub(super) total: String,
    pub(super) currency: String,
    pub(super) amount: Json,
    /// The `TrackId` of its delivery.
    pub(super) delivery: String,
    pub(super) payments: Vec<String>,
    /// When it was placed, as GoHighLevel writes it.
    pub(super) placed: String,
    /// Names and quantities by price.
    pub(super) goods: BTreeMap<String, (String, i64)>,
    pub(super) fulfillments: Vec<Json>,
    /// The lines of its delivery, as Track-POD shows them.
    pub(super) lines: Vec<Object>,
}

/// The vendors, and the orders in which nothing is planted yet.
pub(super) struct Garden<'a> {
    pub(super) offline: &'a Offline,
    pub(super) now: u64,
    pub(super) planted: BTreeSet<Planted>,
    beds: HashMap<History, VecDeque<Bed>>,
}

impl<'a> Garden<'a> {
    pub(super) fn new(offline: &'a Offline, seeded: Vec<SeededOrder>, now: u64) -> Self {
        let snapshot = offline.snapshot();
        let deliveries = snapshot.track_pod.orders.iter();
        let deliveries: HashMap<&str, &Json> = deliveries.map(|it| (text(it, "TrackId"), it)).collect();
        let orders = snapshot.ghl.orders.iter();
        let orders: HashMap<&str, _> = orders.map(|state| (text(&state.order, "_id"), state)).collect();
        let mut beds: HashMap<History, VecDeque<Bed>> = HashMap::new();
        for order in seeded {
            let state = orders[order.id.as_str()];
            let lines =
                deliveries[order.delivery.as_str()].get("GoodsList").and_then(Json::as_array).unwrap();
            let bed = Bed {
                total: money(state.order.get("amount").unwrap(), text(&state.order, "currency")),
                currency: text(&state.order, "currency").to_owned(),
                amount: state.order.get("amount").unwrap().clone(),
                delivery: order.delivery,
                payments: order.transactions,
                placed: text(&state.order, "createdAt").to_owned(),
                goods: goods(&state.order),
                fulfillments: state.fulfillments.clone(),
                lines: lines.iter().map(|line| line.as_object().unwrap().clone()).collect(),
                id: order.id,
            };
            beds.entry(order.history).or_default().push_back(bed);
        }
        Garden { offline, now, planted: BTreeSet::new(), beds }
    }

    /// An order of that history in which nothing is planted.
    pub(super) fn take(&mut self, history: History) -> Bed {
        let beds = self.beds.get_mut(&history).unwrap();
        beds.rotate_left(STRIDE.min(beds.len() / 2));
        beds.pop_front().unwrap()
    }

    /// This has to be found.
    pub(super) fn expect(
        &mut self,
        kind: &str,
        subject: &str,
        left: String,
        right: String,
        can_be_repaired: bool,
    ) {
        let (kind, subject) = (kind.to_owned(), subject.to_owned());
        assert!(self.planted.insert(Planted { kind, subject, sides: [left, right], can_be_repaired }));
    }

    pub(super) fn edit_payment(&self, id: &str, members: &str) -> Json {
        self.offline.edit_transaction(id, edit(members)).unwrap()
    }

    pub(super) fn edit_delivery(&self, track_id: &str, members: Json) {
        self.offline.edit_delivery(track_id, Edit::silent(members), self.now).unwrap();
    }
}

impl Bed {
    /// The lines of the delivery, each changed.
    pub(super) fn lines(&self, change: impl Fn(usize, &mut Object)) -> Json {
        let mut lines = self.lines.clone();
        lines.iter_mut().enumerate().for_each(|(place, line)| change(place, line));
        let mut list = Object::default();
        list.set("GoodsList", lines.into_iter().map(Json::from).collect::<Vec<_>>());
        list.into()
    }

    /// `2 × Tea caddy, 3 × Clay jug`, with the quantity that `of` makes of the place and the ordered one.
    pub(super) fn told(&self, of: impl Fn(usize, i64) -> i64) -> String {
        let lines = self.goods.iter().map(|(price, (name, quantity))| {
            let place = self.lines.iter().position(|line| line.str("OrderLineId") == Some(price));
            format!("{} × {name}", of(place.unwrap(), *quantity))
        });
        lines.collect::<Vec<_>>().join(", ")
    }

    /// A side of GoHighLevel's that is this order.
    pub(super) fn order(&self, value: &str) -> String {
        format!("ghl: {} | {value}", self.id)
    }

    /// A side of Track-POD's that is its delivery.
    pub(super) fn track(&self, value: &str) -> String {
        format!("track-pod: {} | {value}", self.delivery)
    }

    /// Another amount in its currency.
    pub(super) fn money(&self, amount: &Json) -> String {
        money(amount, &self.currency)
    }
}

fn goods(order: &Json) -> BTreeMap<String, (String, i64)> {
    let items = order.get("items").and_then(Json::as_array).unwrap();
    let line = |item: &Json| {
        let quantity = item.get("qty").unwrap().to_string().parse().unwrap();
        (text(item.get("price").unwrap(), "_id").to_owned(), (text(item, "name").to_owned(), quantity))
    };
    items.iter().map(line).collect()
}

pub(super) fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn edit(members: &str) -> Edit {
    Edit::silent(Json::parse(members).unwrap())
}

fn money(amount: &Json, currency: &str) -> String {
    let amount = amount.as_decimal().unwrap().normalized();
    format!("{amount} {currency}")
}
