//! A scene with Rankr in it: its people and machines, and what a test reads of it.

use std::time::Duration;

use serde_json::{Value, json};
use transload_model::Decimal;
use transload_sandbox::{
    AddFulfillment, AddToRankr, Edit, Json, Offline, RankrFulfillment, RankrKind, RankrRecord,
    SandboxOptions, System,
};

use crate::flows::scene::{Plan, Scene};
use crate::stage::order;

/// Every trigger of the connector that is polled.
pub(crate) const POLLS: &[&str] = &[
    "order-list",
    "transactions",
    "subscriptions",
    "invoice-list",
    "fulfillments",
    "sink-orders",
    "sink-invoices",
    "overdue-charges",
];

/// What lies between two things that people do.
const MINUTE: Duration = Duration::from_mins(1);

/// A scene between GoHighLevel and Rankr, with these settings.
pub(crate) fn plan(settings: Value) -> Plan {
    Plan { connector: "ghl-rankr", settings, ..Plan::default() }
}

/// The same where Rankr tells only of what its own people and machines do.
pub(crate) fn without_echoes(settings: Value) -> Plan {
    let plan = plan(settings);
    Plan { sandbox: SandboxOptions { rankr_echoes: false, ..plan.sandbox.clone() }, ..plan }
}

/// Live and test, all scopes, the connector's own defaults.
pub(crate) async fn scene() -> Scene {
    set(json!({"mode": "all"})).await
}

/// The same with settings.
pub(crate) async fn set(settings: Value) -> Scene {
    Scene::of(plan(settings)).await
}

/// An order of two coats at 50 USD and a tee at 50.10 USD: 150.10 USD in all.
pub(crate) fn coats() -> String {
    order("c1", "USD", "150.1", &[("coat", "2", "50"), ("tee", "1", "50.1")])
}

/// An object as JSON.
pub(crate) fn object(members: &Value) -> Json {
    Json::parse(&members.to_string()).unwrap()
}

impl Scene {
    /// A person or a machine changes an object in Rankr, and Rankr tells of it, where it can.
    pub(crate) async fn edit_sink(&self, kind: RankrKind, id: &str, members: &Value) {
        self.later(MINUTE).await;
        let event = match kind {
            RankrKind::Order => Some("order.updated".to_owned()),
            RankrKind::Invoice => Some("invoice.updated".to_owned()),
            RankrKind::Transaction | RankrKind::Subscription => None,
        };
        let edit = Edit { members: object(members), webhook: event };
        self.fakes.rankr_edit(kind, id, edit, self.now()).unwrap();
        self.settle().await;
    }

    /// The same, and nobody is told.
    pub(crate) async fn edit_sink_silently(&self, kind: RankrKind, id: &str, members: &Value) {
        self.later(MINUTE).await;
        self.fakes.rankr_edit(kind, id, Edit::silent(object(members)), self.now()).unwrap();
    }

    /// Rankr makes a fulfilment of an order. Its webhook waits.
    pub(crate) async fn make_shipment(&self, order: &str, members: &Value) -> String {
        self.later(MINUTE).await;
        let new = AddToRankr::told(object(members));
        let made = self.fakes.rankr_add_fulfillment(order, new, self.now()).unwrap();
        made.get("fulfillmentId").and_then(Json::as_str).unwrap().to_owned()
    }

    /// Rankr makes a fulfilment of an order, and all that follows happens.
    pub(crate) async fn ship(&self, order: &str, members: &Value) -> String {
        let id = self.make_shipment(order, members).await;
        self.settle().await;
        id
    }

    /// A fulfilment of Rankr's moves on. Its webhook waits.
    pub(crate) async fn push_shipment(&self, order: &str, id: &str, members: &Value) {
        self.later(MINUTE).await;
        let edit = Edit { members: object(members), webhook: Some("fulfillment.updated".to_owned()) };
        self.fakes.rankr_edit_fulfillment(order, id, edit, self.now()).unwrap();
    }

    /// A fulfilment of Rankr's moves on, and all that follows happens.
    pub(crate) async fn move_shipment(&self, order: &str, id: &str, members: &Value) {
        self.push_shipment(order, id, members).await;
        self.settle().await;
    }

