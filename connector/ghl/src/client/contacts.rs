//! Contacts: their notes and tags, and messages to them.

use std::collections::BTreeMap;

use transload_model::Party;
use transload_wire::ApiError;
use transload_wire::http::Answer;

use super::{Client, found};
use crate::contact::{Contact, ContactReply, PreferencesReply};
use crate::endpoints;
use crate::message::{Message, NewMessage, WireNewMessage, WireWorkflowEntry};
use crate::note::{NewNote, Note, NoteList, NoteReply};

/// The version in which the documents give the conversations calls. It is an older one than that of all other calls, so
/// the version that a client is set to counts for these calls only when it is the one that all families have in common.
const MESSAGES_VERSION: &str = "2021-04-15";

/// The version that all families of calls have in common.
const COMMON_VERSION: &str = "v3";

impl Client<'_> {
    /// The contact `id`, or none if there is none.
    pub fn contact(&self, id: &str) -> Result<Option<Party>, ApiError> {
        let Some(answer) = self.contact_answer(id)? else { return Ok(None) };
        read_party(&answer, id).map(Some)
    }

    /// The contact `id` with its tags, and whether it may be written to; or none if there is none.
    pub fn contact_detail(&self, id: &str) -> Result<Option<Contact>, ApiError> {
        let Some(answer) = self.contact_answer(id)? else { return Ok(None) };
        let party = read_party(&answer, id)?;
        let preferences = answer.read::<PreferencesReply>()?.contact;
        let preferences = preferences.ok_or_else(|| answer.unreadable("contact is missing"))?;
        Ok(Some(preferences.into_model(party)))
    }

    fn contact_answer(&self, id: &str) -> Result<Option<Answer>, ApiError> {
        found(self.get(&endpoints::GET_CONTACT, &[id], &[]), "contact")
    }

    /// All notes of the contact `contact_id`.
    pub fn notes(&self, contact_id: &str) -> Result<Vec<Note>, ApiError> {
        let answer = self.get(&endpoints::LIST_NOTES, &[contact_id], &[])?;
        let list: NoteList = answer.read()?;
        let notes = list
            .notes
            .into_iter()
            .map(|note| Some(Note { id: note.id?, body: note.body.unwrap_or_default() }));
        notes.collect::<Option<_>>().ok_or_else(|| answer.unreadable("a note's id is missing"))
    }

    /// Writes a note on the contact `contact_id` and answers its id.
    pub fn create_note(&self, contact_id: &str, body: &str) -> Result<String, ApiError> {
        let answer = self.send_json(&endpoints::CREATE_NOTE, &[contact_id], &NewNote { body })?;
        let reply: NoteReply = answer.read()?;
        reply.note.and_then(|note| note.id).ok_or_else(|| answer.unreadable("note.id is missing"))
    }

    /// Adds `tags` to those that the contact `contact_id` has.
    pub fn add_tags(&self, contact_id: &str, tags: &[&str]) -> Result<(), ApiError> {
        let body = BTreeMap::from([("tags", tags)]);
        self.send_json(&endpoints::ADD_TAGS, &[contact_id], &body).map(drop)
    }

    /// Sends a message. Whether the contact may be written to is for the caller to ask before: [`Contact::dnd`].
    pub fn send_message(&self, message: &NewMessage<'_>) -> Result<Message, ApiError> {
        let version = if self.version == COMMON_VERSION { COMMON_VERSION } else { MESSAGES_VERSION };
        let client = self.version(version);
        let answer = client.send_json(&endpoints::SEND_MESSAGE, &[], &WireNewMessage::new(message))?;
        Ok(Message::of(&answer))
    }

    /// Adds the contact `contact_id` to the workflow `workflow_id`, which may then write to it.
    pub fn add_to_workflow(&self, contact_id: &str, workflow_id: &str) -> Result<Message, ApiError> {
        let arguments = [contact_id, workflow_id];
        let answer = self.send_json(&endpoints::ADD_TO_WORKFLOW, &arguments, &WireWorkflowEntry {})?;
        Ok(Message::of(&answer))
    }
}

fn read_party(answer: &Answer, id: &str) -> Result<Party, ApiError> {
    let reply: ContactReply = answer.read()?;
    let contact = reply.contact.ok_or_else(|| answer.unreadable("contact is missing"))?;
    Ok(contact.into_model(Some(id.to_owned())))
}
