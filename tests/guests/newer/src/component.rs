//! The component. Written against the bindings alone: the SDK is for released versions.

#![expect(unsafe_code, reason = "in what is generated from tests/contract")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit/0.1.0", "../../contract/0.2.0"],
        world: "transload:connector/connector@0.2.0",
        generate_all,
    });
}

use bindings::exports::transload::connector0_2_0::actions::Probe;
use bindings::exports::transload::connector0_2_0::intake::{Delivery, EventPage, Window};
use bindings::exports::transload::connector0_2_0::manifest::{
    Api, Credential, DeliveryId, Description, Origin, Signature, Trigger, Webhook,
};
use bindings::exports::transload::connector0_2_0::reconciliation::{FindingPage, Scope};
use bindings::exports::transload::connector0_2_0::{actions, events, intake, manifest, reconciliation};
use bindings::transload::connector0_1_0::types::{
    ChangeKind, Decimal, Effect, Envelope, Failure, Fulfillment, Invoice, Money, OrderStatus, Subscription,
    Transaction, Verb,
};
use bindings::transload::connector0_2_0::store;
use bindings::transload::connector0_2_0::types::{Change, Event, Order, Receipt, Report};

struct Newer;

bindings::export!(Newer with_types_in bindings);

impl manifest::Guest for Newer {
    fn describe() -> Description {
        let webhook = Webhook {
            signatures: vec![Signature::SharedToken("x-token".to_owned())],
            public_keys: Vec::new(),
            delivery_id: DeliveryId::Digest,
        };
        Description {
            name: "newer".to_owned(),
            version: "0.1.0".to_owned(),
            title: "Newer".to_owned(),
            summary: "Counts the orders that it hears of.".to_owned(),
            apis: vec![Api {
                name: "shop".to_owned(),
                title: "Shop".to_owned(),
                base_url: "https://shop.example".to_owned(),
                credential: Credential::None,
                version_header: None,
                endpoints: Vec::new(),
                rates: Vec::new(),
                idempotency_header: None,
                webhook: Some(webhook),
            }],
            triggers: vec![Trigger {
                name: "order".to_owned(),
                title: "An order".to_owned(),
                origin: Origin::Webhook("shop".to_owned()),
                yields: ChangeKind::Order,
                history: false,
                output_schema: "{}".to_owned(),
                sample: "{}".to_owned(),
            }],
            actions: Vec::new(),
            settings_schema: r#"{"type":"object"}"#.to_owned(),
            templates: Vec::new(),
        }
    }
}

impl intake::Guest for Newer {
    fn receive(delivery: Delivery) -> Result<Vec<Event>, Failure> {
        let id = String::from_utf8(delivery.body).map_err(|error| Failure::Rejected(error.to_string()))?;
        Ok(vec![event(&id, order(&id))])
    }

    fn poll(trigger: String, _: Option<String>) -> Result<EventPage, Failure> {
        Err(Failure::Rejected(format!("no trigger {trigger}")))
    }

    fn backfill(trigger: String, _: Window, _: Option<String>) -> Result<EventPage, Failure> {
        Err(Failure::Rejected(format!("no trigger {trigger}")))
    }
}

impl events::Guest for Newer {
    fn on_order(_: Envelope, order: Order) -> Result<Receipt, Failure> {
        let count = store::increment("orders").map_err(|error| Failure::Rejected(format!("{error:?}")))?;
        let effect = Effect {
            verb: Verb::Recorded,
            system: "store".to_owned(),
            kind: "order".to_owned(),
            id: order.id.clone(),
            summary: format!("number {count}, with {} tags", order.tags.len()),
            amount: Some(order.total.clone()),
            link: None,
        };
        let follow_ups =
            if count == 1 { vec![event(&format!("{}-again", order.id), order)] } else { Vec::new() };
        Ok(Receipt::Done(Report { effects: vec![effect], follow_ups, alerts: Vec::new() }))
    }

    fn on_fulfillment(_: Envelope, _: Fulfillment) -> Result<Receipt, Failure> {
        Ok(nothing())
    }

    fn on_transaction(_: Envelope, _: Transaction) -> Result<Receipt, Failure> {
        Ok(nothing())
    }

    fn on_subscription(_: Envelope, _: Subscription) -> Result<Receipt, Failure> {
        Ok(nothing())
    }

    fn on_invoice(_: Envelope, _: Invoice) -> Result<Receipt, Failure> {
        Ok(nothing())
    }
}

impl actions::Guest for Newer {
    fn run(name: String, _: String) -> Result<String, Failure> {
        Err(Failure::Rejected(format!("no action {name}")))
    }

    fn check() -> Result<Vec<Probe>, Failure> {
        Ok(Vec::new())
    }
}

impl reconciliation::Guest for Newer {
    fn reconcile(_: Scope, _: Option<String>) -> Result<FindingPage, Failure> {
        Err(Failure::Rejected("nothing is compared".to_owned()))
    }
}

fn nothing() -> Receipt {
    Receipt::Skipped("only orders are counted".to_owned())
}

fn event(id: &str, order: Order) -> Event {
    Event {
        id: id.to_owned(),
        source: "shop".to_owned(),
        subject: order.id.clone(),
        occurred_at: None,
        raw: None,
        change: Change::Order(order),
    }
}

/// An order of 150.10 USD, with a tag.
fn order(id: &str) -> Order {
    Order {
        id: id.to_owned(),
        number: None,
        status: OrderStatus::Pending,
        payment: None,
        fulfillment: None,
        total: Money { amount: Decimal { units: 15_010, exponent: 2 }, currency: "USD".to_owned() },
        subtotal: None,
        discount: None,
        tax: None,
        shipping: None,
        paid: None,
        customer: None,
        ship_to: None,
        lines: Vec::new(),
        tags: vec!["gift".to_owned()],
        note: None,
        live: true,
        created_at: None,
        updated_at: None,
    }
}
