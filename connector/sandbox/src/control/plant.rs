//! What a person does in the vendors' own programs, what a payment provider does by itself, and what should never
//! happen: subscriptions, deliveries made by hand, doubles, members replaced, objects gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::track_pod::{key_of, shown};
use super::{Answer, Refused, body, done, invalid, missing, no_such_path, object, ok};
use crate::ghl;
use crate::ghl::store::StoreError;
use crate::json::{Json, Number, Object};
use crate::message::Request;
use crate::state::State;
use crate::track_pod::{self, edit};

/// A webhook event's name has at most so many characters; the vendors' own have fewer than 30.
const EVENT_MAX: usize = 100;

/// Members of an object to replace, as nobody can through the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// An object of the new values. Null takes a member away.
    pub members: Json,
    /// The event that is fired, such as `OrderUpdated`; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
}

impl Edit {
    /// Replaces these members and tells nobody.
    pub fn silent(members: Json) -> Self {
        Self { members, webhook: None }
    }
}

/// A fulfilment that a person adds in GHL.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddFulfillment {
    /// What was sent: `{"priceId": …, "qty": …}` each, as the API takes it.
    pub items: Vec<Json>,
    /// `{"trackingNumber": …, "shippingCarrier": …, "trackingUrl": …}` each; every member may be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trackings: Vec<Json>,
    /// Whether GHL tells the customer.
    #[serde(default)]
    pub notify: bool,
}

/// A subscription to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// The id of the order by which the customer subscribed.
    pub order: String,
    /// Members of the subscription: `amount`, `status`, `schedule`, … What is not given is the order's, or made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Json>,
}

/// A renewal of a subscription, or a try.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// The amount; the subscription's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// The transaction's status; `succeeded` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A delivery order that a person makes in Track-POD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddDelivery {
    /// The order, as `POST /Order` takes it, and as strictly.
    pub order: Json,
    /// Whether `OrderCreated` is fired.
    #[serde(default)]
    pub webhook: bool,
}

/// How a delivery order is copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// Whether `OrderCreated` is fired.
    #[serde(default)]
    pub webhook: bool,
}

/// How a delivery order goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// Without a trace: it is 404 then. Otherwise there is a tombstone, and it is 410.
    #[serde(default)]
    pub forget: bool,
    /// Whether `OrderDeleted` is fired. Of an order that is forgotten there is nothing to tell.
    #[serde(default)]
    pub webhook: bool,
}

pub(super) fn ghl_route(state: &mut State, route: &[&str], request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), route) {
        ("PUT", ["orders", id]) => ok(&edit_order(state, id, body(request)?, now)?),
        ("DELETE", ["orders", id]) => {
            delete_order(state, id)?;
            done()
        }
        ("PUT", ["orders", id, "fulfillments"]) => {
            set_fulfillments(state, id, body(request)?, now)?;
            done()
        }
        ("POST", ["orders", id, "fulfillments"]) => ok(&add_fulfillment(state, id, body(request)?, now)?),
        ("PUT", ["transactions", id]) => ok(&edit_transaction(state, id, body(request)?)?),
        ("DELETE", ["transactions", id]) => {
            state.ghl.payments.remove(id)?;
            done()
        }
        ("POST", ["subscriptions"]) => ok(&Made { id: subscribe(state, body(request)?, now)? }),
        ("PUT", ["subscriptions", id]) => ok(&edit_subscription(state, id, body(request)?, now)?),
        ("POST", ["subscriptions", id, "charges"]) => {
            ok(&Made { id: charge(state, id, body(request)?, now)? })
        }
        _ => Err(no_such_path(request)),
    }
}

pub(super) fn track_pod_route(
    state: &mut State,
    route: &[&str],
    request: &Request,
    now: Timestamp,
) -> Answer {
    match (request.method.as_str(), route) {
        ("POST", ["orders"]) => ok(&add_delivery(state, body(request)?, now)?),
        ("POST", ["orders", key, "duplicate"]) => ok(&duplicate_delivery(state, key, body(request)?, now)?),
        ("PUT", ["orders", key]) => ok(&edit_delivery(state, key, body(request)?, now)?),
        ("DELETE", ["orders", key]) => {
            delete_delivery(state, key, body(request)?, now)?;
            done()
        }
        _ => Err(no_such_path(request)),
    }
}

/// The id of something that was made.
#[derive(Serialize)]
pub(super) struct Made {
    pub id: String,
}

/// Replaces members of an order, which is returned.
pub(crate) fn edit_order(state: &mut State, id: &str, edit: Edit, now: Timestamp) -> Result<Json, Refused> {
    let event = event(edit.webhook)?;
    state.ghl.edit_order(id, &object(edit.members)?)?;
    if let Some(event) = event {
        ghl::emit(state, &event, id, now);
    }
    let order = state.ghl.order(id).ok_or_else(|| missing(format!("there is no order {id}")))?;
    Ok(order.document.clone().into())
}

/// Takes an order away. Its transactions stay.
pub(crate) fn delete_order(state: &mut State, id: &str) -> Result<(), Refused> {
    match state.ghl.orders.remove(id) {
        Some(_) => Ok(()),
        None => Err(missing(format!("there is no order {id}"))),
    }
}

