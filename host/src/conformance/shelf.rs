//! What a connection's store holds, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::runtime::{Body, Entries, Step, StoreWrite, Tape, Trace};
use crate::storage::{StorageError, StoredEntry};

/// Entries, and the tape that says what was read of them.
pub(super) struct Shelf {
    entries: Mutex<BTreeMap<String, StoredEntry>>,
    tape: Arc<Tape>,
}

impl Shelf {
    /// What a recorded call found, and nothing else.
    pub(super) fn of(record: Option<&Trace>, tape: &Arc<Tape>) -> Shelf {
        let mut entries = BTreeMap::new();
        for step in record.into_iter().flat_map(|trace| &trace.steps) {
            match step {
                Step::Entry { key, value, version } => {
                    let value = value.as_ref().and_then(Body::bytes).map(Vec::from);
                    entries.insert(key.clone(), StoredEntry { value, version: *version });
                }
                // A listing names entries whose values were never read.
                Step::Keys { keys, .. } => {
                    for key in keys {
                        let there = || StoredEntry { value: Some(Vec::new()), version: 1 };
                        entries.entry(key.clone()).or_insert_with(there);
                    }
                }
                Step::Call(_) | Step::Line { .. } => {}
            }
        }
        Shelf { entries: Mutex::new(entries), tape: Arc::clone(tape) }
    }

    /// The same with what a call has written.
    pub(super) fn keep(&self, written: &[StoreWrite]) {
        let mut entries = self.lock();
        for StoreWrite { key, value } in written {
            let version = entries.get(key).map_or(0, |entry| entry.version) + 1;
            let value = value.as_ref().and_then(Body::bytes).map(Vec::from);
            entries.insert(key.clone(), StoredEntry { value, version });
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, StoredEntry>> {
        // Every change of the map is one insert, so a panic cannot have left it half-done.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Entries for Shelf {
    async fn entry(&self, key: &str) -> Result<StoredEntry, StorageError> {
        let found = self.lock().get(key).cloned();
        let entry = found.unwrap_or(StoredEntry { value: None, version: 0 });
        let value = entry.value.as_deref().map(Body::of);
        self.tape.push(Step::Entry { key: key.to_owned(), value, version: entry.version });
        Ok(entry)
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, StorageError> {
        let entries = self.lock();
        let there = entries.iter().filter(|(_, entry)| entry.value.is_some()).map(|(key, _)| key);
        let wanted =
            there.filter(|key| key.starts_with(prefix) && after.is_none_or(|last| key.as_str() > last));
        let keys: Vec<String> = wanted.take(limit as usize).cloned().collect();
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.tape.push(Step::Keys { prefix, after, limit, keys: keys.clone() });
        Ok(keys)
    }
}
