//! What is there at the end: both vendors' data and ledger, read back over HTTP, and the host's own record.

use transload::contract::{Effect, Receipt};
use transload::storage::{EventFilter, EventRecord};
use transload_model::{Decimal, Money};
use transload_sandbox::{Deliveries, Entry, Json, Ledger, Number, OrderState, Snapshot, System};

use super::receiver::Came;
use super::stage::Stage;

/// All of it.
pub struct Evidence<Orders> {
    /// The ids of the story.
    pub orders: Orders,
    /// The vendors' data.
    pub snapshot: Snapshot,
    /// Every write that the vendors received.
    pub ledger: Ledger,
    /// Every webhook that they sent.
    pub webhooks: Deliveries,
    /// Every event that the host handled, newest first.
    pub events: Vec<EventRecord>,
    /// What was told of alerts.
    pub told: Came,
}

impl<Orders> Evidence<Orders> {
    /// Reads everything back.
    pub async fn gather(stage: &Stage, orders: Orders) -> anyhow::Result<Self> {
        Ok(Self {
            orders,
            snapshot: stage.control.snapshot().await?,
            ledger: stage.control.ledger(0).await?,
            webhooks: stage.control.webhooks().await?,
            events: stage.host.events(EventFilter::default()).await?,
            told: stage.receiver.came(),
        })
    }

    /// GoHighLevel's order and what belongs to it.
    pub fn order(&self, id: &str) -> Option<&OrderState> {
        self.snapshot.ghl.orders.iter().find(|state| text(&state.order, "_id") == id)
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
    pub fn effective_writes(&self, system: System, method: &str, path: &str) -> usize {
        let matches = |entry: &&Entry| {
            entry.system == system
                && entry.method == method
                && entry.path == path
                && entry.object.is_some()
                && entry.status.is_some_and(|status| (200..300).contains(&status))
        };
        self.ledger.entries.iter().filter(matches).count()
    }

    /// How many notes on the contact of an order have each of these marks.
    pub fn notes_with(&self, id: &str, marks: &[&str]) -> String {
        let notes = self.notes(id);
        let count = |mark: &&str| notes.iter().filter(|note| note.contains(*mark)).count().to_string();
        marks.iter().map(count).collect::<Vec<_>>().join(" ")
    }

    /// The lines of each fulfilment that GoHighLevel has of an order, by price id; a second one stands behind a `;`.
    pub fn fulfilled(&self, id: &str) -> String {
        let fulfilment = |fulfilment: &Json| {
            let line = |item: &Json| {
                let price = item.get("price").map(|price| text(price, "_id")).unwrap_or_default();
                format!("{price} {}", digits(item, "qty"))
            };
            let mut lines: Vec<String> = list(fulfilment, "items").iter().map(line).collect();
            lines.sort();
            lines.join(", ")
        };
        self.fulfillments(id).iter().map(fulfilment).collect::<Vec<_>>().join("; ")
    }

    /// The tracking number and link of each of them.
    pub fn tracking(&self, id: &str) -> String {
        let tracking = |row: &Json| format!("{} {}", text(row, "trackingNumber"), text(row, "trackingUrl"));
        let rows = self.fulfillments(id).iter().flat_map(|fulfilment| list(fulfilment, "trackings"));
        rows.map(tracking).collect::<Vec<_>>().join("; ")
    }

    fn fulfillments(&self, id: &str) -> &[Json] {
        self.order(id).map(|state| state.fulfillments.as_slice()).unwrap_or_default()
    }

    /// What GoHighLevel itself says was captured for an order, and given back.
    pub fn own_sums(&self, id: &str) -> String {
        let sums = self.order(id).map(|state| [&state.captured, &state.refunded].map(plain).join(" "));
        sums.unwrap_or_default()
    }
}

/// A number with its digits.
pub fn plain(number: &Number) -> String {
    number.decimal().map(|value| value.normalized().to_string()).unwrap_or_default()
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

/// A member that is a number in a text, as Rankr has them.
pub fn amount(json: &Json, name: &str) -> Option<Decimal> {
    text(json, name).parse().ok()
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
