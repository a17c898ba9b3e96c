//! What is there at the end: both vendors' data and ledger, read back over HTTP, and the host's own record.

use transload::contract::{Effect, Receipt};
use transload::storage::{EventFilter, EventRecord};
use transload_model::{Decimal, Money};
use transload_sandbox::{Deliveries, Json, Ledger, OrderState, Snapshot};

use super::Stage;
use super::story::Orders;

/// All of it.
pub struct Evidence {
    /// The orders of the story.
    pub orders: Orders,
    /// The vendors' data.
    pub snapshot: Snapshot,
    /// Every write that the vendors received.
    pub ledger: Ledger,
    /// Every webhook that they sent.
    pub webhooks: Deliveries,
    /// Every event that the host handled, newest first.
    pub events: Vec<EventRecord>,
}

impl Evidence {
    /// Reads everything back.
    pub async fn gather(stage: &Stage, orders: Orders) -> anyhow::Result<Self> {
        Ok(Self {
            orders,
            snapshot: stage.control.snapshot().await?,
            ledger: stage.control.ledger(0).await?,
            webhooks: stage.control.webhooks().await?,
            events: stage.host.events(EventFilter::default()).await?,
        })
    }

    /// GoHighLevel's order and what belongs to it.
    pub fn order(&self, id: &str) -> Option<&OrderState> {
        self.snapshot.ghl.orders.iter().find(|state| text(&state.order, "_id") == id)
    }

    /// Track-POD's orders for it; more than one would be a doubled delivery.
    pub fn deliveries(&self, id: &str) -> Vec<&Json> {
        self.snapshot.track_pod.orders.iter().filter(|order| text(order, "Id") == id).collect()
    }

    /// The bodies of the notes on the contact of an order.
    pub fn notes(&self, id: &str) -> Vec<&str> {
        let contact = self.order(id).map(|state| text(&state.order, "contactId")).unwrap_or_default();
        let contacts =
            self.snapshot.ghl.contacts.iter().filter(|state| text(&state.contact, "id") == contact);
        contacts.flat_map(|state| state.notes.iter().map(|note| text(note, "body"))).collect()
    }

    /// The last that was written down of an order's revenue.
    pub fn revenue(&self, id: &str) -> Option<&Effect> {
        let effects = self.events.iter().flat_map(|event| match &event.receipt {
            Some(Receipt::Done(report)) => report.effects.as_slice(),
            _ => &[],
        });
        effects
            .into_iter()
            .find(|effect| effect.system == "store" && effect.kind == "revenue" && effect.id == id)
    }

    /// Writes that had an effect at a vendor, by method and path.
    pub fn effective_writes(&self, system: transload_sandbox::System, method: &str, path: &str) -> usize {
        let matches = |entry: &&transload_sandbox::Entry| {
            entry.system == system
                && entry.method == method
                && entry.path == path
                && entry.object.is_some()
                && entry.status.is_some_and(|status| (200..300).contains(&status))
        };
        self.ledger.entries.iter().filter(matches).count()
    }
}

/// A member that is text; empty where there is none.
pub fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// A member that is a number, with its digits; empty where there is none.
pub fn digits(json: &Json, name: &str) -> String {
    json.get(name)
        .and_then(Json::as_decimal)
        .map(|number| number.normalized().to_string())
        .unwrap_or_default()
}

/// An amount as a person writes it; empty where there is none.
pub fn money(amount: Option<Decimal>, currency: &str) -> String {
    match (amount, currency.parse()) {
        (Some(amount), Ok(currency)) => Money::new(amount, currency).to_string(),
        _ => String::new(),
    }
}

/// A member that is a list; empty where there is none.
pub fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}
