//! What Rankr's people and machines do, and what should never happen: for events of the sink's own and for planting
//! differences. Objects have the contract's names here, whatever the fake's dialect.

use jiff::Timestamp;

use super::kind::{FULFILLMENT_CREATED, Form, RankrKind};
use super::store::{Rankr, Record, replace};
use super::{emit, schema};
use crate::ghl::store::StoreError;
use crate::json::Object;
use crate::state::State;

/// Makes an object. It is checked like one from the API; an id, a version and `live` are made up if they are not given.
/// Returns its id.
pub(crate) fn add(
    state: &mut State,
    kind: RankrKind,
    members: &Object,
    told: bool,
    now: Timestamp,
) -> Result<String, StoreError> {
    let mut document = schema::without_nulls(members);
    if document.get(kind.id()).is_none() {
        document.set(kind.id(), state.ids.uuid());
    }
    // What the source did not make has no version of it, and gives way to any.
    document.set_default("version", 0_i64);
    document.set_default("live", true);
    checked(Form::Held(kind), &document)?;
    document.remove("receivedAt");
    document.remove("fulfillmentsAt");
    let id = document.str(kind.id()).unwrap_or_default().to_owned();
    if state.rankr.of(kind).get(&id).is_some() {
        return Err(StoreError::Invalid(format!("{} {id} is there already", kind.noun())));
    }
    let now = state.rankr.tick(now);
    state.rankr.of_mut(kind).store(&id, document, now, 0)?;
    if let Some(event) = kind.event().filter(|_| told) {
        tell(state, event, kind, &id, now);
    }
    Ok(id)
}

/// Replaces members of an object, and tells of it by that event if one is given. The id, `receivedAt` and `fulfillmentsAt` are
/// the sink's own.
pub(crate) fn edit(
    state: &mut State,
    kind: RankrKind,
    id: &str,
    members: &Object,
    event: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let record = state.rankr.of(kind).get(id).ok_or_else(|| absent(kind, id))?;
    let mut document = record.document.clone();
    replace(&mut document, members)?;
    document.set(kind.id(), id);
    document.remove("receivedAt");
    document.remove("fulfillmentsAt");
    let now = state.rankr.tick(now);
    state.rankr.of_mut(kind).store(id, document, now, 0)?;
    if let Some(event) = event {
        tell(state, event, kind, id, now);
    }
    Ok(())
}

/// Takes an object away without a trace; an order with its fulfilments.
pub(crate) fn delete(rankr: &mut Rankr, kind: RankrKind, id: &str) -> Result<(), StoreError> {
    rankr.of_mut(kind).remove(id).ok_or_else(|| absent(kind, id))?;
    if kind == RankrKind::Order {
        rankr.fulfillments.remove(id);
    }
    Ok(())
}

/// Makes a fulfilment of the sink's own. It is checked like one from the API; an id, the status `created`, the origin
/// `sink` and times are made up if they are not given. Returns its id.
pub(crate) fn add_fulfillment(
    state: &mut State,
    order: &str,
    members: &Object,
    told: bool,
    now: Timestamp,
) -> Result<String, StoreError> {
    let mut fulfillment = schema::without_nulls(members);
    if fulfillment.get("fulfillmentId").is_none() {
        fulfillment.set("fulfillmentId", state.ids.uuid());
    }
    fulfillment.set("orderId", order);
    fulfillment.set_default("status", "created");
    fulfillment.set_default("origin", "sink");
    fulfillment.set_default("happenedAt", format!("{now:.3}"));
    fulfillment.set_default("updatedAt", format!("{now:.3}"));
    checked(Form::Fulfillment, &fulfillment)?;
    state.rankr.orders.get(order).ok_or_else(|| absent(RankrKind::Order, order))?;
    let id = fulfillment.str("fulfillmentId").unwrap_or_default().to_owned();
    if find(&state.rankr, order, &id).is_ok() {
        return Err(StoreError::Invalid(format!("fulfillment {id} is there already")));
    }
    let now = state.rankr.tick(now);
    state.rankr.fulfil(order, fulfillment, now)?;
    if told {
        tell_fulfillment(state, FULFILLMENT_CREATED, order, &id, now);
    }
    Ok(id)
}

/// Replaces members of a fulfilment, whoever made it, and tells of it by that event if one is given. `updatedAt` is now
/// unless it is given.
pub(crate) fn edit_fulfillment(
    state: &mut State,
    order: &str,
    id: &str,
    members: &Object,
    event: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut edited = find(&state.rankr, order, id)?.clone();
    edited.set("updatedAt", format!("{now:.3}"));
    replace(&mut edited, members)?;
    edited.set("fulfillmentId", id);
    let now = state.rankr.tick(now);
    for fulfillment in list_mut(&mut state.rankr, order) {
        if fulfillment.str("fulfillmentId") == Some(id) {
            *fulfillment = edited.clone();
        }
    }
    state.rankr.orders.touch(order, now);
    if let Some(event) = event {
        tell_fulfillment(state, event, order, id, now);
    }
    Ok(())
}

/// Takes a fulfilment away without a trace.
pub(crate) fn delete_fulfillment(
    rankr: &mut Rankr,
    order: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    find(rankr, order, id)?;
    let now = rankr.tick(now);
    list_mut(rankr, order).retain(|one| one.str("fulfillmentId") != Some(id));
    rankr.orders.touch(order, now);
    Ok(())
}

/// The fulfilment of that id.
pub(crate) fn find<'a>(rankr: &'a Rankr, order: &str, id: &str) -> Result<&'a Object, StoreError> {
    let found = rankr.fulfillments.get(order).and_then(|of_order| of_order.find(id));
    found.ok_or_else(|| StoreError::Missing(format!("there is no fulfillment {id} of order {order}")))
}

fn list_mut<'a>(rankr: &'a mut Rankr, order: &str) -> &'a mut Vec<Object> {
    &mut rankr.fulfillments.entry(order.to_owned()).or_default().list
}

fn checked(form: Form, object: &Object) -> Result<(), StoreError> {
    match schema::problems(form, object).first() {
        Some(problem) => Err(StoreError::Invalid(problem.clone())),
        None => Ok(()),
    }
}

fn absent(kind: RankrKind, id: &str) -> StoreError {
    StoreError::Missing(format!("there is no {} {id}", kind.noun()))
}

fn tell(state: &mut State, event: &str, kind: RankrKind, id: &str, now: Timestamp) {
    if let Some(shown) = state.rankr.of(kind).get(id).map(Record::shown) {
        emit(state, event, Form::Held(kind), &shown, now);
    }
}

fn tell_fulfillment(state: &mut State, event: &str, order: &str, id: &str, now: Timestamp) {
    if let Ok(fulfillment) = find(&state.rankr, order, id).cloned() {
        emit(state, event, Form::Fulfillment, &fulfillment, now);
    }
}
