//! Track-POD: wire types, mapping to the model, and a client.
//!
//! The facts are those of the OpenAPI document that the API serves at <https://api.track-pod.com/index.html>. What it
//! leaves open is decided so that no goods are called delivered and no cash called collected that may not be.

mod client;
mod delivery;
pub mod endpoints;
mod error;
#[cfg(test)]
mod junk;
mod new_order;
mod order;
mod terms;
pub mod webhook;

pub use client::{Client, Deletion, Lookup, Rejected, Rejection, Update};
pub use delivery::Cash;
pub use error::MapError;
pub use new_order::{NewCustomField, NewGoods, NewOrder};
pub use order::{CustomField, Goods, Order};
pub use terms::{Kind, Priority, Terms};

use transload_wire::api::{Api, Credential, DeliveryId, Rate, Signature, Webhook};

/// The API.
///
/// Track-POD signs its webhooks with a secret that its settings page shows, but neither its OpenAPI document nor what
/// could be read of its help pages names the header or the algorithm. The two signatures here are therefore ours, and
/// an operator sets the real one: a token that a proxy or the webhook's own settings add, or an HMAC. What a webhook
/// says is a hint anyway; the order is read again through the API.
pub const API: Api = Api {
    name: "track-pod",
    title: "Track-POD",
    base_url: "https://api.track-pod.com",
    credential: Credential::Header("X-API-KEY"),
    version_header: None,
    rates: &[Rate { requests: 20, per_ms: 1_000 }, Rate { requests: 400, per_ms: 60_000 }],
    idempotency_header: None,
    webhook: Some(Webhook {
        signatures: &[
            Signature::HmacSha256("x-trackpod-signature"),
            Signature::SharedToken("x-transload-token"),
        ],
        public_keys: &[],
        // No event id is documented; two deliveries with the same body say the same thing.
        delivery_id: DeliveryId::Digest,
    }),
};
