//! The operations on orders.

use http::StatusCode;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::delivery::{self, Completion, Rejection};
use super::schema::{self, COMPLETE_ORDER, NEW_ORDER, REJECT_ORDER};
use super::store::{Found, Key, Order, TrackPod};
use super::{Call, EVENT_CREATED, EVENT_DELETED, EVENT_STATUS, EVENT_UPDATED, clock, render, replies};
use crate::json::{Json, Object};
use crate::message::Reply;

/// How far `GET /Order/Status/Date/{date}` looks back: "min. request time is UTC - 1 day".
const STATUS_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Orders of one number that are listed: "last 25 orders".
const LIST_MAX: usize = 25;

/// An operation's reply; as an error, the reply that refuses.
pub(super) type Answer = Result<Reply, Reply>;

/// Makes an order. A repeated call makes a second one: the API has no key against doubles, and neither `Id` nor `Number`
/// is unique.
pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let fields = call.body(NEW_ORDER)?;
    let (state, now) = (&mut *call.state, call.now);
    let Some(order) = state.track_pod.add(&fields, "WebApi", &mut state.ids, now) else {
        let text = "The sandbox holds as many orders as it may: reset it";
        return Err(replies::api(StatusCode::INSUFFICIENT_STORAGE, text));
    };
    let place = match order.id() {
        Some(id) => format!("{}/track-pod/Order/Id/{}", call.base_url, encode(id)),
        None => format!("{}/track-pod/Order/Number/{}", call.base_url, encode(order.number())),
    };
    let track_id = order.track_id.clone();
    super::emit(call.state, EVENT_CREATED, &track_id, now);
    let reply = replies::api(StatusCode::CREATED, "Order was created successfully");
    Ok(reply.with_header("location", place).about(&track_id))
}

/// Changes the newest order with the `Id` of the body, or with its `Number` if there is no `Id`.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let fields = call.body(NEW_ORDER)?;
    let force = call.request.parameter("forceUpdate").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let key = match (fields.str("Id"), fields.str("Number")) {
        (Some(id), _) => Key::Id(id),
        (None, Some(number)) => Key::Number(number),
        (None, None) => return Err(replies::not_found()),
    };
    change(call, key, &fields, force)
}

/// Changes one order; what is done already cannot be forced here.
pub(super) fn update_tracked(call: &mut Call<'_>, track_id: &str) -> Answer {
    let fields = call.body(NEW_ORDER)?;
    change(call, Key::TrackId(track_id), &fields, false)
}

fn change(call: &mut Call<'_>, key: Key<'_>, fields: &Object, force: bool) -> Answer {
    let now = call.now;
    let order = live(call.state.track_pod.find(key))?;
    if order.status.is_some() && !force {
        let text = "The order has been processed on the mobile application";
        return Err(replies::api(StatusCode::METHOD_NOT_ALLOWED, text));
    }
    TrackPod::update(order, fields, now);
    let track_id = order.track_id.clone();
    super::emit(call.state, EVENT_UPDATED, &track_id, now);
    Ok(replies::api(StatusCode::ACCEPTED, "Order was updated successfully").about(&track_id))
}

/// Shows an order.
pub(super) fn get(call: &mut Call<'_>, key: Key<'_>) -> Answer {
    let order = live(call.state.track_pod.find(key))?;
    Ok(Reply::json(StatusCode::OK, &render::order(order).into()))
}

/// Deletes an order that has no delivery status yet, and leaves a tombstone.
pub(super) fn delete(call: &mut Call<'_>, key: Key<'_>) -> Answer {
    let now = call.now;
    // The OpenAPI file lists 404 and no 410 for a deletion.
    let Found::Order(order) = call.state.track_pod.find(key) else { return Err(replies::not_found()) };
    if order.status.is_some() {
        return Err(replies::api(StatusCode::BAD_REQUEST, "Order already has delivery status"));
    }
    order.removed = Some(now);
    let track_id = order.track_id.clone();
    super::emit(call.state, EVENT_DELETED, &track_id, now);
    Ok(replies::api(StatusCode::OK, "Order was deleted").about(&track_id))
}

/// Orders whose status changed after a time that is at most a day ago.
pub(super) fn status_since(call: &mut Call<'_>, date: &str) -> Answer {
    let earliest = call.now.checked_sub(STATUS_WINDOW).unwrap_or(Timestamp::MIN);
    let since = match clock::read_moment(date) {
        Some(since) if since >= earliest => since,
        Some(_) => return Err(call.invalid("date", "The time must not be more than one day ago (UTC).")),
        None => return Err(call.invalid("date", "The value is not valid.")),
    };
    let since = |changed: Timestamp| changed > since;
    Ok(shown(call, |order| order.status_changed.is_some_and(since)))
}

/// Orders for a day.
pub(super) fn on_date(call: &mut Call<'_>, date: &str) -> Answer {
    let day = day(call, date)?;
    Ok(shown(call, |order| order.date == day))
}

