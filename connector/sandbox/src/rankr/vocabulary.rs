//! The tables of the second dialect, and how an object is rewritten by them.

use super::kind::{Form, RankrKind};
use crate::json::{Json, Object};

/// Where a member of ours stands there.
#[derive(Debug)]
pub(super) struct Place {
    pub ours: &'static str,
    /// A name, or a path of names that begins with a slash.
    pub theirs: &'static str,
    /// What is renamed inside it, in each element if it is an array.
    pub within: &'static [Place],
}

const fn place(ours: &'static str, theirs: &'static str) -> Place {
    Place { ours, theirs, within: &[] }
}

const fn nest(ours: &'static str, theirs: &'static str, within: &'static [Place]) -> Place {
    Place { ours, theirs, within }
}

const ORDER: &[Place] = &[
    place("orderId", "external_id"),
    place("version", "revision"),
    place("number", "reference"),
    place("status", "state"),
    place("paymentStatus", "/payment/state"),
    place("fulfillmentStatus", "/shipping/state"),
    place("amount", "/total/value"),
    place("currency", "/total/unit"),
    place("amountPaid", "/payment/received"),
    place("amountRefunded", "/payment/returned"),
    place("customerId", "buyer_id"),
    nest("customer", "buyer", &[place("customerId", "external_id"), place("email", "mail")]),
    nest("shipTo", "/shipping/address", &[place("lines", "street"), place("postalCode", "zip")]),
    nest(
        "lines",
        "rows",
        &[place("lineId", "row_id"), place("quantity", "count"), place("unitPrice", "price")],
    ),
    place("live", "is_live"),
    place("createdAt", "created_at"),
    place("updatedAt", "changed_at"),
    place("receivedAt", "stored_at"),
    place("extra", "attributes"),
];

const FULFILLMENT: &[Place] = &[
    place("fulfillmentId", "external_id"),
    place("orderId", "sale_id"),
    place("status", "state"),
    place("origin", "made_by"),
    place("trackingNumber", "/parcel/number"),
    place("trackingUrl", "/parcel/link"),
    place("carrier", "/parcel/carrier"),
    place("notifyCustomer", "tell_buyer"),
    nest("lines", "rows", &[place("lineId", "row_id"), place("quantity", "count")]),
    place("happenedAt", "happened_at"),
    place("updatedAt", "changed_at"),
];

const TRANSACTION: &[Place] = &[
    place("transactionId", "external_id"),
    place("version", "revision"),
    place("amount", "/sum/value"),
    place("currency", "/sum/unit"),
    place("amountRefunded", "/sum/returned"),
    place("status", "state"),
    place("timestamp", "made_at"),
    place("orderId", "sale_id"),
    place("invoiceId", "bill_id"),
    place("subscriptionId", "plan_id"),
    place("customerId", "buyer_id"),
    place("chargeId", "charge_ref"),
    place("live", "is_live"),
    place("updatedAt", "changed_at"),
    place("receivedAt", "stored_at"),
];

const SUBSCRIPTION: &[Place] = &[
    place("subscriptionId", "external_id"),
    place("version", "revision"),
    place("status", "state"),
    place("orderId", "sale_id"),
    place("amount", "/price/value"),
    place("currency", "/price/unit"),
    place("period", "every"),
    place("customerId", "buyer_id"),
    place("nextChargeAt", "/charges/next"),
    place("lastChargeAt", "/charges/last"),
    place("lastTransactionId", "/charges/last_id"),
    place("endedAt", "ended_at"),
    place("live", "is_live"),
    place("createdAt", "created_at"),
    place("updatedAt", "changed_at"),
    place("receivedAt", "stored_at"),
];

const INVOICE: &[Place] = &[
    place("invoiceId", "external_id"),
    place("version", "revision"),
    place("number", "reference"),
    place("status", "state"),
    place("orderId", "sale_id"),
    place("amount", "/total/value"),
    place("currency", "/total/unit"),
    place("amountPaid", "/total/received"),
    place("amountDue", "/total/open"),
    place("customerId", "buyer_id"),
    place("dueAt", "due_at"),
    place("live", "is_live"),
    place("createdAt", "created_at"),
    place("updatedAt", "changed_at"),
    place("receivedAt", "stored_at"),
];

/// Our words and theirs.
pub(super) type Words = &'static [(&'static str, &'static str)];

/// The places of an object's members. What is not in it has the same name there.
pub(super) fn places(form: Form) -> &'static [Place] {
    match form {
        Form::Held(RankrKind::Order) => ORDER,
        Form::Held(RankrKind::Transaction) => TRANSACTION,
        Form::Held(RankrKind::Subscription) => SUBSCRIPTION,
        Form::Held(RankrKind::Invoice) => INVOICE,
        Form::Fulfillment => FULFILLMENT,
    }
}

