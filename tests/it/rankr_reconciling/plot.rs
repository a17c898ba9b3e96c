//! A month that both systems hold, in which differences are planted, and what has to be found of each.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};
use transload::contract::{Finding, Side};
use transload_model::Decimal;
use transload_sandbox::{
    AddToRankr, Charge, Edit, History, Json, NewInvoice, Number, Offline, Pay, PayInvoice, PlaceOrder,
    RankrKind, SeededOrder, Subscribe,
};

use crate::reconciling::sums::plain;
use crate::stage::order;

/// Between two orders that are taken, so that what is planted lies scattered over the month.
const STRIDE: usize = 37;

/// What of a finding has to be as it was planted: its kind and its subject.
pub(super) type Told = (String, String);

/// Both sides, each as system, id, value and amount.
pub(super) type Sides = [String; 2];

/// Kind and subject of a finding.
pub(super) fn told(finding: &Finding) -> Told {
    (finding.kind.clone(), finding.subject.clone())
}

/// Its sides.
pub(super) fn sides(finding: &Finding) -> Sides {
    [side(&finding.left), side(&finding.right)]
}

fn side(side: &Side) -> String {
    let amount = side.amount.as_ref().map(|money| {
        format!("{} {}", plain(money.amount.units.into(), money.amount.exponent.into()), money.currency)
    });
    let parts = [side.id.as_deref(), side.value.as_deref(), amount.as_deref()];
    format!("{}: {}", side.system, parts.map(|part| part.unwrap_or("-")).join(" | "))
}

/// The vendors, and the orders in which nothing is planted yet.
pub(super) struct Plot<'a> {
    pub(super) offline: &'a Offline,
    pub(super) now: u64,
    /// What has to be found, with its sides where they say more than that something else differs, too.
    pub(super) planted: BTreeMap<Told, Option<Sides>>,
    beds: HashMap<History, VecDeque<SeededOrder>>,
    invoices: Vec<String>,
    subscriptions: Vec<String>,
}

