//! Notes on a contact's timeline, each written once.

use transload_sdk::{Failure, Verb, Work};

use crate::events::GHL;
use crate::{Shop, granted};

/// Writes a note on the contact unless one with the same mark is there, the settings allow no writes, or the operator left
/// the permissions for it out. GoHighLevel takes no idempotency key, so each note ends in a line of its own that says which
/// one it is, and that line is looked for before writing.
pub fn write_once(
    shop: &Shop,
    work: Work,
    contact_id: Option<&str>,
    mark: &str,
    text: &str,
) -> Result<Work, Failure> {
    let Some(contact_id) = contact_id.filter(|_| shop.settings.writes) else {
        return Ok(work);
    };
    let mark = format!("[transload {mark}]");
    let Some(notes) = granted(shop.ghl.notes(contact_id))? else { return Ok(work) };
    if let Some(note) = notes.iter().find(|note| note.body.contains(&mark)) {
        return Ok(work.effect(Verb::Verified, GHL, "note", &note.id, "the note was already there"));
    }
    let written = granted(shop.ghl.create_note(contact_id, &format!("{text}\n{mark}")))?;
    Ok(match written {
        Some(id) => work.effect(Verb::Noted, GHL, "note", &id, text),
        None => work,
    })
}
