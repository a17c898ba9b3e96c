//! What a person does in the vendor's own program, and what should never happen: for planting differences.

use jiff::Timestamp;

use super::schema::{self, NEW_ORDER};
use super::store::{Fact, Found, Key, Order, Status, TrackPod};
use crate::ghl::store::{StoreError, overlay};
use crate::ids::Ids;
use crate::json::{Json, Number, Object};

/// `CreateSource` of an order that a person made, and of a copy.
const BY_HAND: &str = "Web";
const COPY: &str = "DupOrder";

/// Makes an order as a person does. It is checked like one from the API. Its `TrackId`.
pub(crate) fn add(
    track_pod: &mut TrackPod,
    fields: &Object,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<String, StoreError> {
    let mut problems = Vec::new();
    schema::check(fields, NEW_ORDER, "", &mut problems);
    if let Some((path, problem)) = problems.first() {
        return Err(StoreError::Invalid(format!("{path}: {problem}")));
    }
    make(track_pod, fields, BY_HAND, ids, now)
}

/// Makes a second order with all the members of the first: unscheduled, under another `TrackId`, which is returned.
pub(crate) fn duplicate(
    track_pod: &mut TrackPod,
    key: Key<'_>,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<String, StoreError> {
    let fields = find(track_pod, key)?.fields.clone();
    make(track_pod, &fields, COPY, ids, now)
}

fn make(
    track_pod: &mut TrackPod,
    fields: &Object,
    source: &'static str,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<String, StoreError> {
    let order = track_pod.add(fields, source, ids, now);
    let order = order.ok_or_else(|| StoreError::Full("the sandbox holds as many orders as it may".into()))?;
    Ok(order.track_id.clone())
}

/// Deletes an order in whatever state it is, with its tombstone or without a trace. Its `TrackId`.
pub(crate) fn delete(
    track_pod: &mut TrackPod,
    key: Key<'_>,
    forget: bool,
    now: Timestamp,
) -> Result<String, StoreError> {
    let order = find(track_pod, key)?;
    order.removed = Some(now);
    order.forgotten = forget;
    Ok(order.track_id.clone())
}

/// Replaces members of an order, whatever state it is in; null takes one away. Members of `NewOrder` are those of the
/// request, with `QuantityFact` in a line of `GoodsList` besides; the status and what belongs to it are set; any other
/// member is shown as given. Returns its `TrackId`, which stays.
pub(crate) fn replace(
    track_pod: &mut TrackPod,
    key: Key<'_>,
    members: &Object,
    now: Timestamp,
) -> Result<String, StoreError> {
    let order = find(track_pod, key)?;
    let mut shown = Object::default();
    for (name, value) in members.iter() {
        match name {
            "TrackId" | "Id" | "Number" => {}
            "GoodsList" => set_goods(order, value)?,
            name if NEW_ORDER.iter().any(|member| member.name == name) => set(&mut order.fields, name, value),
            name if set_outcome(order, name, value, now) => {}
            name => shown.set(name, value.clone()),
        }
    }
    overlay(&mut order.edits, &shown)?;
    order.read_date();
    order.changed = now;
    let track_id = order.track_id.clone();
    let id = name_of(order, members, "Id");
    let number = name_of(order, members, "Number").unwrap_or_default();
    track_pod.rename(&track_id, id.as_deref(), &number);
    Ok(track_id)
}

fn name_of(order: &Order, members: &Object, name: &str) -> Option<String> {
    let value = members.get(name).or(order.fields.get(name));
    value.and_then(Json::as_str).map(str::to_owned)
}

fn set(fields: &mut Object, name: &str, value: &Json) {
    match value {
        Json::Null => fields.remove(name),
        value => fields.set(name, value.clone()),
    }
}

/// The lines, and what was accepted of each if any line says so. Lines that say nothing were accepted as ordered.
fn set_goods(order: &mut Order, value: &Json) -> Result<(), StoreError> {
    let lines = value.as_array().unwrap_or_default();
    let quantity = |line: &Json, name: &str| match line.get(name) {
        Some(Json::Number(number)) => Some(number.clone()),
        _ => None,
    };
    let mut goods = Vec::new();
    for line in lines {
        let line = line.as_object();
        let line = line.ok_or_else(|| StoreError::Invalid("a line of GoodsList is an object".to_owned()))?;
        let mut line = line.clone();
        line.remove("QuantityFact");
        line.remove("RejectReason");
        goods.push(line);
    }
    order.facts = if lines.iter().any(|line| line.get("QuantityFact").is_some()) {
        let fact = |line: &Json| Fact {
            quantity: quantity(line, "QuantityFact").or(quantity(line, "Quantity")).unwrap_or_else(zero),
            reason: line.get("RejectReason").and_then(Json::as_str).map(str::to_owned),
        };
        lines.iter().map(fact).collect()
    } else {
        Vec::new()
    };
    order.fields.set("GoodsList", goods);
    Ok(())
}

fn zero() -> Number {
    transload_model::Decimal::ZERO.into()
}

/// Sets the status, or a member that there is only with one; false if it is neither.
fn set_outcome(order: &mut Order, name: &str, value: &Json, now: Timestamp) -> bool {
    let text = || value.as_str().map(str::to_owned);
    if name == "StatusId" {
        order.status_changed = Some(now);
        let id = value.as_decimal().and_then(|id| id.to_string().parse().ok());
        match (id, &mut order.status) {
            (Some(id), Some(status)) => status.id = id,
            (Some(id), none) => *none = Some(Status::new(id, now)),
            (None, status) => *status = None,
        }
        return true;
    }
    let Some(status) = &mut order.status else { return false };
    match (name, value) {
        ("StatusDate", Json::String(date)) => status.date.clone_from(date),
        ("DriverComment", _) => status.comment = text(),
        ("SignatureName", _) => status.signature = text(),
        ("RejectReason", _) => status.reason = text(),
        ("CODActual", Json::Null) => status.cod_actual = None,
        ("CODActual", Json::Number(amount)) => status.cod_actual = Some(amount.clone()),
        _ => return false,
    }
    true
}

fn find<'a>(track_pod: &'a mut TrackPod, key: Key<'_>) -> Result<&'a mut Order, StoreError> {
    match track_pod.find(key) {
        Found::Order(order) => Ok(order),
        Found::Removed(_) | Found::Nothing => {
            let (Key::Id(key) | Key::Number(key) | Key::TrackId(key)) = key;
            Err(StoreError::Missing(format!("there is no delivery order {key}")))
        }
    }
}
