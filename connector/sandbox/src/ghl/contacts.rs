//! `GET /contacts/{contactId}` and its notes.

use http::StatusCode;

use super::store::{Contact, NOTES_MAX};
use super::{Call, Refusal};
use crate::json::Object;
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
    let problems = problems_of(&body);
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(problems));
    }
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

/// The contact. The OpenAPI file has no text for its absence; 400 is the status it lists.
fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Contact, Refusal> {
    call.state.ghl.contacts.get(id).ok_or_else(|| Refusal::bad_request("Contact not found"))
}

fn problems_of(body: &Object) -> Vec<String> {
    let mut problems = Vec::new();
    if body.str("body").is_none_or(str::is_empty) {
        problems.push("body must be a string".to_owned());
        problems.push("body should not be empty".to_owned());
    }
    for name in ["userId", "title", "color"] {
        if body.get(name).is_some_and(|value| value.as_str().is_none()) {
            problems.push(format!("{name} must be a string"));
        }
    }
    if body.get("pinned").is_some_and(|value| value.as_bool().is_none()) {
        problems.push("pinned must be a boolean value".to_owned());
    }
    problems
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
        state.ghl.contacts.insert("c".to_owned(), Contact { document: Object::default(), notes });
        let body = Bytes::from_static(br#"{"body":"x"}"#);
        let request = Request::new(Method::POST, "/contacts/c/notes", "", HeaderMap::new(), body);
        let mut call = Call { state: &mut state, request: &request, now: jiff::Timestamp::UNIX_EPOCH };
        assert_eq!(create_note(&mut call, "c").unwrap().status, StatusCode::CREATED);
        let refused = create_note(&mut call, "c").unwrap_err().reply();
        assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
    }
}
