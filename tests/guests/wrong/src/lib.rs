//! A connector that keeps the contract, but for one fault. The setting `fault` names one in what it does; one in its manifest is
//! written into the built component, in place of [`MARK`]'s name, since a manifest is made without settings.
//!
//! An order becomes a thing of the same name at the vendor, unless it is there. Things are polled, and made by an action.

mod handle;
mod manifest;

use std::hint::black_box;

use serde::Deserialize;
use transload_model::{Change, Decimal, Money, Order, OrderStatus, Transaction, TransactionStatus};
use transload_sdk::{
    Connector, Context, Delivery, Description, Envelope, Event, EventPage, Failure, Probe, Receipt, rejected,
};
use transload_wire::http::{Refusal, send};
use transload_wire::{Method, Request, Response};

use manifest::{LIST_THINGS, POLLED, SYNC, TARGET};

/// What a manifest's fault is found by, and its name after it, filled up with blanks.
pub const MARK: &[u8; 48] = b"conformance fault:none                          ";

/// Bytes of [`MARK`] before the name.
const MARK_BYTES: usize = 18;

/// What is wrong with the manifest.
fn manifest_fault() -> &'static str {
    // Unseen by the compiler, which would otherwise keep what follows from the name and not the name.
    let mark: &'static [u8; 48] = black_box(MARK);
    let name = mark.get(MARK_BYTES..).unwrap_or_default();
    std::str::from_utf8(name).unwrap_or_default().trim()
}

/// The connection's settings.
#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    fault: String,
}

/// What is wrong with what it does.
fn fault(cx: &Context) -> Result<String, Failure> {
    cx.settings::<Settings>().map(|settings| settings.fault)
}

/// What a listing and a webhook say of a thing.
#[derive(Deserialize)]
struct Thing {
    id: String,
}

/// The answer of a listing.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    things: Vec<Thing>,
}

/// The connector.
pub struct Wrong;

impl Connector for Wrong {
    fn describe() -> Description {
        manifest::describe(manifest_fault())
    }

    #[expect(clippy::unwrap_used, reason = "one of the faults")]
    fn receive(cx: &Context, delivery: &Delivery) -> Result<Vec<Event>, Failure> {
        let fault = fault(cx)?;
        if fault == "trap-on-junk-delivery" {
            serde_json::from_slice::<serde_json::Value>(&delivery.body).unwrap();
        }
        let thing: Thing = serde_json::from_slice(&delivery.body)
            .map_err(|error| rejected(format!("the delivery: {error}")))?;
        Ok(vec![event(thing.id, fault == "undeclared-kind")?])
    }

    fn poll(cx: &Context, trigger: &str, cursor: Option<&str>) -> Result<EventPage, Failure> {
        let fault = fault(cx)?;
        if trigger != POLLED {
            return Err(rejected(format!("no trigger called {trigger:?} is polled")));
        }
        if fault == "poll-writes" {
            // It does not care what comes of it.
            let _ = send(cx.http, Request::new(Method::Post, format!("{}/things", TARGET.base_url)));
        }
        let request = LIST_THINGS.request(TARGET.base_url, &[], &[("after", cursor.unwrap_or_default())]);
        let answer = send(cx.http, request)?;
        if answer.response.status == 404 {
            let more = fault == "endless-cursor";
            return Ok(EventPage { events: Vec::new(), cursor: Some("the same".to_owned()), more });
        }
        let page: Page = answer.success(said)?.read()?;
        let events = page.things.into_iter().map(|thing| event(thing.id, false)).collect::<Result<_, _>>()?;
        Ok(EventPage { events, cursor: Some("the end".to_owned()), more: false })
    }

    fn on_order(cx: &Context, envelope: &Envelope, order: Order) -> Result<Receipt, Failure> {
        handle::order(cx, &fault(cx)?, envelope, &order.id)
    }

    #[expect(clippy::panic, reason = "one of the faults")]
    fn run(cx: &Context, action: &str, input: &str) -> Result<String, Failure> {
        match action {
            SYNC => {
                let thing: Thing =
                    serde_json::from_str(input).map_err(|error| rejected(error.to_string()))?;
                handle::make(cx, "", &thing.id)?;
                Ok("{}".to_owned())
            }
            _ if fault(cx)? == "trap-on-unknown-action" => panic!("no action {action}"),
            _ => Err(rejected(format!("no action is called {action:?}"))),
        }
    }

    fn check(cx: &Context) -> Result<Vec<Probe>, Failure> {
        let request = LIST_THINGS.request(TARGET.base_url, &[], &[]);
        let found = send(cx.http, request).and_then(|answer| match answer.response.status {
            404 => Ok("there are none".to_owned()),
            _ => answer.success(said)?.read::<serde_json::Value>().map(|_| "there are some".to_owned()),
        });
        let (ok, message) = match found {
            Ok(message) => (true, message),
            Err(error) => (false, error.to_string()),
        };
        let (api, scope) = (TARGET.name.to_owned(), LIST_THINGS.scope.to_owned());
        Ok(vec![Probe { api, scope, ok, message }])
    }
}

/// The vendor says nothing about a refusal but its status and its body.
fn said(_: &Response) -> Refusal {
    Refusal::default()
}

fn event(id: String, undeclared: bool) -> Result<Event, Failure> {
    let amount = Money { amount: Decimal::ZERO, currency: "USD".parse()? };
    let change = match undeclared {
        true => Change::Transaction(transaction(&id, amount)),
        false => Change::Order(order(&id, amount)),
    };
    Ok(Event {
        id: format!("thing:{id}"),
        source: TARGET.name,
        subject: id,
        occurred_at: None,
        raw: None,
        change,
    })
}

fn order(id: &str, total: Money) -> Order {
    Order {
        id: id.to_owned(),
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
        note: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}

fn transaction(id: &str, amount: Money) -> Transaction {
    Transaction {
        id: id.to_owned(),
        amount,
        refunded: None,
        status: TransactionStatus::Succeeded,
        settles: Vec::new(),
        customer: None,
        method: None,
        charge_id: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}

transload_sdk::register!(Wrong);
