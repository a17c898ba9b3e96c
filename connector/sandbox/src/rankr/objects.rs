//! The sink's operations: put, get and list objects; add and list fulfilments.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;

use super::kind::{FULFILLMENT_CREATED, Form, RankrKind};
use super::problem::Problem;
use super::store::{Mark, version_of};
use super::{Call, emit};
use crate::ghl::store::StoreError;
use crate::json::{Json, Object};
use crate::message::{Reply, Request};
use crate::state::State;

/// Items of a page without `limit`, and at most.
const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 100;

pub(super) fn health() -> Reply {
    Reply::json(StatusCode::OK, &Json::object([("status", "ok".into())]))
}

pub(super) fn get(state: &State, kind: RankrKind, id: &str) -> Result<Reply, Problem> {
    let record = state.rankr.of(kind).get(id).ok_or_else(|| absent(kind, id))?;
    let shown = state.rankr.dialect.outward(Form::Held(kind), &record.shown());
    Ok(Reply::json(StatusCode::OK, &shown.into()))
}

/// Stores an object unless a newer version is there.
pub(super) fn put(call: &mut Call<'_>, kind: RankrKind, id: &str) -> Result<Reply, Problem> {
    let form = Form::Held(kind);
    let document = call.body(form)?;
    same_id(&document, kind.id(), id)?;
    let stored = call.state.rankr.of(kind).get(id).map(super::store::Record::version);
    let version = version_of(&document);
    if let Some(stored) = stored.filter(|stored| *stored > version) {
        return Err(Problem::stale(version, stored));
    }
    call.state.rankr.of_mut(kind).store(id, document, call.now, 1).map_err(full)?;
    let shown = call.state.rankr.of(kind).get(id).map(super::store::Record::shown).unwrap_or_default();
    if let Some(event) = kind.event().filter(|_| call.state.rankr.echoes) {
        emit(call.state, event, form, &shown, call.now);
    }
    let status = if stored.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let body = call.state.rankr.dialect.outward(form, &shown);
    Ok(Reply::json(status, &body.into()).about(id))
}

/// A page of what changed.
pub(super) fn list(state: &State, request: &Request, kind: RankrKind) -> Result<Reply, Problem> {
    let dialect = state.rankr.dialect;
    let limit = limit(request, dialect.parameter("limit"))?;
    let name = dialect.parameter("updated_since");
    let since = request.parameter(name).map(|text| text.parse::<Timestamp>()).transpose();
    let since = since.map_err(|error| Problem::parameter(format!("{name}: {error}")))?;
    let name = dialect.parameter("cursor");
    let after = request.parameter(name).map(|text| read_cursor(&text).ok_or(name)).transpose();
    let after = after.map_err(|name| Problem::parameter(format!("{name}: is none that was given out")))?;
    let (items, next) = state.rankr.of(kind).page(since, after, limit);
    let items = items.iter().map(|item| dialect.outward(Form::Held(kind), item).into()).collect();
    Ok(Reply::json(StatusCode::OK, &dialect.page(items, next.as_ref().map(cursor))))
}

pub(super) fn list_fulfillments(state: &State, order: &str) -> Result<Reply, Problem> {
    let rankr = &state.rankr;
    rankr.orders.get(order).ok_or_else(|| absent(RankrKind::Order, order))?;
    let list = rankr.fulfillments.get(order).map(|of_order| of_order.list.as_slice()).unwrap_or_default();
    let items = list.iter().map(|one| rankr.dialect.outward(Form::Fulfillment, one).into()).collect();
    Ok(Reply::json(StatusCode::OK, &rankr.dialect.page(items, None)))
}

/// Adds a fulfilment, which changed now if it does not say when. One whose id is there already is answered as it is stored,
/// whatever was sent.
pub(super) fn post_fulfillment(call: &mut Call<'_>, order: &str) -> Result<Reply, Problem> {
    let mut fulfillment = call.body(Form::Fulfillment)?;
    same_id(&fulfillment, "orderId", order)?;
    let dialect = call.state.rankr.dialect;
    call.state.rankr.orders.get(order).ok_or_else(|| absent(RankrKind::Order, order))?;
    let id = fulfillment.str("fulfillmentId").unwrap_or_default().to_owned();
    let stored = call.state.rankr.fulfillments.get(order).and_then(|of_order| of_order.find(&id));
    if let Some(stored) = stored {
        return Ok(Reply::json(StatusCode::OK, &dialect.outward(Form::Fulfillment, stored).into()));
    }
    fulfillment.set_default("updatedAt", format!("{:.3}", call.now));
    call.state.rankr.fulfil(order, fulfillment.clone(), call.now).map_err(full)?;
    fulfillment.remove("notifyCustomer");
    if call.state.rankr.echoes {
        emit(call.state, FULFILLMENT_CREATED, Form::Fulfillment, &fulfillment, call.now);
    }
    Ok(Reply::json(StatusCode::CREATED, &dialect.outward(Form::Fulfillment, &fulfillment).into()).about(&id))
}

fn absent(kind: RankrKind, id: &str) -> Problem {
    Problem::not_found(format!("There is no {} {id}.", kind.noun()))
}

fn same_id(object: &Object, member: &str, id: &str) -> Result<(), Problem> {
    if object.str(member) == Some(id) {
        return Ok(());
    }
    Err(Problem::unprocessable(&[format!("{member}: must be {id}, as in the path")]))
}

fn full(error: StoreError) -> Problem {
    match error {
        StoreError::Missing(text) | StoreError::Invalid(text) | StoreError::Full(text) => Problem::full(text),
    }
}

fn limit(request: &Request, name: &str) -> Result<usize, Problem> {
    let Some(text) = request.parameter(name) else { return Ok(PAGE_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    limit.ok_or_else(|| Problem::parameter(format!("{name}: must be a whole number from 1 to {PAGE_MAX}")))
}

fn cursor((time, id): &Mark) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {id}", time.as_millisecond()))
}

fn read_cursor(text: &str) -> Option<Mark> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (time, id) = text.split_once(' ')?;
    Some((Timestamp::from_millisecond(time.parse().ok()?).ok()?, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_are_read_as_they_were_given_out(ms in 0_i64..=253_402_207_200_000, id in ".{1,30}") {
            let mark = (Timestamp::from_millisecond(ms).unwrap(), id);
            prop_assert_eq!(read_cursor(&cursor(&mark)), Some(mark));
        }

        #[test]
        fn any_other_text_is_no_cursor_or_one_without_a_panic(text in ".{0,40}") {
            let _ = read_cursor(&text);
        }
    }
}
