//! A component that misbehaves on request: the name of an action picks how. It uses the contract's bindings directly, so
//! that nothing of the SDK's good manners is in the way.

mod behaviour;

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "connector", generate_all });
}

use bindings::exports::transload::connector::{actions, events, intake, manifest, reconciliation};
use bindings::transload::connector::types::{
    Envelope, Event, Failure, Fulfillment, Invoice, Order, Receipt, Subscription, Transaction,
};

struct Hostile;

/// Only in a component: no other linker takes the names that a component's exports have.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "exports of a component have fixed names")]
mod export {
    super::bindings::export!(Hostile with_types_in super::bindings);
    use super::Hostile;
}

fn skipped() -> Result<Receipt, Failure> {
    Ok(Receipt::Skipped("this connector only misbehaves".to_owned()))
}

fn rejected<T>() -> Result<T, Failure> {
    Err(Failure::Rejected("this connector only misbehaves".to_owned()))
}

impl manifest::Guest for Hostile {
    fn describe() -> manifest::Description {
        let endpoint = |method, path: &str, scope: &str, access| manifest::Endpoint {
            method,
            path: path.to_owned(),
            path_setting: (access == manifest::Access::Read).then(|| "/paths/thing".to_owned()),
            scope: scope.to_owned(),
            access,
            in_doubt: manifest::InDoubt::Resend,
        };
        let target = manifest::Api {
            name: "target".to_owned(),
            title: "Target".to_owned(),
            base_url: "https://target.example".to_owned(),
            credential: manifest::Credential::Bearer,
            version_header: None,
            endpoints: vec![
                endpoint(manifest::Method::Get, "/things/{id}", "things.read", manifest::Access::Read),
                endpoint(manifest::Method::Post, "/things", "things.write", manifest::Access::Write),
            ],
            rates: Vec::new(),
            idempotency_header: None,
            webhook: None,
        };
        manifest::Description {
            name: "hostile".to_owned(),
            version: "0.1.0".to_owned(),
            title: "Hostile".to_owned(),
            summary: "Misbehaves on request.".to_owned(),
            apis: vec![target],
            triggers: Vec::new(),
            actions: Vec::new(),
            settings_schema: "{}".to_owned(),
            templates: Vec::new(),
        }
    }
}

impl actions::Guest for Hostile {
    fn run(name: String, input: String) -> Result<String, Failure> {
        behaviour::run(&name, &input)
    }

    fn check() -> Result<Vec<actions::Probe>, Failure> {
        Ok(Vec::new())
    }
}

impl intake::Guest for Hostile {
    fn receive(_delivery: intake::Delivery) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }

    fn poll(_trigger: String, _cursor: Option<String>) -> Result<intake::EventPage, Failure> {
        rejected()
    }

    fn backfill(
        _trigger: String,
        _window: intake::Window,
        _cursor: Option<String>,
    ) -> Result<intake::EventPage, Failure> {
        rejected()
    }
}

impl events::Guest for Hostile {
    fn on_order(_envelope: Envelope, order: Order) -> Result<Receipt, Failure> {
        // An order's note picks the behaviour, so that the whole path of an event can be disturbed.
        if let Some(note) = order.note {
            let (name, input) = note.split_once(' ').unwrap_or((&note, ""));
            behaviour::run(name, input)?;
        }
        skipped()
    }

    fn on_fulfillment(_envelope: Envelope, _fulfillment: Fulfillment) -> Result<Receipt, Failure> {
        skipped()
    }

    fn on_transaction(_envelope: Envelope, _transaction: Transaction) -> Result<Receipt, Failure> {
        skipped()
    }

    fn on_subscription(_envelope: Envelope, _subscription: Subscription) -> Result<Receipt, Failure> {
        skipped()
    }

    fn on_invoice(_envelope: Envelope, _invoice: Invoice) -> Result<Receipt, Failure> {
        skipped()
    }
}

impl reconciliation::Guest for Hostile {
    fn reconcile(
        _scope: reconciliation::Scope,
        _cursor: Option<String>,
    ) -> Result<reconciliation::FindingPage, Failure> {
        rejected()
    }
}
