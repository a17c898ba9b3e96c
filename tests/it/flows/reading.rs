//! What a test reads of a scene.

use transload::contract::{Alert, Effect, Receipt};
use transload::storage::{EventFilter, EventRecord};
use transload_sandbox::{DeliveryOrder, Json, Schedule, Step, System};

use super::scene::Scene;

impl Scene {
    /// The latest thousand events, oldest first.
    pub(crate) async fn events(&self) -> Vec<EventRecord> {
        let mut events = self.host.events(EventFilter::default()).await.unwrap();
        events.reverse();
        events
    }

    /// The last event whose id begins so.
    pub(crate) async fn event(&self, id: &str) -> EventRecord {
        let events = self.events().await;
        let known: Vec<&str> = events.iter().map(|event| event.event.id.as_str()).collect();
        let found = events.iter().rev().find(|event| event.event.id.starts_with(id));
        found.unwrap_or_else(|| panic!("no event {id:?} among {known:?}")).clone()
    }

    /// Why the last event whose id begins so has no effect.
    pub(crate) async fn reason(&self, id: &str) -> String {
        let event = self.event(id).await;
        match event.receipt {
            Some(Receipt::Skipped(reason)) => reason,
            _ => event.reason.unwrap_or_default(),
        }
    }

    /// The effects of all events, oldest first.
    pub(crate) async fn effects(&self) -> Vec<Effect> {
        let receipts = self.events().await.into_iter().filter_map(|event| event.receipt);
        let effects = receipts.map(|receipt| match receipt {
            Receipt::Done(report) => report.effects,
            Receipt::Skipped(_) => Vec::new(),
        });
        effects.flatten().collect()
    }

    /// The alerts of all events, oldest first.
    pub(crate) async fn alerts(&self) -> Vec<Alert> {
        let receipts = self.events().await.into_iter().filter_map(|event| event.receipt);
        let alerts = receipts.map(|receipt| match receipt {
            Receipt::Done(report) => report.alerts,
            Receipt::Skipped(_) => Vec::new(),
        });
        alerts.flatten().collect()
    }

    /// The kinds of all alerts, oldest first.
    pub(crate) async fn alert_kinds(&self) -> Vec<String> {
        self.alerts().await.into_iter().map(|alert| alert.kind).collect()
    }

    /// The only delivery with this id.
    pub(crate) fn delivery(&self, id: &str) -> DeliveryOrder {
        let [delivery] = <[DeliveryOrder; 1]>::try_from(self.fakes.delivery_orders(id)).unwrap();
        delivery
    }

    /// What its driver is to collect, without trailing zeros.
    pub(crate) fn cod(&self, id: &str) -> Option<String> {
        self.delivery(id).cod.map(|cod| cod.normalized().to_string())
    }

    /// A member of the delivery with this id, as Track-POD shows it.
    pub(crate) fn shown(&self, id: &str, member: &str) -> Option<Json> {
        let orders = self.fakes.snapshot().track_pod.orders;
        let order = orders.iter().find(|order| order.get("Id").and_then(Json::as_str) == Some(id));
        order.unwrap_or_else(|| panic!("Track-POD has no order {id}")).get(member).cloned()
    }

    /// The same, where it is a text.
    pub(crate) fn text(&self, id: &str, member: &str) -> String {
        self.shown(id, member).and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// What was written down as fulfilled of an order, each fulfilment as `2 × p1, 1 × p2`.
    pub(crate) fn fulfilled(&self, order: &str) -> Vec<String> {
        let all = self.fakes.fulfillments(order);
        let shown = |it: &transload_sandbox::GhlFulfillment| {
            let items =
                it.items.iter().map(|item| format!("{} × {}", item.quantity.normalized(), item.price));
            items.collect::<Vec<_>>().join(", ")
        };
        all.iter().map(shown).collect()
    }

    /// The notes of a contact that have this in them.
    pub(crate) fn notes_with(&self, contact: &str, part: &str) -> Vec<String> {
        self.fakes.notes(contact).into_iter().filter(|note| note.contains(part)).collect()
    }

    /// The texts of the messages to a contact.
    pub(crate) fn messages(&self, contact: &str) -> Vec<String> {
        let mut effects = self.fakes.effects();
        effects.messages.remove(contact).unwrap_or_default().into_iter().map(|it| it.text).collect()
    }

    /// What was recorded by hand as paid for an order.
    pub(crate) fn recorded(&self, order: &str) -> Vec<String> {
        let mut effects = self.fakes.effects();
        let payments = effects.payments.remove(order).unwrap_or_default();
        payments.into_iter().map(|payment| payment.amount.normalized().to_string()).collect()
    }

    /// Writes that a vendor was asked for with this method, to paths that begin so.
    pub(crate) fn writes(&self, system: System, method: &str, path: &str) -> usize {
        let ledger = self.fakes.ledger(0);
        assert_eq!(ledger.missed, 0);
        let meant = |entry: &&transload_sandbox::Entry| {
            entry.system == system && entry.method == method && entry.path.starts_with(path)
        };
        ledger.entries.iter().filter(meant).count()
    }
}

/// A delivery is planned into a route.
pub(crate) fn schedule() -> Step {
    Step::Schedule(Schedule::default())
}

/// A failed visit is planned once more.
pub(crate) fn reschedule() -> Step {
    Step::Reschedule(Schedule::default())
}

/// All is delivered.
pub(crate) fn deliver() -> Step {
    Step::Deliver(transload_sandbox::Deliver::default())
}

/// All is delivered, and the driver collects this much.
pub(crate) fn deliver_for(cash: &str) -> Step {
    let cod_actual = Some(serde_json::from_str(cash).unwrap());
    Step::Deliver(transload_sandbox::Deliver { cod_actual, ..transload_sandbox::Deliver::default() })
}

/// Delivered, but of each of these lines only so many pieces.
pub(crate) fn deliver_only(lines: &[(&str, &str)]) -> Step {
    let lines =
        lines.iter().map(|(id, quantity)| ((*id).to_owned(), serde_json::from_str(quantity).unwrap()));
    let lines = lines.collect();
    Step::Deliver(transload_sandbox::Deliver { lines, ..transload_sandbox::Deliver::default() })
}

/// A visit brings nothing, for the reason with this number: 2 and 3 are the site's, 10 and 11 the order's.
pub(crate) fn failure(reason: i64) -> transload_sandbox::Failure {
    transload_sandbox::Failure { reason: Some(reason), comment: None }
}
