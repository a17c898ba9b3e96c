//! What was last written to Rankr, in the store: by it an echo and an edit are told from each other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use transload_sdk::{Context, Failure, rejected};

use super::{Mirrored, write};

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory<T> {
    /// As it was last written to Rankr, or found there as it should be.
    pub sent: T,
    /// The members that were changed in Rankr and put back since.
    pub overruled: BTreeSet<String>,
    /// Whether a person was told that the systems disagree on them.
    pub told: bool,
}

/// The stored form. Names of members are frozen: they are in operators' databases.
#[derive(Serialize, Deserialize)]
struct Entry {
    version: u64,
    sent: Box<RawValue>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    overruled: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told: bool,
}

fn key<T: Mirrored>(id: &str) -> String {
    format!("sent/{}/{id}", T::NAME)
}

/// What is known of the object `id`; none if it was never written.
pub fn load<T: Mirrored>(cx: &Context, id: &str) -> Result<Option<Memory<T>>, Failure> {
    let key = key::<T>(id);
    let Some(stored) = cx.store.get(&key)? else { return Ok(None) };
    let unreadable = |problem: String| rejected(format!("the store's entry {key} cannot be read: {problem}"));
    let entry: Entry =
        serde_json::from_slice(&stored.value).map_err(|error| unreadable(error.to_string()))?;
    let sent = T::read(entry.sent.get().as_bytes()).map_err(unreadable)?;
    Ok(Some(Memory { sent, overruled: entry.overruled, told: entry.told }))
}

/// Writes down what is known. Events of one object run one after another, so nobody else's is lost.
pub fn save<T: Mirrored>(cx: &Context, memory: &Memory<T>) -> Result<(), Failure> {
    let sent = serde_json::from_slice(&write(&memory.sent)?).map_err(|error| rejected(error.to_string()))?;
    let entry = Entry {
        version: memory.sent.version(),
        sent,
        overruled: memory.overruled.clone(),
        told: memory.told,
    };
    let value = serde_json::to_vec(&entry).map_err(|error| rejected(error.to_string()))?;
    cx.store.put(&key::<T>(memory.sent.id()), &value)?;
    Ok(())
}