/// Replaces an order's fulfilments.
pub(crate) fn set_fulfillments(
    state: &mut State,
    id: &str,
    fulfillments: Vec<Json>,
    now: Timestamp,
) -> Result<(), Refused> {
    if fulfillments.len() > ghl::store::PER_ORDER_MAX {
        let text = format!("an order has at most {} fulfillments", ghl::store::PER_ORDER_MAX);
        return Err(StoreError::Full(text).into());
    }
    let fulfillments = fulfillments.into_iter().map(object).collect::<Result<Vec<_>, _>>()?;
    let order = state.ghl.order_mut(id).ok_or_else(|| missing(format!("there is no order {id}")))?;
    order.set_fulfillments(fulfillments, now);
    Ok(())
}

/// Adds a fulfilment to an order, as strictly as the API does; the fulfilment. GHL has no webhook that tells of it.
pub(crate) fn add_fulfillment(
    state: &mut State,
    id: &str,
    new: AddFulfillment,
    now: Timestamp,
) -> Result<Json, Refused> {
    let mut body = Object::default();
    body.set("items", new.items);
    body.set("trackings", new.trackings);
    body.set("notifyCustomer", new.notify);
    Ok(ghl::fulfillments::add_by_person(state, id, body, now)?.into())
}

/// Replaces members of a transaction, which is returned. GHL has no webhook for transactions, so none can be asked for.
pub(crate) fn edit_transaction(state: &mut State, id: &str, edit: Edit) -> Result<Json, Refused> {
    if edit.webhook.is_some() {
        return Err(invalid("GHL has no webhook for transactions"));
    }
    state.ghl.payments.edit(id, &object(edit.members)?)?;
    Ok(state.ghl.payments.get(id).map(ghl::transaction_shown).into())
}

/// Makes a subscription; its id.
pub(crate) fn subscribe(state: &mut State, new: Subscribe, now: Timestamp) -> Result<String, Refused> {
    let members = new.subscription.map_or_else(|| Ok(Object::default()), object)?;
    Ok(state.ghl.subscribe(&new.order, &members, &mut state.ids, now)?)
}

/// Replaces members of a subscription, which is returned. GHL has no webhook for subscriptions, so none can be asked for.
pub(crate) fn edit_subscription(
    state: &mut State,
    id: &str,
    edit: Edit,
    now: Timestamp,
) -> Result<Json, Refused> {
    if edit.webhook.is_some() {
        return Err(invalid("GHL has no webhook for subscriptions"));
    }
    state.ghl.edit_subscription(id, &object(edit.members)?, now)?;
    Ok(state.ghl.subscription(id).map(ghl::subscription_shown).into())
}

/// Charges a subscription once more, or tries to; the transaction's id.
pub(crate) fn charge(state: &mut State, id: &str, charge: Charge, now: Timestamp) -> Result<String, Refused> {
    let status = charge.status.as_deref().unwrap_or("succeeded");
    Ok(state.ghl.charge(id, charge.amount, status, &mut state.ids, now)?)
}

/// Makes a delivery order as a person does; the order.
pub(crate) fn add_delivery(state: &mut State, new: AddDelivery, now: Timestamp) -> Result<Json, Refused> {
    let id = edit::add(&mut state.track_pod, &object(new.order)?, &mut state.ids, now)?;
    tell(state, new.webhook, track_pod::EVENT_CREATED, &id, now);
    shown(state, &id)
}

/// Copies a delivery order; the copy.
pub(crate) fn duplicate_delivery(
    state: &mut State,
    key: &str,
    duplicate: Duplicate,
    now: Timestamp,
) -> Result<Json, Refused> {
    let key = key_of(&mut state.track_pod, key)?;
    let id = edit::duplicate(&mut state.track_pod, key, &mut state.ids, now)?;
    tell(state, duplicate.webhook, track_pod::EVENT_CREATED, &id, now);
    shown(state, &id)
}

/// Replaces members of a delivery order, which is returned.
pub(crate) fn edit_delivery(
    state: &mut State,
    key: &str,
    edit: Edit,
    now: Timestamp,
) -> Result<Json, Refused> {
    let event = event(edit.webhook)?;
    let key = key_of(&mut state.track_pod, key)?;
    let id = edit::replace(&mut state.track_pod, key, &object(edit.members)?, now)?;
    if let Some(event) = event {
        track_pod::emit(state, &event, &id, now);
    }
    shown(state, &id)
}

/// Takes a delivery order away, whatever state it is in.
pub(crate) fn delete_delivery(
    state: &mut State,
    key: &str,
    removal: Removal,
    now: Timestamp,
) -> Result<(), Refused> {
    let key = key_of(&mut state.track_pod, key)?;
    let id = edit::delete(&mut state.track_pod, key, removal.forget, now)?;
    tell(state, removal.webhook, track_pod::EVENT_DELETED, &id, now);
    Ok(())
}

fn tell(state: &mut State, wanted: bool, event: &str, track_id: &str, now: Timestamp) {
    if wanted {
        track_pod::emit(state, event, track_id, now);
    }
}

pub(super) fn event(name: Option<String>) -> Result<Option<String>, Refused> {
    match name {
        Some(name) if name.is_empty() || name.chars().count() > EVENT_MAX => {
            Err(invalid(format!("webhook: an event's name has 1 to {EVENT_MAX} characters")))
        }
        name => Ok(name),
    }
}