/// The words for `status`, ours and theirs. What is not in it is the same there.
fn words(form: Form) -> Words {
    match form {
        Form::Held(RankrKind::Order) => {
            &[("pending", "open"), ("completed", "done"), ("cancelled", "dropped")]
        }
        Form::Held(RankrKind::Transaction) => &[("succeeded", "ok"), ("failed", "bad")],
        Form::Held(RankrKind::Subscription) => &[("active", "running"), ("cancelled", "stopped")],
        Form::Held(RankrKind::Invoice) => &[("paid", "settled"), ("void", "dropped")],
        Form::Fulfillment => {
            &[("out_for_delivery", "on_the_way"), ("delivered", "handed_over"), ("attempt_failed", "missed")]
        }
    }
}

/// The words for `paymentStatus`.
const PAYMENT: &[(&str, &str)] = &[("paid", "settled"), ("unpaid", "owing")];

/// The types of events.
pub(super) const EVENTS: &[(&str, &str)] = &[
    ("order.updated", "sale.changed"),
    ("fulfillment.created", "shipment.made"),
    ("fulfillment.updated", "shipment.changed"),
    ("invoice.updated", "bill.changed"),
];

/// The members that hold words, ours and where they stand there, with the words.
pub(super) fn worded(form: Form) -> Vec<(&'static str, &'static [&'static str], Words)> {
    let mut members: Vec<(_, &'static [_], _)> = vec![("status", &["state"], words(form))];
    if form == Form::Held(RankrKind::Order) {
        members.push(("paymentStatus", &["payment", "state"], PAYMENT));
    }
    members
}

pub(super) fn their_word(words: Words, ours: &str) -> Option<&'static str> {
    words.iter().find(|(word, _)| *word == ours).map(|(_, theirs)| *theirs)
}

pub(super) fn our_word(words: Words, theirs: &str) -> Option<&'static str> {
    words.iter().find(|(_, word)| *word == theirs).map(|(ours, _)| *ours)
}

/// An object of ours with its members in their places.
pub(super) fn outward(object: &Object, places: &[Place]) -> Object {
    let mut shown = Object::default();
    for place in places {
        if let Some(value) = object.get(place.ours) {
            put(&mut shown, &path(place.theirs), each(value, &|one| outward(one, place.within)));
        }
    }
    for (name, value) in object.iter().filter(|(name, _)| !has(places, name)) {
        shown.set(name, value.clone());
    }
    shown
}

/// An object of theirs with our names, and the members that have another name there.
pub(super) fn inward(object: &Object, places: &[Place]) -> (Object, Vec<String>) {
    let (mut rest, mut read, mut problems) = (object.clone(), Object::default(), Vec::new());
    for place in places {
        let Some(value) = take(&mut rest, &path(place.theirs)) else { continue };
        let mut inner = Vec::new();
        let value = read_each(&value, place.within, &mut inner);
        problems.extend(inner.into_iter().map(|problem| format!("{}.{problem}", place.ours)));
        read.set(place.ours, value);
    }
    for (name, value) in rest.iter() {
        if has(places, name) || read.get(name).is_some() {
            problems.push(format!("{name}: is not a member here"));
        } else {
            read.set(name, value.clone());
        }
    }
    (read, problems)
}

fn has(places: &[Place], ours: &str) -> bool {
    places.iter().any(|place| place.ours == ours)
}

fn path(theirs: &str) -> Vec<&str> {
    theirs.split('/').filter(|name| !name.is_empty()).collect()
}

fn read_each(value: &Json, places: &[Place], problems: &mut Vec<String>) -> Json {
    match value {
        Json::Object(object) if !places.is_empty() => {
            let (read, wrong) = inward(object, places);
            problems.extend(wrong);
            read.into()
        }
        Json::Array(elements) => {
            Json::Array(elements.iter().map(|element| read_each(element, places, problems)).collect())
        }
        other => other.clone(),
    }
}

fn each(value: &Json, rewrite: &impl Fn(&Object) -> Object) -> Json {
    match value {
        Json::Object(object) => rewrite(object).into(),
        Json::Array(elements) => Json::Array(elements.iter().map(|element| each(element, rewrite)).collect()),
        other => other.clone(),
    }
}

/// Puts a value where the path leads; the objects on the way are made.
pub(super) fn put(object: &mut Object, path: &[&str], value: Json) {
    match path {
        [] => {}
        [name] => object.set(name, value),
        [name, rest @ ..] => {
            let mut inner = object.get(name).and_then(Json::as_object).cloned().unwrap_or_default();
            put(&mut inner, rest, value);
            object.set(name, inner);
        }
    }
}

/// Takes a value away from where the path leads, and the objects on the way that are empty then.
fn take(object: &mut Object, path: &[&str]) -> Option<Json> {
    let (name, rest) = path.split_first()?;
    let value = object.get(name)?.clone();
    if rest.is_empty() {
        object.remove(name);
        return Some(value);
    }
    let Json::Object(mut inner) = value else { return None };
    let taken = take(&mut inner, rest)?;
    if inner == Object::default() {
        object.remove(name);
    } else {
        object.set(name, inner);
    }
    Some(taken)
}