/// Orders on routes of a day.
pub(super) fn on_route_date(call: &mut Call<'_>, date: &str) -> Answer {
    let day = day(call, date)?.to_string();
    Ok(shown(call, |order| order.is_routed_on(&day)))
}

/// The newest orders with a number, oldest first; which end the vendor begins with is not documented.
pub(super) fn numbered(call: &mut Call<'_>, number: &str) -> Answer {
    let orders: Vec<&Order> = call.state.track_pod.with_key(Key::Number(number)).collect();
    let newest = |there: bool| orders.iter().rev().filter(move |order| order.is_there() == there);
    let mut found: Vec<Object> = newest(true).take(LIST_MAX).map(|order| render::order(order)).collect();
    found.reverse();
    match newest(false).next() {
        Some(removed) if found.is_empty() => Err(replies::gone(render::removed(removed))),
        _ => Ok(Reply::json(StatusCode::OK, &Json::from(found))),
    }
}

fn day(call: &mut Call<'_>, date: &str) -> Result<Date, Reply> {
    let day = clock::read_local(date).map(|time| time.date());
    day.ok_or_else(|| call.invalid("date", "The value is not valid."))
}

fn shown(call: &Call<'_>, wanted: impl Fn(&Order) -> bool) -> Reply {
    let orders = call.state.track_pod.present().filter(|order| wanted(order));
    let orders: Vec<Object> = orders.map(render::order).collect();
    Reply::json(StatusCode::OK, &Json::from(orders))
}

/// Ends the visit of a planned order as delivered.
pub(super) fn complete(call: &mut Call<'_>, key: Key<'_>) -> Answer {
    let completion = Completion::read(&call.optional_body(COMPLETE_ORDER)?);
    end(call, key, |order, now| delivery::complete(order, completion, now))
}

/// Ends the visit of a planned order as not delivered.
pub(super) fn reject(call: &mut Call<'_>, key: Key<'_>) -> Answer {
    let rejection = Rejection::read(&call.optional_body(REJECT_ORDER)?);
    end(call, key, |order, now| {
        delivery::reject(order, rejection, 5, now)?;
        order.rejections += 1;
        Ok(())
    })
}

/// The reasons that the account knows.
pub(super) fn reasons() -> Reply {
    let list = |name: &str| {
        let reasons = delivery::REASONS.iter().filter(|reason| reason.list == name);
        let shown = |reason: &delivery::Reason| {
            Json::object([("Id", reason.id.into()), ("Name", reason.name.into())])
        };
        Json::Array(reasons.map(shown).collect())
    };
    let lists = ["SiteIssue", "OrderIssue", "GoodsIssue", "ScanningIssues"].map(|name| (name, list(name)));
    Reply::json(StatusCode::OK, &Json::object(lists))
}

fn end(
    call: &mut Call<'_>,
    key: Key<'_>,
    visit: impl FnOnce(&mut Order, Timestamp) -> Result<(), delivery::Refused>,
) -> Answer {
    let now = call.now;
    // The OpenAPI file lists 404 and no 410 here.
    let Found::Order(order) = call.state.track_pod.find(key) else { return Err(replies::not_found()) };
    visit(order, now).map_err(|refused| replies::api(StatusCode::BAD_REQUEST, &refused))?;
    let track_id = order.track_id.clone();
    super::emit(call.state, EVENT_STATUS, &track_id, now);
    Ok(replies::api(StatusCode::OK, "Order was updated").about(&track_id))
}

fn live(found: Found<'_>) -> Result<&mut Order, Reply> {
    match found {
        Found::Order(order) => Ok(order),
        Found::Removed(order) => Err(replies::gone(render::removed(order))),
        Found::Nothing => Err(replies::not_found()),
    }
}

fn encode(segment: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(segment, RESERVED).to_string()
}

impl Call<'_> {
    /// The body, which must be an object of these members.
    fn body(&mut self, members: &[schema::Member]) -> Result<Object, Reply> {
        let content_type = self.request.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            // The vendor also takes XML; the fake does not.
            let text =
                "Invalid Content-Type in the request header. Must be application/json or application/xml";
            return Err(replies::api(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        let object = match Json::parse(std::str::from_utf8(&self.request.body).unwrap_or_default()) {
            Ok(Json::Object(object)) => object,
            Ok(_) => return Err(self.invalid("$", "The JSON value is not an object.")),
            Err(error) => return Err(self.invalid("$", &error.to_string())),
        };
        let mut problems = Vec::new();
        schema::check(&object, members, "", &mut problems);
        if problems.is_empty() {
            Ok(object)
        } else {
            Err(replies::validation(problems, &self.state.ids.uuid()))
        }
    }

    /// The same, for a body that may be left out.
    fn optional_body(&mut self, members: &[schema::Member]) -> Result<Object, Reply> {
        if self.request.body.is_empty() { Ok(Object::default()) } else { self.body(members) }
    }

    fn invalid(&mut self, path: &str, problem: &str) -> Reply {
        let trace = self.state.ids.uuid();
        replies::validation(vec![(path.to_owned(), problem.to_owned())], &trace)
    }
}
