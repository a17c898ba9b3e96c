//! The manifest, with every way of getting it wrong.

use std::hash::{BuildHasher, RandomState};

use transload_sdk::Description;
use transload_sdk::manifest::{self, Action, ActionAccess, Kind, Origin, Template, Trigger};
use transload_wire::api::{Api, Credential, DeliveryId, Signature, Webhook};
use transload_wire::{Endpoint, InDoubt, Method};

/// The vendor.
pub(crate) const TARGET: Api = Api {
    name: "target",
    title: "Target",
    base_url: "https://target.example",
    credential: Credential::Bearer,
    version_header: None,
    rates: &[],
    idempotency_header: None,
    webhook: Some(Webhook {
        signatures: &[Signature::SharedToken("x-token")],
        public_keys: &[],
        delivery_id: DeliveryId::Body("/id"),
    }),
};

pub(crate) const GET_THING: Endpoint = Endpoint::read("/things/{id}", "things.read");
pub(crate) const LIST_THINGS: Endpoint = Endpoint::read("/things", "things.read");
pub(crate) const CREATE_THING: Endpoint =
    Endpoint::write(Method::Post, "/things", "things.write", InDoubt::Verify);

/// Changes a thing, and is declared as a read by the one manifest that has it.
pub(crate) const PUT_THING: Endpoint = Endpoint { method: Method::Put, ..GET_THING };

/// The trigger that is polled.
pub(crate) const POLLED: &str = "things";

/// The action.
pub(crate) const SYNC: &str = "sync-thing";

const SCHEMA: &str = r#"{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}"#;
const SAMPLE: &str = r#"{"id":"t1"}"#;
const SETTINGS_SCHEMA: &str =
    r#"{"type":"object","additionalProperties":false,"properties":{"fault":{"type":"string"}}}"#;

/// The manifest with this fault.
pub(crate) fn describe(fault: &str) -> Description {
    let mut it = manifest::description("wrong", "0.1.0", "Wrong", "Has one fault.");
    it.apis = vec![manifest::api(&TARGET, &[GET_THING, LIST_THINGS, CREATE_THING])];
    it.settings_schema = SETTINGS_SCHEMA.to_owned();
    it.triggers = vec![
        trigger("thing-made", Origin::Webhook(TARGET.name.to_owned())),
        trigger(POLLED, Origin::Poll(60_000)),
    ];
    it.actions = vec![action()];
    it.templates =
        vec![Template { name: "plain".to_owned(), title: "Plain".to_owned(), settings: "{}".to_owned() }];
    spoil(&mut it, fault);
    it
}

fn trigger(name: &str, origin: Origin) -> Trigger {
    manifest::trigger(name, "A thing was made", origin, Kind::Order, SCHEMA, SAMPLE)
}

fn action() -> Action {
    Action {
        name: SYNC.to_owned(),
        title: "Make a thing".to_owned(),
        access: ActionAccess::Write,
        subject: Some("/id".to_owned()),
        input_schema: SCHEMA.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        sample: SAMPLE.to_owned(),
    }
}

fn spoil(it: &mut Description, fault: &str) {
    match fault {
        "random-summary" => it.summary = format!("It is {}.", RandomState::new().hash_one("a key")),
        "looks-at-the-store" => {
            // What is there does not matter.
            let _ = transload_sdk::bindings::transload::connector::store::get("anything");
        }
        "version" => it.version = "one".to_owned(),
        "two-of-a-name" => it.actions.push(action()),
        "schema" => it.settings_schema = r#"{"type":"nonsense"}"#.to_owned(),
        _ => {}
    }
    if let Some(api) = it.apis.first_mut() {
        match fault {
            "plain-http" => api.base_url = "http://target.example".to_owned(),
            "ambiguous" => {
                let by_name = Endpoint::write(Method::Post, "/things/{id}", "things.write", InDoubt::Verify);
                let search = Endpoint::search("/things/search", "things.read");
                api.endpoints =
                    manifest::api(&TARGET, &[GET_THING, LIST_THINGS, CREATE_THING, by_name, search])
                        .endpoints;
            }
            "put-declared-read" => api.endpoints.extend(manifest::api(&TARGET, &[PUT_THING]).endpoints),
            "resend-without-a-key" => {
                let create = Endpoint::write(Method::Post, "/things", "things.write", InDoubt::Resend);
                api.endpoints = manifest::api(&TARGET, &[GET_THING, LIST_THINGS, create]).endpoints;
            }
            "no-webhooks" => api.webhook = None,
            _ => {}
        }
    }
    if let Some(action) = it.actions.first_mut() {
        match fault {
            "sample" => action.sample = r#"{"id":7}"#.to_owned(),
            "subject" => action.subject = Some("/order_id".to_owned()),
            _ => {}
        }
    }
    if let ("template", Some(template)) = (fault, it.templates.first_mut()) {
        template.settings = r#"{"no_such":1}"#.to_owned();
    }
}
