//! Notes each new GoHighLevel order on its contact, once.

mod manifest;

use serde::Deserialize;
use serde_json::json;
use transload_ghl::webhook::{Hook, OrderEvent, read};
use transload_ghl::{API, Client, OrderQuery, endpoints};
use transload_model::{Change, Decimal};
use transload_sdk::{
    Connector, Context, Delivery, Description, Envelope, Event, Failure, Order, Probe, Receipt,
    Verb, Work, needs_attention, rejected, skipped,
};
use transload_wire::{ApiError, Endpoint};

/// What the operator sets for a connection; `manifest/settings.schema.json` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    location_id: String,
    #[serde(default = "default_text")]
    text: String,
    #[serde(default = "default_minimum")]
    minimum_total: String,
}

fn default_text() -> String {
    "New order {order}: {total}".to_owned()
}

fn default_minimum() -> String {
    "0".to_owned()
}

/// The connector.
pub struct OrderNotes;

impl Connector for OrderNotes {
    fn describe() -> Description {
        manifest::describe()
    }

    fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        let settings: Settings = cx.settings()?;
        let hook = read(&delivery.body).map_err(|error| rejected(error.to_string()))?;
        let Hook::Order {
            webhook_id,
            location_id,
            occurred_at,
            kind: OrderEvent::Create,
            order,
        } = hook
        else {
            return Ok(Vec::new());
        };
        // An app has one address for the webhooks of all locations that installed it.
        if location_id.is_some_and(|id| id != settings.location_id) {
            return Ok(Vec::new());
        }
        Ok(vec![Event {
            id: format!("order {} {}", order.id, webhook_id.unwrap_or_default()),
            source: API.name,
            subject: order.id.clone(),
            occurred_at,
            raw: None,
            change: Change::Order(*order),
        }])
    }

    fn on_order(cx: &Context, _: &Envelope, order: Order) -> Result<Receipt, Failure> {
        Ok(match note(cx, &order.id)? {
            Outcome::Noted(verb, id, text) => Work::default()
                .effect(verb, API.name, "note", &id, text)
                .into(),
            Outcome::Skipped(reason) => skipped(reason),
        })
    }

    fn run(cx: &Context, action: &str, input: &str) -> Result<String, Failure> {
        if action != manifest::NOTE_ORDER {
            return Err(rejected(format!("no action is called {action:?}")));
        }
        let input: NoteOrder = serde_json::from_str(input)
            .map_err(|error| rejected(format!("the action's input: {error}")))?;
        let (done, message) = match note(cx, &input.order_id)? {
            Outcome::Noted(_, _, text) => (true, text),
            Outcome::Skipped(reason) => (false, reason),
        };
        Ok(json!({ "done": done, "message": message }).to_string())
    }

    fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
        let settings: Settings = cx.settings()?;
        let ghl = Client::new(cx.http, &settings.location_id);
        let newest = OrderQuery {
            limit: 1,
            ..OrderQuery::default()
        };
        let orders = ghl.orders(&newest).map(|_| "orders can be read");
        let notes = match ghl.notes("transload-check") {
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok("contacts can be read"),
            outcome => outcome.map(|_| "contacts can be read"),
        };
        Ok(vec![
            probe(&endpoints::LIST_ORDERS, orders),
            probe(&endpoints::LIST_NOTES, notes),
        ])
    }
}

/// The input of the action.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteOrder {
    order_id: String,
}

/// What became of an order.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// The contact has the note: whether it was written now, its id, its text.
    Noted(Verb, String, String),
    /// There is nothing to note, and why.
    Skipped(String),
}

/// Notes the order `order_id` on its contact. It may run more than once for one order, so it reads what it acts on again and
/// looks for the note before it writes one. `?` sorts errors by what can be done about them.
fn note(cx: &Context, order_id: &str) -> Result<Outcome, Failure> {
    let settings: Settings = cx.settings()?;
    let minimum: Decimal = settings
        .minimum_total
        .parse()
        .map_err(|error| needs_attention(format!("the setting `minimum_total`: {error}")))?;
    let ghl = Client::new(cx.http, &settings.location_id);
    let skipped = |reason: String| Ok(Outcome::Skipped(reason));
    let Some(order) = ghl.order(order_id)? else {
        return skipped(format!("GoHighLevel has no order {order_id}"));
    };
    let total = order.total;
    if total.amount < minimum {
        return skipped(format!("order {order_id} is below `minimum_total`"));
    }
    let Some(contact_id) = order.customer_id() else {
        return skipped(format!("order {order_id} has no contact"));
    };
    let text = settings
        .text
        .replace("{order}", order_id)
        .replace("{total}", &format!("{} {}", total.amount, total.currency));
    let mark = format!("[{{name}} {order_id}]");
    let notes = ghl.notes(contact_id)?;
    if let Some(there) = notes.iter().find(|note| note.body.contains(&mark)) {
        return Ok(Outcome::Noted(Verb::Verified, there.id.clone(), text));
    }
    let id = ghl.create_note(contact_id, &format!("{text}\n{mark}"))?;
    Ok(Outcome::Noted(Verb::Noted, id, text))
}

/// What a read that needs the permission of `endpoint` says of it.
fn probe(endpoint: &Endpoint, outcome: Result<&str, ApiError>) -> Probe {
    let (ok, message) = match outcome {
        Ok(seen) => (true, seen.to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Probe {
        api: API.name.to_owned(),
        scope: endpoint.scope.to_owned(),
        ok,
        message,
    }
}

transload_sdk::register!(OrderNotes);

#[cfg(test)]
mod tests;
