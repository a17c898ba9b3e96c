//! `POST /opportunities/`, `GET /opportunities/search`, `GET` and `PUT /opportunities/{id}`, `PUT …/{id}/status`.

use http::StatusCode;

use super::parameters::own_location;
use super::{Call, Checks, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;
use crate::shelf::Shelf;

/// Opportunities that are held.
pub const OPPORTUNITIES_MAX: usize = 100_000;

/// Opportunities of a page of the search at most, and without `limit`.
const PAGE_MAX: usize = 100;
const PAGE_DEFAULT: usize = 20;

const STATUSES: [&str; 4] = ["open", "won", "lost", "abandoned"];

/// Members that a body sets.
const MEMBERS: [&str; 9] = [
    "pipelineId",
    "locationId",
    "name",
    "pipelineStageId",
    "status",
    "contactId",
    "monetaryValue",
    "assignedTo",
    "customFields",
];

/// The opportunities in the shape in which they are shown.
pub(crate) type Opportunities = Shelf<Object>;

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let checks = Checks::of(&body).text("pipelineId").text("locationId").text("name").text("contactId");
    optional(checks.choice("status", &STATUSES)).end()?;
    own_location(call, body.str("locationId").unwrap_or_default())?;
    if !call.state.ghl.contacts.contains_key(body.str("contactId").unwrap_or_default()) {
        return Err(Refusal::bad_request("Contact not found"));
    }
    if call.state.ghl.opportunities.len() >= OPPORTUNITIES_MAX {
        return Err(Refusal::full("the sandbox holds as many opportunities as it may"));
    }
    let id = call.state.ids.hex24();
    let mut opportunity = Object::default();
    opportunity.set("id", id.as_str());
    take(&mut opportunity, &body);
    opportunity.set("createdAt", format!("{:.3}", call.now));
    opportunity.set("updatedAt", format!("{:.3}", call.now));
    call.state.ghl.opportunities.insert(&id, call.now, opportunity.clone());
    Ok(wrapped(call, StatusCode::CREATED, opportunity).about(&id))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let opportunity = find(call, id)?.clone();
    Ok(wrapped(call, StatusCode::OK, opportunity))
}

/// Sets the members that are given; location and contact stay.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let mut body = call.body()?;
    let status = body.str("status").unwrap_or("open");
    let known = STATUSES.contains(&status);
    let text = format!("status must be one of the following values: {}", STATUSES.join(", "));
    let checks = Checks::of(&body).optional_texts(&["pipelineId", "name", "status"]).rule(known, &text);
    optional(checks).end()?;
    body.remove("locationId");
    body.remove("contactId");
    let opportunity = change(call, id, &body)?;
    Ok(wrapped(call, StatusCode::OK, opportunity).about(id))
}

pub(super) fn set_status(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    Checks::of(&body).choice("status", &STATUSES).end()?;
    change(call, id, &body.pick(&["status"]))?;
    let mut reply = Object::default();
    // The vendor's own spelling.
    reply.set("succeded", true);
    Ok(call.reply(StatusCode::OK, reply).about(id))
}

/// The opportunities of a contact, a pipeline, a status, newest first. Parameters here have underscores.
pub(super) fn search(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let location = call.request.parameter("location_id").unwrap_or_default();
    if location.is_empty() {
        return Err(Refusal::unprocessable(vec!["location_id should not be empty".to_owned()]));
    }
    own_location(call, &location)?;
    let count = |name: &str, default: usize| {
        call.request.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let limit = count("limit", PAGE_DEFAULT).clamp(1, PAGE_MAX);
    let page = count("page", 1).max(1);
    let filters = [
        ("contact_id", "contactId"),
        ("pipeline_id", "pipelineId"),
        ("pipeline_stage_id", "pipelineStageId"),
        ("status", "status"),
    ];
    let wanted: Vec<(&str, String)> = filters
        .iter()
        .filter_map(|(parameter, member)| Some((*member, call.request.parameter(parameter)?)))
        .filter(|(member, value)| (*member, value.as_str()) != ("status", "all"))
        .collect();
    let query = call.request.parameter("q").unwrap_or_default().to_lowercase();
    let found: Vec<&Object> = (call.state.ghl.opportunities.iter().rev())
        .filter(|one| wanted.iter().all(|(member, value)| one.str(member) == Some(value)))
        .filter(|one| one.str("name").unwrap_or_default().to_lowercase().contains(&query))
        .collect();
    let shown = found.iter().skip((page - 1).saturating_mul(limit)).take(limit);
    let shown: Vec<Object> = shown.map(|one| (*one).clone()).collect();
    let meta = Json::object([("total", found.len().into()), ("currentPage", page.into())]);
    let mut reply = Object::default();
    reply.set("opportunities", shown);
    reply.set("meta", meta);
    Ok(call.reply(StatusCode::OK, reply))
}

fn optional(checks: Checks<'_>) -> Checks<'_> {
    checks.optional_texts(&["pipelineStageId", "assignedTo"]).optional_numbers(&["monetaryValue"])
}

fn take(opportunity: &mut Object, body: &Object) {
    for (name, value) in body.pick(&MEMBERS).iter() {
        opportunity.set(name, value.clone());
    }
}

fn change(call: &mut Call<'_>, id: &str, members: &Object) -> Result<Object, Refusal> {
    let now = call.now;
    let opportunity = call.state.ghl.opportunities.get_mut(id).ok_or_else(absent)?;
    take(opportunity, members);
    opportunity.set("updatedAt", format!("{now:.3}"));
    Ok(opportunity.clone())
}

fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Object, Refusal> {
    call.state.ghl.opportunities.get(id).ok_or_else(absent)
}

/// The refusal of an opportunity that is not there; its text is ours.
fn absent() -> Refusal {
    Refusal::bad_request("Opportunity not found")
}

fn wrapped(call: &mut Call<'_>, status: StatusCode, opportunity: Object) -> Reply {
    let mut body = Object::default();
    body.set("opportunity", opportunity);
    call.reply(status, body)
}
