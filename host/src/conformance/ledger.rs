//! A write record in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::runtime::WriteLog;
use crate::storage::{StorageError, WorkId, WriteIntent, WriteOutcome, WriteRecord, WriteState};

/// The writes of one piece of work. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<BTreeMap<String, WriteRecord>>>);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, WriteRecord>> {
        // Every change of the map is one insert, so a panic cannot have left it half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WriteLog for Ledger {
    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError> {
        let WriteIntent { id: _, key, attempt, api, method, url, in_doubt, at } = intent;
        let record = WriteRecord {
            key: key.clone(),
            attempt,
            api,
            method,
            url,
            in_doubt,
            state: WriteState::Intended,
            status: None,
            response: None,
            intended_at: at,
            ended_at: None,
        };
        self.lock().insert(key, record);
        Ok(())
    }

    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError> {
        let mut writes = self.lock();
        let record = writes.get_mut(&outcome.key).ok_or(StorageError::NotFound(outcome.key))?;
        record.state = outcome.state;
        record.status = outcome.status;
        record.response = outcome.response;
        record.ended_at = Some(outcome.at);
        Ok(())
    }

    async fn writes(&self, _: WorkId) -> Result<Vec<WriteRecord>, StorageError> {
        Ok(self.lock().values().cloned().collect())
    }
}
