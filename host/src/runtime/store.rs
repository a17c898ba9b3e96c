//! A connector's store during one call: writes stay here until the call's end commits them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::trace::{Body, Step, Tape};
use crate::contract::{Entry, KeyPage, StoreError};
use crate::engine::Store;
use crate::storage::{EntryWrite, Storage, StorageError, StoredEntry};

/// What a connection's store holds, as a call finds it.
#[async_trait]
pub(crate) trait Entries: Send + Sync {
    async fn entry(&self, key: &str) -> Result<StoredEntry, StorageError>;

    /// Keys that start with `prefix` and come after `after`, in byte order, at most `limit`.
    async fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, StorageError>;
}

/// The entries in the storage. What is read is taken down.
pub(super) struct StoredEntries {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) connection: Arc<str>,
    pub(super) tape: Option<Arc<Tape>>,
}

#[async_trait]
impl Entries for StoredEntries {
    async fn entry(&self, key: &str) -> Result<StoredEntry, StorageError> {
        let entry = self.storage.entry(&self.connection, key).await?;
        if let Some(tape) = &self.tape {
            let value = entry.value.as_deref().map(Body::of);
            tape.push(Step::Entry { key: key.to_owned(), value, version: entry.version });
        }
        Ok(entry)
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, StorageError> {
        let keys = self.storage.keys(&self.connection, prefix, after, limit).await?;
        if let Some(tape) = &self.tape {
            let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
            tape.push(Step::Keys { prefix, after, limit, keys: keys.clone() });
        }
        Ok(keys)
    }
}

/// What one call has written to its connection's store.
pub(super) struct CallStore {
    entries: Arc<dyn Entries>,
    writes: Mutex<BTreeMap<String, Pending>>,
}

/// The state of a written entry.
#[derive(Debug, Clone)]
struct Pending {
    value: Option<Vec<u8>>,
    version: u64,
    /// The stored version that it was compared with.
    expected: Option<u64>,
}

impl CallStore {
    pub(super) fn new(entries: Arc<dyn Entries>) -> CallStore {
        CallStore { entries, writes: Mutex::new(BTreeMap::new()) }
    }

    /// Hand over what was written, for the commit.
    pub(super) fn take_writes(&self) -> Vec<EntryWrite> {
        let writes = std::mem::take(&mut *self.lock());
        writes
            .into_iter()
            .map(|(key, Pending { value, version, expected })| EntryWrite { key, value, version, expected })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Pending>> {
        // Every change of the map is one insert, so a panic cannot have left it half-done.
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self, key: &str) -> Option<Pending> {
        self.lock().get(key).cloned()
    }

    async fn stored(&self, key: &str) -> Result<StoredEntry, StoreError> {
        self.entries.entry(key).await.map_err(unavailable)
    }

    /// The entry as this call sees it, as though it were about to be written.
    async fn present(&self, key: &str) -> Result<Pending, StoreError> {
        if let Some(pending) = self.pending(key) {
            return Ok(pending);
        }
        let StoredEntry { value, version } = self.stored(key).await?;
        Ok(Pending { value, version, expected: None })
    }

    fn write(&self, key: &str, value: Option<Vec<u8>>, before: &Pending, expected: Option<u64>) -> u64 {
        let version = before.version + 1;
        self.lock().insert(key.to_owned(), Pending { value, version, expected });
        version
    }
}

#[async_trait]
impl Store for CallStore {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let Pending { value, version, .. } = self.present(key).await?;
        Ok(value.map(|value| Entry { value, version }))
    }

    async fn put(&self, key: &str, value: Vec<u8>) -> Result<u64, StoreError> {
        let present = self.present(key).await?;
        Ok(self.write(key, Some(value), &present, present.expected))
    }

    async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, StoreError> {
        let present = self.present(key).await?;
        let seen = present.value.is_some().then_some(present.version);
        if seen != expected {
            return Err(StoreError::Conflict(seen.unwrap_or(0)));
        }
        // What this call compares after its own first write compares with that write; the commit has to look at what
        // was there before it.
        let compared = match self.pending(key) {
            Some(own) => own.expected,
            None => Some(present.version),
        };
        Ok(self.write(key, Some(value), &present, compared))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let present = self.present(key).await?;
        if present.value.is_some() {
            self.write(key, None, &present, present.expected);
        }
        Ok(())
    }

    async fn list_keys(&self, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        if cursor.is_some_and(|last| !last.starts_with(prefix)) {
            return Err(StoreError::InvalidKey("the cursor belongs to another listing".to_owned()));
        }
        let own: BTreeMap<String, bool> = self
            .lock()
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && cursor.is_none_or(|last| key.as_str() > last))
            .map(|(key, pending)| (key.clone(), pending.value.is_some()))
            .collect();
        // One more than asked for tells whether there is a next page; each own removal may take one away.
        let removed = own.values().filter(|exists| !**exists).count();
        let wanted = limit as usize + 1 + removed;
        let fetch = u32::try_from(wanted).unwrap_or(u32::MAX);
        let mut keys = self.entries.keys(prefix, cursor, fetch).await.map_err(unavailable)?;
        keys.retain(|key| !own.contains_key(key));
        keys.extend(own.into_iter().filter_map(|(key, exists)| exists.then_some(key)));
        keys.sort_unstable();
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let next = if more { keys.last().cloned() } else { None };
        Ok(KeyPage { keys, next })
    }
}

fn unavailable(error: StorageError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
