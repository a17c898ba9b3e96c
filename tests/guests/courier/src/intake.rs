//! Deliveries and listings as events.

use serde::Deserialize;
use transload_model::{Change, Decimal, Money, OrderStatus};
use transload_sdk::{Context, Event, EventPage, Failure, Order, rejected};
use transload_wire::http::{Refusal, Response, send};

use crate::manifest::{LIST_THINGS, POLLED, TARGET};

/// Steps of one event. A test that needs more sends more events.
pub(crate) const STEPS_MAX: usize = 256;

/// What is to be done, as a webhook and a listing say it.
#[derive(Deserialize)]
struct Work {
    id: String,
    order: String,
    #[serde(rename = "do")]
    steps: Vec<String>,
}

/// The answer of a listing.
#[derive(Deserialize)]
struct Page {
    events: Vec<Work>,
    cursor: Option<String>,
    #[serde(default)]
    more: bool,
}

/// Reads a webhook's body.
pub(crate) fn receive(body: &[u8]) -> Result<Event, Failure> {
    let work: Work = serde_json::from_slice(body).map_err(|error| rejected(format!("the body: {error}")))?;
    event(work)
}

/// Asks for the work behind `cursor`.
pub(crate) fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
    if trigger != POLLED {
        return Err(rejected(format!("no trigger called {trigger:?} is polled")));
    }
    let query: Vec<_> = cursor.map(|cursor| ("after", cursor)).into_iter().collect();
    let answer = send(cx.http, LIST_THINGS.request(TARGET.base_url, &[], &query))?.success(said)?;
    let page: Page = answer.read()?;
    let events = page.events.into_iter().map(event).collect::<Result<_, _>>()?;
    Ok(EventPage { events, cursor: page.cursor, more: page.more })
}

/// The target says nothing about a refusal but its status and its body.
pub(crate) fn said(_: &Response) -> Refusal {
    Refusal::default()
}

fn event(work: Work) -> Result<Event, Failure> {
    if work.steps.len() > STEPS_MAX {
        return Err(rejected(format!("{} steps: at most {STEPS_MAX}", work.steps.len())));
    }
    follow_up(work.id, &work.order, work.steps.join("\n"))
}

/// An event of an order with these steps, one a line.
pub(crate) fn follow_up(id: String, order: &str, steps: String) -> Result<Event, Failure> {
    let total = Money { amount: Decimal::ZERO, currency: "USD".parse()? };
    let order = Order {
        id: order.to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total,
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        billed_by: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: Vec::new(),
        note: Some(steps),
        live: true,
        created_at: None,
        updated_at: None,
    };
    let (source, subject) = (TARGET.name, order.id.clone());
    Ok(Event { id, source, subject, occurred_at: None, raw: None, change: Change::Order(order) })
}