impl<'a> Plot<'a> {
    pub(super) fn new(offline: &'a Offline, seeded: &[SeededOrder], now: u64) -> Plot<'a> {
        let snapshot = offline.snapshot();
        let ids = |all: &[Json], name: &str| -> Vec<String> {
            all.iter().map(|one| text(one, name).to_owned()).collect()
        };
        let mut beds: HashMap<History, VecDeque<SeededOrder>> = HashMap::new();
        for order in seeded {
            beds.entry(order.history).or_default().push_back(order.clone());
        }
        let invoices = ids(&snapshot.rankr.invoices, "invoiceId");
        let subscriptions = ids(&snapshot.rankr.subscriptions, "subscriptionId");
        Plot { offline, now, planted: BTreeMap::new(), beds, invoices, subscriptions }
    }

    /// An order of that history in which nothing is planted.
    pub(super) fn take(&mut self, history: History) -> SeededOrder {
        let beds = self.beds.get_mut(&history).unwrap();
        beds.rotate_left(STRIDE.min(beds.len() / 2));
        beds.pop_front().unwrap()
    }

    pub(super) fn take_invoice(&mut self) -> String {
        self.invoices.pop().unwrap()
    }

    pub(super) fn take_subscription(&mut self) -> String {
        self.subscriptions.pop().unwrap()
    }

    /// This has to be found, with these sides.
    pub(super) fn expect(&mut self, kind: &str, subject: &str, left: &str, right: &str) {
        let sides = [left.to_owned(), right.to_owned()];
        assert_eq!(self.planted.insert((kind.to_owned(), subject.to_owned()), Some(sides)), None);
    }

    /// This has to be found as well, because of what was planted.
    pub(super) fn follows(&mut self, kind: &str, subject: &str) {
        assert_eq!(self.planted.insert((kind.to_owned(), subject.to_owned()), None), None);
    }

    /// Members of an object in Rankr are replaced, and nobody is told. Answers the amount of before.
    pub(super) fn edit_sink(&self, kind: RankrKind, id: &str, members: &Value) -> String {
        let amount = self.worth(kind, id);
        self.offline.rankr_edit(kind, id, Edit::silent(object(members)), self.now).unwrap();
        amount
    }

    pub(super) fn add_to_sink(&self, kind: RankrKind, members: &Value) {
        self.offline.rankr_add(kind, AddToRankr::silent(object(members)), self.now).unwrap();
    }

    /// What an object in Rankr is worth, as findings tell it.
    pub(super) fn worth(&self, kind: RankrKind, id: &str) -> String {
        let record = self.offline.rankr_record(kind, id).unwrap();
        money(record.amount.unwrap(), &record.currency.unwrap())
    }

    /// The amount that Rankr holds, in its own digits, and the currency.
    pub(super) fn amount(&self, kind: RankrKind, id: &str) -> (String, String) {
        let record = self.offline.rankr_record(kind, id).unwrap();
        (record.amount.unwrap().to_string(), record.currency.unwrap())
    }

    /// The first line of an order: its id and what it is called.
    pub(super) fn first_line(&self, id: &str) -> (String, String) {
        let orders = self.offline.snapshot().ghl.orders;
        let state = orders.iter().find(|state| text(&state.order, "_id") == id).unwrap();
        let item = &state.order.get("items").and_then(Json::as_array).unwrap()[0];
        (text(item.get("price").unwrap(), "_id").to_owned(), text(item, "name").to_owned())
    }

    /// A customer of their own orders for 30 USD, and no webhook says so.
    pub(super) fn order_silently(&self, customer: &str, at: u64) -> String {
        let document = order(customer, "USD", "30", &[("box", "1", "30")]);
        let placed = PlaceOrder { order: Some(Json::parse(&document).unwrap()), webhook: false };
        self.offline.place_order(placed, at).unwrap().id
    }

    /// The same, as a subscription that renews each month, with its first charge. Answers the order, the subscription and the
    /// charge.
    pub(super) fn subscribe(&self, customer: &str, at: u64) -> [String; 3] {
        let id = self.order_silently(customer, at);
        let monthly = json!({"schedule": {"rrule": {"intervalType": "monthly", "interval": 1}}});
        let subscribe = Subscribe { order: id.clone(), subscription: Some(object(&monthly)) };
        let subscription = self.offline.subscribe(subscribe, at).unwrap();
        let charge = self.offline.charge(&subscription, Charge::default(), at).unwrap();
        [id, subscription, charge]
    }

    /// An invoice for 40 USD that bills no order is sent and paid.
    pub(super) fn bill(&self, customer: &str, at: u64) {
        let amount = Some(number(&object(&json!(40))));
        let new = NewInvoice { contact: Some(customer.to_owned()), amount, ..NewInvoice::default() };
        let id = self.offline.make_invoice(new, at).unwrap();
        self.offline.send_invoice(&id, at + 1).unwrap();
        self.offline.pay_invoice(&id, PayInvoice::default(), at + 2).unwrap();
    }

    pub(super) fn edit_payment(&self, id: &str, members: &Value) -> Json {
        self.offline.edit_transaction(id, Edit::silent(object(members))).unwrap()
    }

    /// A customer pays this much of an order, or tries to. No webhook says so.
    pub(super) fn pay(&self, order: &str, amount: &Number, status: Option<&str>) -> String {
        let pay = Pay { amount: Some(amount.clone()), status: status.map(str::to_owned) };
        let id = self.offline.pay(order, pay, self.now).unwrap();
        self.offline.take_webhooks();
        id
    }
}

pub(super) fn object(value: &Value) -> Json {
    Json::parse(&value.to_string()).unwrap()
}

pub(super) fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn number(json: &Json) -> Number {
    match json {
        Json::Number(number) => number.clone(),
        other => panic!("{other} is no number"),
    }
}

pub(super) fn money(amount: Decimal, currency: &str) -> String {
    format!("{} {currency}", amount.normalized())
}
