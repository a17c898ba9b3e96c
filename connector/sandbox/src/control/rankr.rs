//! Rankr's own people and machines.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plant::Edit;
use super::{Answer, Refused, body, done, invalid, missing, no_such_path, object, ok};
use crate::json::{Json, Object};
use crate::message::Request;
use crate::rankr::kind::{FULFILLMENT_CREATED, FULFILLMENT_UPDATED, RankrKind};
use crate::rankr::{Rankr, people, store};
use crate::state::State;

/// An object that is made in Rankr itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddToRankr {
    /// The object, as the API takes it, and as strictly; what the sink can make up may be left out.
    pub object: Json,
    /// Whether the event of its kind is fired. Transactions and subscriptions have none.
    #[serde(default)]
    pub webhook: bool,
}

impl AddToRankr {
    /// Makes this and tells of it.
    pub fn told(object: Json) -> Self {
        Self { object, webhook: true }
    }

    /// Makes this and tells nobody.
    pub fn silent(object: Json) -> Self {
        Self { object, webhook: false }
    }
}

/// Rankr's data, in the contract's names, the longest unchanged first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankrSnapshot {
    /// The orders.
    pub orders: Vec<RankrOrderState>,
    /// The transactions.
    pub transactions: Vec<Json>,
    /// The subscriptions.
    pub subscriptions: Vec<Json>,
    /// The invoices.
    pub invoices: Vec<Json>,
    /// Events that were sent, by type.
    pub events: BTreeMap<String, u64>,
}

/// An order in Rankr and what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankrOrderState {
    /// The order.
    pub order: Json,
    /// Its fulfilments, oldest first.
    pub fulfillments: Vec<Json>,
    /// Fulfilments that were posted with `notifyCustomer`.
    pub notices: usize,
}

pub(super) fn route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    if let ["orders", order, "fulfillments", rest @ ..] = route {
        return fulfillments(state, order, rest, request, now);
    }
    let [name, rest @ ..] = route else { return Err(no_such_path(request)) };
    let kind = RankrKind::from_plural(name).ok_or_else(|| no_such_path(request))?;
    match (request.method.as_str(), rest) {
        ("POST", []) => ok(&add(state, kind, body(request)?, now)?),
        ("PUT", [id]) => ok(&edit(state, kind, id, body(request)?, now)?),
        ("DELETE", [id]) => {
            people::delete(&mut state.rankr, kind, id)?;
            done()
        }
        _ => Err(no_such_path(request)),
    }
}

fn fulfillments(state: &mut State, order: &str, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", []) => ok(&add_fulfillment(state, order, body(request)?, now)?),
        ("PUT", [id]) => ok(&edit_fulfillment(state, order, id, body(request)?, now)?),
        ("DELETE", [id]) => {
            people::delete_fulfillment(&mut state.rankr, order, id, now)?;
            done()
        }
        _ => Err(no_such_path(request)),
    }
}

/// Makes an object; the object.
pub(crate) fn add(
    state: &mut State,
    kind: RankrKind,
    new: AddToRankr,
    now: Timestamp,
) -> Result<Json, Refused> {
    if new.webhook && kind.event().is_none() {
        return Err(no_event(kind));
    }
    let id = people::add(state, kind, &object(new.object)?, new.webhook, now)?;
    shown(&state.rankr, kind, &id)
}

/// Replaces members of an object, which is returned.
pub(crate) fn edit(
    state: &mut State,
    kind: RankrKind,
    id: &str,
    edit: Edit,
    now: Timestamp,
) -> Result<Json, Refused> {
    let event = match (edit.webhook, kind.event()) {
        (None, _) => None,
        (Some(_), None) => return Err(no_event(kind)),
        (Some(name), Some(event)) if name != event => {
            return Err(invalid(format!("webhook {name}: {event} is the only one")));
        }
        (Some(_), event) => event,
    };
    people::edit(state, kind, id, &object(edit.members)?, event, now)?;
    shown(&state.rankr, kind, id)
}

/// Makes a fulfilment of the sink's own; the fulfilment.
pub(crate) fn add_fulfillment(
    state: &mut State,
    order: &str,
    new: AddToRankr,
    now: Timestamp,
) -> Result<Json, Refused> {
    let id = people::add_fulfillment(state, order, &object(new.object)?, new.webhook, now)?;
    Ok(people::find(&state.rankr, order, &id)?.clone().into())
}

/// Replaces members of a fulfilment, which is returned.
pub(crate) fn edit_fulfillment(
    state: &mut State,
    order: &str,
    id: &str,
    edit: Edit,
    now: Timestamp,
) -> Result<Json, Refused> {
    let event = edit.webhook.as_deref();
    if let Some(name) = event.filter(|name| ![FULFILLMENT_CREATED, FULFILLMENT_UPDATED].contains(name)) {
        return Err(invalid(format!("webhook {name}: {FULFILLMENT_CREATED} or {FULFILLMENT_UPDATED}")));
    }
    people::edit_fulfillment(state, order, id, &object(edit.members)?, event, now)?;
    Ok(people::find(&state.rankr, order, id)?.clone().into())
}

fn no_event(kind: RankrKind) -> Refused {
    invalid(format!("Rankr has no webhook for {}", kind.plural()))
}

fn shown(rankr: &Rankr, kind: RankrKind, id: &str) -> Result<Json, Refused> {
    let record =
        rankr.of(kind).get(id).ok_or_else(|| missing(format!("there is no {} {id}", kind.noun())))?;
    Ok(record.shown().into())
}

/// All data of Rankr.
pub(super) fn snapshot(rankr: &Rankr) -> RankrSnapshot {
    let all = |kind| rankr.of(kind).iter().map(|(_, record)| record.shown().into()).collect();
    let order = |(id, record): (&str, &store::Record)| {
        let of_order = rankr.fulfillments.get(id);
        let list = of_order.map(|of_order| of_order.list.clone()).unwrap_or_default();
        RankrOrderState {
            order: record.shown().into(),
            fulfillments: list.into_iter().map(Object::into).collect(),
            notices: of_order.map_or(0, |of_order| of_order.notices),
        }
    };
    RankrSnapshot {
        orders: rankr.orders.iter().map(order).collect(),
        transactions: all(RankrKind::Transaction),
        subscriptions: all(RankrKind::Subscription),
        invoices: all(RankrKind::Invoice),
        events: rankr.events.clone(),
    }
}
