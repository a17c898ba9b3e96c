//! The client's calls that plant, and those that count.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Control, ControlError, Made};
use crate::control::plant::{AddDelivery, AddFulfillment, Charge, Duplicate, Edit, Removal, Subscribe};
use crate::json::Json;
use crate::ledger::WriteCounts;
use crate::seed::{Seed, Seeded};
use crate::system::System;

impl Control {
    /// Makes a history of many orders at once.
    pub async fn seed(&self, seed: &Seed) -> Result<Seeded, ControlError> {
        self.call(Method::POST, "/seed", seed).await
    }

    /// Replaces members of a GHL order, which is returned.
    pub async fn edit_order(&self, id: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &format!("/ghl/orders/{id}"), edit).await
    }

    /// Takes a GHL order away. Its transactions stay.
    pub async fn delete_order(&self, id: &str) -> Result<(), ControlError> {
        self.done(Method::DELETE, &format!("/ghl/orders/{id}"), &()).await
    }

    /// Replaces the fulfilments of a GHL order.
    pub async fn set_fulfillments(&self, id: &str, fulfillments: &[Json]) -> Result<(), ControlError> {
        self.done(Method::PUT, &format!("/ghl/orders/{id}/fulfillments"), &fulfillments).await
    }

    /// Adds a fulfilment to a GHL order as a person does, and returns it.
    pub async fn add_fulfillment(&self, id: &str, new: &AddFulfillment) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("/ghl/orders/{id}/fulfillments"), new).await
    }

    /// Replaces members of a transaction, which is returned.
    pub async fn edit_transaction(&self, id: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &format!("/ghl/transactions/{id}"), edit).await
    }

    /// Takes a transaction away. What the order counts as paid stays.
    pub async fn delete_transaction(&self, id: &str) -> Result<(), ControlError> {
        self.done(Method::DELETE, &format!("/ghl/transactions/{id}"), &()).await
    }

    /// Makes a subscription and returns its id.
    pub async fn subscribe(&self, subscribe: &Subscribe) -> Result<String, ControlError> {
        let made: Made = self.call(Method::POST, "/ghl/subscriptions", subscribe).await?;
        Ok(made.id)
    }

    /// Replaces members of a subscription, which is returned.
    pub async fn edit_subscription(&self, id: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &format!("/ghl/subscriptions/{id}"), edit).await
    }

    /// Charges a subscription once more, or tries to, and returns the transaction's id.
    pub async fn charge(&self, subscription: &str, charge: &Charge) -> Result<String, ControlError> {
        let path = format!("/ghl/subscriptions/{subscription}/charges");
        let made: Made = self.call(Method::POST, &path, charge).await?;
        Ok(made.id)
    }

    /// Makes a delivery order as a person does, and returns it.
    pub async fn add_delivery(&self, new: &AddDelivery) -> Result<Json, ControlError> {
        self.call(Method::POST, "/track-pod/orders", new).await
    }

    /// Copies a delivery order and returns the copy.
    pub async fn duplicate_delivery(&self, key: &str, how: Duplicate) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("{}/duplicate", delivery(key)), &how).await
    }

    /// Replaces members of a delivery order, which is returned.
    pub async fn edit_delivery(&self, key: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &delivery(key), edit).await
    }

    /// Takes a delivery order away, whatever state it is in.
    pub async fn delete_delivery(&self, key: &str, removal: Removal) -> Result<(), ControlError> {
        self.done(Method::DELETE, &delivery(key), &removal).await
    }

    /// How often each operation was asked to write, however full the ledger is.
    pub async fn write_counts(&self) -> Result<WriteCounts, ControlError> {
        self.get("/ledger/counts").await
    }

    /// Forgets the writes to a system whose path begins with `path`.
    pub async fn clear_writes(&self, system: System, path: &str) -> Result<(), ControlError> {
        let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
        self.done(Method::DELETE, &format!("/ledger?system={}&path={path}", system.name()), &()).await
    }
}

fn delivery(key: &str) -> String {
    format!("/track-pod/orders/{}", utf8_percent_encode(key, NON_ALPHANUMERIC))
}
