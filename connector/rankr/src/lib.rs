//! Rankr: wire types, mapping to the model, and a client.
//!
//! No public API of Rankr is known, so what is spoken is a contract of this project's own, **Transload order sink, v1**,
//! which Rankr or any other service can implement. Its document is `openapi.json` beside this crate's manifest. A service
//! that has the same notions under other paths, names and words is reached with a [`Shape`] from a connection's settings.

mod client;
#[cfg(test)]
mod document;
pub mod endpoints;
mod error;
mod fulfillment;
mod invoice;
#[cfg(test)]
mod junk;
mod member;
mod order;
mod page;
mod party;
mod record;
#[cfg(test)]
mod samples;
mod shape;
mod subscription;
mod transaction;
pub mod webhook;
mod words;

pub use client::{Client, Posted, Put};
pub use error::MapError;
pub use fulfillment::{ORIGIN, SinkFulfillment};
pub use invoice::SinkInvoice;
pub use order::SinkOrder;
pub use page::{PAGE_ROWS_MAX, Page, Query};
pub use record::{Record, VERSION_MAX};
pub use shape::{Kind, Shape, ShapeError};
pub use subscription::SinkSubscription;
pub use transaction::SinkTransaction;

use transload_wire::api::{Api, Credential, DeliveryId, Rate, Signature, Webhook};

/// The API. Every operator sets where it really is: the name is one that RFC 2606 keeps free.
pub const API: Api = Api {
    name: "rankr",
    title: "Rankr",
    base_url: "https://api.rankr.example",
    credential: Credential::Bearer,
    version_header: None,
    rates: &[Rate { requests: 100, per_ms: 10_000 }],
    idempotency_header: Some("Idempotency-Key"),
    webhook: Some(Webhook {
        signatures: &[Signature::StandardWebhooks],
        public_keys: &[],
        delivery_id: DeliveryId::Header("webhook-id"),
    }),
};
