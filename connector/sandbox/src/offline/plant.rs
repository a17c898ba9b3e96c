//! The offline control functions that plant.

use super::{Offline, moment};
use crate::control::Refused;
use crate::control::plant::{self, AddDelivery, AddFulfillment, Charge, Duplicate, Edit, Removal, Subscribe};
use crate::json::Json;
use crate::ledger::WriteCounts;
use crate::seed::{self, Seed, Seeded};
use crate::system::System;

impl Offline {
    /// Makes a history of many orders at once.
    pub fn seed(&self, seed: Seed) -> Result<Seeded, Refused> {
        seed::seed(&mut self.lock(), seed)
    }

    /// Replaces members of a GHL order, which is returned.
    pub fn edit_order(&self, id: &str, edit: Edit, now_ms: u64) -> Result<Json, Refused> {
        plant::edit_order(&mut self.lock(), id, edit, moment(now_ms))
    }

    /// Takes a GHL order away. Its transactions stay.
    pub fn delete_order(&self, id: &str) -> Result<(), Refused> {
        plant::delete_order(&mut self.lock(), id)
    }

    /// Replaces the fulfilments of a GHL order.
    pub fn set_fulfillments(&self, id: &str, fulfillments: Vec<Json>, now_ms: u64) -> Result<(), Refused> {
        plant::set_fulfillments(&mut self.lock(), id, fulfillments, moment(now_ms))
    }

    /// Adds a fulfilment to a GHL order as a person does, and returns it.
    pub fn add_fulfillment(&self, id: &str, new: AddFulfillment, now_ms: u64) -> Result<Json, Refused> {
        plant::add_fulfillment(&mut self.lock(), id, new, moment(now_ms))
    }

    /// Replaces members of a transaction, which is returned.
    pub fn edit_transaction(&self, id: &str, edit: Edit) -> Result<Json, Refused> {
        plant::edit_transaction(&mut self.lock(), id, edit)
    }

    /// Takes a transaction away. What the order counts as paid stays.
    pub fn delete_transaction(&self, id: &str) -> Result<(), Refused> {
        Ok(self.lock().ghl.payments.remove(id)?)
    }

    /// Makes a subscription and returns its id.
    pub fn subscribe(&self, subscribe: Subscribe, now_ms: u64) -> Result<String, Refused> {
        plant::subscribe(&mut self.lock(), subscribe, moment(now_ms))
    }

    /// Replaces members of a subscription, which is returned.
    pub fn edit_subscription(&self, id: &str, edit: Edit, now_ms: u64) -> Result<Json, Refused> {
        plant::edit_subscription(&mut self.lock(), id, edit, moment(now_ms))
    }

    /// Charges a subscription once more, or tries to, and returns the transaction's id.
    pub fn charge(&self, subscription: &str, charge: Charge, now_ms: u64) -> Result<String, Refused> {
        plant::charge(&mut self.lock(), subscription, charge, moment(now_ms))
    }

    /// Makes a delivery order as a person does, and returns it.
    pub fn add_delivery(&self, new: AddDelivery, now_ms: u64) -> Result<Json, Refused> {
        plant::add_delivery(&mut self.lock(), new, moment(now_ms))
    }

    /// Copies a delivery order and returns the copy.
    pub fn duplicate_delivery(&self, key: &str, how: Duplicate, now_ms: u64) -> Result<Json, Refused> {
        plant::duplicate_delivery(&mut self.lock(), key, how, moment(now_ms))
    }

    /// Replaces members of a delivery order, which is returned.
    pub fn edit_delivery(&self, key: &str, edit: Edit, now_ms: u64) -> Result<Json, Refused> {
        plant::edit_delivery(&mut self.lock(), key, edit, moment(now_ms))
    }

    /// Takes a delivery order away, whatever state it is in.
    pub fn delete_delivery(&self, key: &str, removal: Removal, now_ms: u64) -> Result<(), Refused> {
        plant::delete_delivery(&mut self.lock(), key, removal, moment(now_ms))
    }

    /// How often each operation was asked to write, however full the ledger is.
    pub fn write_counts(&self) -> WriteCounts {
        self.lock().ledger.counts()
    }

    /// Forgets the writes to a system whose path begins with `path`.
    pub fn clear_writes(&self, system: System, path: &str) {
        self.lock().ledger.clear(Some(system), path);
    }
}