    /// A person fulfils lines of an order in GoHighLevel, which tells nobody.
    pub(crate) async fn fulfil(&self, order: &str, lines: &[(&str, u32)], parcel: Option<&str>) -> String {
        self.later(MINUTE).await;
        let item = |(price, qty): &(&str, u32)| object(&json!({"priceId": price, "qty": qty}));
        let tracking =
            |number: &str| object(&json!({"trackingNumber": number, "shippingCarrier": "Northern Parcels"}));
        let new = AddFulfillment {
            items: lines.iter().map(item).collect(),
            trackings: parcel.into_iter().map(tracking).collect(),
            notify: false,
        };
        let made = self.fakes.add_fulfillment(order, new, self.now()).unwrap();
        made.get("_id").and_then(Json::as_str).unwrap().to_owned()
    }

    /// A round of every poll, and all that follows. Answers how many events were new.
    pub(crate) async fn poll_all(&self) -> usize {
        let mut new = 0;
        for trigger in POLLS {
            new += self.poll(trigger).await;
        }
        new
    }

    /// Everything was noticed and done: no poll finds anything more, and nobody writes anything.
    pub(crate) async fn is_quiet(&self) {
        let (events, writes) = (self.events().await.len(), self.fakes.write_counts());
        for _ in 0..2 {
            // An hour after the last one, a poll looks at everything that is watched.
            self.later(Duration::from_hours(1)).await;
            for trigger in POLLS {
                assert_eq!(self.poll(trigger).await, 0, "{trigger} found something new");
            }
        }
        let now = self.events().await;
        let ids: Vec<&str> = now.iter().skip(events).map(|event| event.event.id.as_str()).collect();
        assert!(ids.is_empty(), "{ids:?}");
        assert_eq!(self.fakes.write_counts(), writes);
    }

    /// How many events there are.
    pub(crate) async fn event_count(&self) -> usize {
        self.events().await.len()
    }

    /// What Rankr holds under this id.
    pub(crate) fn sink(&self, kind: RankrKind, id: &str) -> RankrRecord {
        self.fakes.rankr_record(kind, id).unwrap_or_else(|| panic!("Rankr has no {kind:?} {id}"))
    }

    /// The order in Rankr.
    pub(crate) fn sink_order(&self, id: &str) -> RankrRecord {
        self.sink(RankrKind::Order, id)
    }

    /// What was paid for an order in Rankr, and given back of it.
    pub(crate) fn sink_money(&self, order: &str) -> (String, String) {
        let held = self.sink_order(order);
        (plain(held.paid), plain(held.refunded))
    }

    /// A member of an order in Rankr, by its JSON Pointer, as text.
    pub(crate) fn sink_member(&self, id: &str, pointer: &str) -> Option<String> {
        let orders = self.fakes.snapshot().rankr.orders;
        let order = orders.iter().find(|one| one.order.get("orderId").and_then(Json::as_str) == Some(id));
        let order: Value = serde_json::from_str(&order.unwrap().order.to_string()).unwrap();
        order.pointer(pointer).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// The fulfilments of an order in Rankr, each as `2 × coat, 1 × tee: delivered P1`.
    pub(crate) fn shipments(&self, order: &str) -> Vec<String> {
        self.fakes.rankr_fulfillments(order).iter().map(shown).collect()
    }

    /// How often Rankr took a write of this kind to this path.
    pub(crate) fn sink_writes(&self, method: &str, path: &str) -> usize {
        self.writes(System::Rankr, method, path)
    }
}

/// An amount without trailing zeros; nothing, if there is none.
pub(crate) fn plain(amount: Option<Decimal>) -> String {
    amount.map(|amount| amount.normalized().to_string()).unwrap_or_default()
}

fn shown(one: &RankrFulfillment) -> String {
    let lines = one.lines.iter().map(|line| format!("{} × {}", plain(line.quantity), line.id));
    let lines = lines.collect::<Vec<_>>().join(", ");
    let parcel = one.tracking_number.as_deref().map(|number| format!(" {number}")).unwrap_or_default();
    format!("{lines}: {}{parcel}", one.status)
}

/// So many requests to a vendor are answered with this status.
pub(crate) fn refuse(fakes: &Offline, system: &str, method: &str, path: &str, status: u16, times: u32) {
    let kind = match status {
        429 => json!({"type": "status", "status": status, "retry_after": 30}),
        _ => json!({"type": "status", "status": status}),
    };
    let fault = json!({"system": system, "method": method, "path": path, "times": times, "kind": kind});
    fakes.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
}
