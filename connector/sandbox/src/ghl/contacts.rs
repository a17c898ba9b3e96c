//! `GET /contacts/{contactId}`, its notes, tags and workflows.

use http::StatusCode;

use super::store::{Contact, NOTES_MAX, TAGS_MAX};
use super::{Call, Checks, Refusal};
use crate::json::{Json, Object};
use crate::message::Reply;

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let contact = find(call, id)?.document.clone();
    let mut body = Object::default();
    body.set("contact", contact);
    Ok(call.reply(StatusCode::OK, body))
}

/// All notes at once, newest first: the API has no paging here.
pub(super) fn list_notes(call: &mut Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let notes: Vec<Object> = find(call, id)?.notes.iter().rev().cloned().collect();
    let mut body = Object::default();
    body.set("notes", notes);
    Ok(call.reply(StatusCode::OK, body))
}

/// Writes a note. There is no key against doubles.
pub(super) fn create_note(call: &mut Call<'_>, contact_id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    Checks::of(&body)
        .text("body")
        .optional_texts(&["userId", "title", "color"])
        .optional_booleans(&["pinned"])
        .end()?;
    if find(call, contact_id)?.notes.len() >= NOTES_MAX {
        return Err(Refusal::full("the contact has too many notes for the sandbox"));
    }
    let id = call.state.ids.hex24();
    let mut note = Object::default();
    note.set("id", id.as_str());
    for name in ["body", "userId", "title", "color", "pinned"] {
        note.set_some(name, body.get(name).cloned());
    }
    note.set("dateAdded", format!("{:.3}", call.now));
    note.set("contactId", contact_id);
    if let Some(contact) = call.state.ghl.contacts.get_mut(contact_id) {
        contact.notes.push(note.clone());
    }
    let mut body = Object::default();
    body.set("note", note);
    Ok(call.reply(StatusCode::CREATED, body).about(&id))
}

/// Adds tags; one that is there already stays as it is.
pub(super) fn add_tags(call: &mut Call<'_>, contact_id: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    Checks::of(&body).texts("tags").end()?;
    let contact = find(call, contact_id)?;
    let mut tags = contact.document.get("tags").and_then(Json::as_array).unwrap_or_default().to_vec();
    for tag in body.get("tags").and_then(Json::as_array).unwrap_or_default() {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Refusal::full("the contact has too many tags for the sandbox"));
    }
    if let Some(contact) = call.state.ghl.contacts.get_mut(contact_id) {
        contact.document.set("tags", tags.clone());
    }
    let mut body = Object::default();
    body.set("tags", tags);
    Ok(call.reply(StatusCode::CREATED, body).about(contact_id))
}

/// Adds the contact to a workflow, whatever its id: the fake knows none.
pub(super) fn add_to_workflow(call: &mut Call<'_>, id: &str, workflow: &str) -> Result<Reply, Refusal> {
    let body = if call.request.body.is_empty() { Object::default() } else { call.body()? };
    Checks::of(&body).optional_texts(&["eventStartTime"]).end()?;
    let contact = call.state.ghl.contacts.get_mut(id).ok_or_else(absent)?;
    if contact.workflows.len() >= NOTES_MAX {
        return Err(Refusal::full("the contact is in too many workflows for the sandbox"));
    }
    contact.workflows.push(workflow.to_owned());
    let mut body = Object::default();
    // The vendor's own spelling.
    body.set("succeded", true);
    Ok(call.reply(StatusCode::OK, body).about(id))
}

/// The contact. The OpenAPI file has no text for its absence; 400 is the status it lists.
fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Contact, Refusal> {
    call.state.ghl.contacts.get(id).ok_or_else(absent)
}

fn absent() -> Refusal {
    Refusal::bad_request("Contact not found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SandboxOptions;
    use crate::message::Request;
    use crate::state::State;
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    #[test]
    fn one_note_too_many_is_refused() {
        let mut state = State::new(&SandboxOptions::default(), None);
        let notes = vec![Object::default(); NOTES_MAX - 1];
        state.ghl.contacts.insert("c".to_owned(), Contact { notes, ..Contact::default() });
        let body = Bytes::from_static(br#"{"body":"x"}"#);
        let request = Request::new(Method::POST, "/contacts/c/notes", "", HeaderMap::new(), body);
        let mut call = Call { state: &mut state, request: &request, now: jiff::Timestamp::UNIX_EPOCH };
        assert_eq!(create_note(&mut call, "c").unwrap().status, StatusCode::CREATED);
        let refused = create_note(&mut call, "c").unwrap_err().reply();
        assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
    }
}
