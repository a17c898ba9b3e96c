//! Records of custom objects: `POST /objects/{schemaKey}/records`, `…/search`, `GET` and `PUT …/{id}`.
//!
//! The OpenAPI file leaves the bodies empty; these follow its examples and the vendor's pages. Any schema whose key begins
//! with `custom_objects.` is as good as defined, and no property is unique.

use http::StatusCode;

use super::parameters::own_location;
use super::{Call, Checks, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;
use crate::shelf::Shelf;

/// Records that are held, of all schemas together.
pub const RECORDS_MAX: usize = 100_000;

/// Properties of a record.
pub const PROPERTIES_MAX: usize = 200;

/// Records of a page of the search at most. Not documented.
const PAGE_MAX: usize = 100;

/// The records in the shape in which they are shown.
pub(crate) type Records = Shelf<Object>;

pub(super) fn create(call: &mut Call<'_>, schema: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    check(call, schema, &body)?;
    own_location(call, body.str("locationId").unwrap_or_default())?;
    if call.state.ghl.records.len() >= RECORDS_MAX {
        return Err(Refusal::full("the sandbox holds as many records as it may"));
    }
    let id = call.state.ids.hex24();
    let mut record = Object::default();
    record.set("id", id.as_str());
    record.set("objectKey", schema);
    record.set("locationId", call.state.ghl.location.as_str());
    record.set_some("owner", body.get("owner").cloned());
    record.set_some("followers", body.get("followers").cloned());
    record.set_some("properties", body.get("properties").cloned());
    record.set("createdAt", format!("{:.3}", call.now));
    record.set("updatedAt", format!("{:.3}", call.now));
    call.state.ghl.records.insert(&id, call.now, record.clone());
    Ok(wrapped(call, StatusCode::CREATED, record).about(&id))
}

pub(super) fn get(call: &mut Call<'_>, schema: &str, id: &str) -> Result<Reply, Refusal> {
    let record = find(call, schema, id)?.clone();
    Ok(wrapped(call, StatusCode::OK, record))
}

/// Sets the properties that are given; the others stay.
pub(super) fn update(call: &mut Call<'_>, schema: &str, id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    check(call, schema, &body)?;
    let location = call.request.parameter("locationId").unwrap_or_default();
    if location.is_empty() {
        return Err(Refusal::unprocessable(vec!["locationId should not be empty".to_owned()]));
    }
    own_location(call, &location)?;
    let mut record = find(call, schema, id)?.clone();
    let mut properties = record.get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
    let given = body.get("properties").and_then(Json::as_object);
    for (name, value) in given.into_iter().flat_map(Object::iter) {
        properties.set(name, value.clone());
    }
    if properties.iter().count() > PROPERTIES_MAX {
        return Err(Refusal::unprocessable(vec![format!("properties must be at most {PROPERTIES_MAX}")]));
    }
    record.set("properties", properties);
    record.set("updatedAt", format!("{:.3}", call.now));
    if let Some(kept) = call.state.ghl.records.get_mut(id) {
        *kept = record.clone();
    }
    Ok(wrapped(call, StatusCode::OK, record).about(id))
}

/// Records of a schema, newest first: those with `query` somewhere in a property, and with the values of `filters`.
pub(super) fn search(call: &mut Call<'_>, schema: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let number = |name| body.get(name).and_then(Json::as_decimal).is_some();
    Checks::of(&body)
        .text("locationId")
        .rule(number("page"), "page must be a number")
        .rule(number("pageLimit"), "pageLimit must be a number")
        .rule(body.str("query").is_some(), "query must be a string")
        .rule(body.get("searchAfter").and_then(Json::as_array).is_some(), "searchAfter must be an array")
        .end()?;
    check_schema(schema)?;
    own_location(call, body.str("locationId").unwrap_or_default())?;
    let count = |name: &str| match body.get(name) {
        Some(Json::Number(number)) => number.text().parse().unwrap_or(1_usize),
        _ => 1,
    };
    let limit = count("pageLimit").clamp(1, PAGE_MAX);
    let skipped = count("page").saturating_sub(1).saturating_mul(limit);
    let query = body.str("query").unwrap_or_default().to_lowercase();
    let filters = body.get("filters").and_then(Json::as_array).unwrap_or_default();
    let found: Vec<&Object> = (call.state.ghl.records.iter().rev())
        .filter(|record| record.str("objectKey") == Some(schema))
        .filter(|record| query.is_empty() || mentions(record, &query))
        .filter(|record| filters.iter().all(|filter| fits(record, filter)))
        .collect();
    let records: Vec<Object> =
        found.iter().skip(skipped).take(limit).map(|record| (*record).clone()).collect();
    let mut reply = Object::default();
    reply.set("total", found.len());
    reply.set("records", records);
    Ok(call.reply(StatusCode::OK, reply))
}

fn properties(record: &Object) -> impl Iterator<Item = (&str, &Json)> {
    record.get("properties").and_then(Json::as_object).into_iter().flat_map(Object::iter)
}

/// Whether a property has the text in it. `name:buddy` looks in the property `name` alone, as the OpenAPI file says of
/// `query`; a text without the name of a property looks in all.
fn mentions(record: &Object, query: &str) -> bool {
    let has = |value: &Json, wanted: &str| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.to_lowercase().contains(wanted)
    };
    let (name, wanted) = query.split_once(':').unzip();
    let named = |property: &str| name.is_some_and(|name| property.eq_ignore_ascii_case(name));
    properties(record).any(|(property, value)| {
        has(value, query) || wanted.is_some_and(|wanted| named(property) && has(value, wanted))
    })
}

/// Whether a record has the value of a filter: `{"field":"properties.NAME","operator":"eq","value":…}`.
fn fits(record: &Object, filter: &Json) -> bool {
    let field = filter.get("field").and_then(Json::as_str).unwrap_or_default();
    let name = field.strip_prefix("properties.").unwrap_or(field);
    let wanted = filter.get("value");
    properties(record).any(|(property, value)| property == name && Some(value) == wanted)
}

/// The record, or the refusal of one that is not there, whose text is ours.
fn find<'a>(call: &'a Call<'_>, schema: &str, id: &str) -> Result<&'a Object, Refusal> {
    let record = call.state.ghl.records.get(id).filter(|record| record.str("objectKey") == Some(schema));
    record.ok_or_else(|| Refusal::bad_request("Record not found"))
}

fn check(call: &Call<'_>, schema: &str, body: &Object) -> Result<(), Refusal> {
    let is_new = call.request.method == http::Method::POST;
    let properties = body.get("properties").and_then(Json::as_object);
    let count = properties.map_or(0, |properties| properties.iter().count());
    let checks = Checks::of(body);
    let checks = if is_new { checks.text("locationId") } else { checks };
    checks
        .rule(properties.is_some(), "properties must be an object")
        .rule(count <= PROPERTIES_MAX, "properties must be at most 200")
        .end()?;
    check_schema(schema)
}

fn check_schema(schema: &str) -> Result<(), Refusal> {
    match schema.strip_prefix("custom_objects.") {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(Refusal::bad_request("Object schema not found")),
    }
}

fn wrapped(call: &mut Call<'_>, status: StatusCode, record: Object) -> Reply {
    let mut body = Object::default();
    body.set("record", record);
    call.reply(status, body)
}
