//! Notes on a contact, which people read in its timeline.

use serde::{Deserialize, Serialize};
use transload_wire::tolerant;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// Its text.
    pub body: String,
}

/// `GET …/notes`.
#[derive(Deserialize)]
pub(crate) struct NoteList {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub notes: Vec<WireNote>,
}

/// The answer to `POST …/notes`.
#[derive(Deserialize)]
pub(crate) struct NoteReply {
    pub note: Option<WireNote>,
}

/// A note as it is read.
#[derive(Deserialize)]
pub(crate) struct WireNote {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub body: Option<String>,
}

/// The body of `POST …/notes`.
#[derive(Serialize)]
pub(crate) struct NewNote<'a> {
    pub body: &'a str,
}
