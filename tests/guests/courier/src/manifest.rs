//! The manifest, and the two APIs and their calls as data.

use transload_sdk::manifest::{self, Description, Kind, Origin};
use transload_wire::api::{Api, Credential, DeliveryId, Signature, Webhook};
use transload_wire::{Endpoint, InDoubt, Method};

/// The API whose calls differ in what is done when their outcome is unknown. It takes no idempotency key.
pub const TARGET: Api = Api {
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

/// The API that takes an idempotency key.
pub const KEYED: Api = Api {
    name: "keyed",
    title: "Keyed",
    base_url: "https://keyed.example",
    credential: Credential::Bearer,
    version_header: None,
    rates: &[],
    idempotency_header: Some(IDEMPOTENCY_HEADER),
    webhook: None,
};

/// The header in which [`KEYED`] takes its key.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// The trigger that is polled.
pub const POLLED: &str = "polled";

/// How often [`POLLED`] is asked for unless a test says otherwise, in milliseconds.
const POLL_MS: u64 = 60_000;

pub(crate) const GET_THING: Endpoint = Endpoint::read("/things/{id}", "things.read").set_by("/paths/get");
pub(crate) const LIST_THINGS: Endpoint = Endpoint::read("/things", "things.read");
pub(crate) const CREATE_THING: Endpoint =
    Endpoint::write(Method::Post, "/things", "things.write", InDoubt::Verify).set_by("/paths/create");
pub(crate) const PUT_THING: Endpoint =
    Endpoint::write(Method::Put, "/things/{id}", "things.write", InDoubt::Resend);
pub(crate) const SEND_MESSAGE: Endpoint =
    Endpoint::write(Method::Post, "/messages", "messages.write", InDoubt::Never);
pub(crate) const PAY: Endpoint =
    Endpoint::write(Method::Post, "/payments", "payments.write", InDoubt::Resend);

const ORDER_SCHEMA: &str = r#"{"type":"object","required":["id","order","do"],"properties":{"id":{"type":"string"},"order":{"type":"string"},"do":{"type":"array","items":{"type":"string"}}}}"#;
const ORDER_SAMPLE: &str = r#"{"id":"e1","order":"o1","do":["get a","get b","create c"]}"#;

/// Where things are got and made, if not where they usually are.
const SETTINGS_SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"properties":{"paths":{"type":"object","additionalProperties":false,"properties":{"get":{"type":"string"},"create":{"type":"string"}}}}}"#;

/// The manifest of the courier of this version.
pub(crate) fn describe(version: &str) -> Description {
    let summary = "Makes exactly the calls that its events name.";
    let mut description = manifest::description("courier", version, "Courier", summary);
    let target = [GET_THING, LIST_THINGS, CREATE_THING, PUT_THING, SEND_MESSAGE];
    description.apis = vec![manifest::api(&TARGET, &target), manifest::api(&KEYED, &[PAY])];
    description.settings_schema = SETTINGS_SCHEMA.to_owned();
    let trigger =
        |name, title, origin| manifest::trigger(name, title, origin, Kind::Order, ORDER_SCHEMA, ORDER_SAMPLE);
    description.triggers = vec![
        trigger("delivered", "Work was delivered", Origin::Webhook(TARGET.name.to_owned())),
        trigger(POLLED, "Work was found", Origin::Poll(POLL_MS)),
    ];
    description
}
