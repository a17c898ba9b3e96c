//! The client's calls for Rankr's own people and machines.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Control, ControlError};
use crate::control::plant::Edit;
use crate::control::rankr::AddToRankr;
use crate::json::Json;
use crate::rankr::kind::RankrKind;

impl Control {
    /// Makes an object in Rankr, which is returned.
    pub async fn rankr_add(&self, kind: RankrKind, new: &AddToRankr) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("/rankr/{}", kind.plural()), new).await
    }

    /// Replaces members of an object in Rankr, which is returned.
    pub async fn rankr_edit(&self, kind: RankrKind, id: &str, edit: &Edit) -> Result<Json, ControlError> {
        self.call(Method::PUT, &path(kind, id), edit).await
    }

    /// Takes an object away from Rankr; an order with its fulfilments.
    pub async fn rankr_delete(&self, kind: RankrKind, id: &str) -> Result<(), ControlError> {
        self.done(Method::DELETE, &path(kind, id), &()).await
    }

    /// Makes a fulfilment of Rankr's own, which is returned.
    pub async fn rankr_add_fulfillment(&self, order: &str, new: &AddToRankr) -> Result<Json, ControlError> {
        self.call(Method::POST, &format!("{}/fulfillments", path(RankrKind::Order, order)), new).await
    }

    /// Replaces members of a fulfilment in Rankr, which is returned.
    pub async fn rankr_edit_fulfillment(
        &self,
        order: &str,
        id: &str,
        edit: &Edit,
    ) -> Result<Json, ControlError> {
        self.call(Method::PUT, &fulfillment(order, id), edit).await
    }

    /// Takes a fulfilment away from Rankr.
    pub async fn rankr_delete_fulfillment(&self, order: &str, id: &str) -> Result<(), ControlError> {
        self.done(Method::DELETE, &fulfillment(order, id), &()).await
    }
}

fn path(kind: RankrKind, id: &str) -> String {
    format!("/rankr/{}/{}", kind.plural(), utf8_percent_encode(id, NON_ALPHANUMERIC))
}

fn fulfillment(order: &str, id: &str) -> String {
    let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
    format!("{}/fulfillments/{id}", path(RankrKind::Order, order))
}
