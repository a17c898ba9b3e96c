//! The offline functions for Rankr: its people and machines, and a look at what it holds.

use super::{BASE_URL, Offline, moment};
use crate::control::Refused;
use crate::control::plant::Edit;
use crate::control::rankr::{self, AddToRankr};
use crate::json::Json;
use crate::rankr::effects::{self, RankrFulfillment, RankrRecord};
use crate::rankr::kind::RankrKind;
use crate::rankr::people;
use crate::system::System;

impl Offline {
    /// The base URL of the Rankr fake.
    pub fn rankr_url(&self) -> String {
        format!("{BASE_URL}/{}", System::Rankr.name())
    }

    /// The secret that verifies Rankr's webhooks: `whsec_` and base64.
    pub fn rankr_secret(&self) -> String {
        self.lock().webhooks.keys.rankr_secret()
    }

    /// The headers of a webhook of Rankr's that is sent now: one that is sent again, or late, is signed for that time.
    pub fn rankr_headers(&self, id: &str, body: &str, now_ms: u64) -> Vec<(String, String)> {
        self.lock().webhooks.keys.standard_headers(System::Rankr, body, id, moment(now_ms))
    }

    /// Makes an object in Rankr, which is returned.
    pub fn rankr_add(&self, kind: RankrKind, new: AddToRankr, now_ms: u64) -> Result<Json, Refused> {
        rankr::add(&mut self.lock(), kind, new, moment(now_ms))
    }

    /// Replaces members of an object in Rankr, which is returned.
    pub fn rankr_edit(&self, kind: RankrKind, id: &str, edit: Edit, now_ms: u64) -> Result<Json, Refused> {
        rankr::edit(&mut self.lock(), kind, id, edit, moment(now_ms))
    }

    /// Takes an object away from Rankr; an order with its fulfilments.
    pub fn rankr_delete(&self, kind: RankrKind, id: &str) -> Result<(), Refused> {
        Ok(people::delete(&mut self.lock().rankr, kind, id)?)
    }

    /// Makes a fulfilment of Rankr's own, which is returned.
    pub fn rankr_add_fulfillment(&self, order: &str, new: AddToRankr, now_ms: u64) -> Result<Json, Refused> {
        rankr::add_fulfillment(&mut self.lock(), order, new, moment(now_ms))
    }

    /// Replaces members of a fulfilment in Rankr, which is returned.
    pub fn rankr_edit_fulfillment(
        &self,
        order: &str,
        id: &str,
        edit: Edit,
        now_ms: u64,
    ) -> Result<Json, Refused> {
        rankr::edit_fulfillment(&mut self.lock(), order, id, edit, moment(now_ms))
    }

    /// Takes a fulfilment away from Rankr.
    pub fn rankr_delete_fulfillment(&self, order: &str, id: &str, now_ms: u64) -> Result<(), Refused> {
        Ok(people::delete_fulfillment(&mut self.lock().rankr, order, id, moment(now_ms))?)
    }

    /// What Rankr holds under this id.
    pub fn rankr_record(&self, kind: RankrKind, id: &str) -> Option<RankrRecord> {
        effects::find(&self.lock().rankr, kind, id)
    }

    /// The fulfilments of an order in Rankr, oldest first; empty too if there is no such order.
    pub fn rankr_fulfillments(&self, order: &str) -> Vec<RankrFulfillment> {
        effects::fulfillments(&self.lock().rankr, order)
    }
}
