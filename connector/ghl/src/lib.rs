//! GoHighLevel: wire types, mapping to the model, and a client.
//!
//! The facts are those of the OpenAPI files and webhook samples in
//! <https://github.com/GoHighLevel/highlevel-api-docs> and of the guides on <https://marketplace.gohighlevel.com/docs>.
//! Where the service is known to differ from them, reading follows the service: numbers and booleans may be strings,
//! an order's `items` are objects, a transaction has another shape in a list than alone. What is sent keeps to the
//! documents.

mod client;
mod contact;
pub mod endpoints;
mod error;
mod fulfillment;
mod invoice;
#[cfg(test)]
mod junk;
mod members;
mod message;
mod note;
mod opportunity;
mod order;
mod page;
mod payment;
mod provider;
mod record;
mod subscription;
mod transaction;
pub mod webhook;

pub use client::Client;
pub use contact::Contact;
pub use error::MapError;
pub use fulfillment::{NewFulfillment, PostedFulfillment};
pub use message::{Channel, Message, NewMessage};
pub use note::Note;
pub use opportunity::{NewOpportunity, Opportunity, OpportunityStatus};
pub use page::{
    InvoicePage, InvoiceQuery, OrderPage, OrderQuery, Page, SubscriptionPage, SubscriptionQuery,
    TransactionPage, TransactionQuery,
};
pub use payment::{CardBrand, NewPayment, PaymentMode, TransactionDetail, is_recorded};
pub use provider::{Gateway, NewProvider, Provider, ProviderName, ProviderNameError};
pub use record::{Properties, Property, Record};
pub use subscription::SubscriptionDetail;

use transload_wire::api::{Api, Credential, DeliveryId, Rate, Signature, Webhook};

/// The API. The version is the one in which the documents give the payments and contacts calls.
pub const API: Api = Api {
    name: "ghl",
    title: "GoHighLevel",
    base_url: "https://services.leadconnectorhq.com",
    credential: Credential::Bearer,
    version_header: Some(("Version", "2021-07-28")),
    // Per app and location: a burst limit and a daily one.
    rates: &[Rate { requests: 100, per_ms: 10_000 }, Rate { requests: 200_000, per_ms: 86_400_000 }],
    idempotency_header: None,
    webhook: Some(Webhook {
        // The RSA header is the legacy one, announced to end on 2026-09-01; deliveries of older apps carried only it. A
        // workflow's Custom Webhook action is signed by nobody; its operator lets it send a token in a header of ours.
        signatures: &[
            Signature::Ed25519("x-ghl-signature"),
            Signature::RsaSha256("x-wh-signature"),
            Signature::SharedToken("x-transload-token"),
        ],
        public_keys: &[ED25519_KEY],
        // A workflow's body has none; the host then takes the body's digest.
        delivery_id: DeliveryId::Body("/webhookId"),
    }),
};

/// The key that the Webhook Integration Guide publishes for `x-ghl-signature`.
const ED25519_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
";
