//! Connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::super::StorageError;
use super::open;

/// Reading connections that are kept open. More are opened when more reads happen at once, and closed after.
const IDLE_MAX: usize = 8;

/// A pool of connections that read.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Pool>,
}

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Readers {
        Readers { pool: Arc::new(Pool { path: path.to_owned(), idle: Mutex::new(Vec::new()) }) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.pool.path
    }

    /// Whether there is a database of ours with the schema that we know.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        let connection = open::for_reading(self.path())?;
        open::check_identity(&connection, self.path())?;
        let version: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| open::translate(self.path(), &error))?;
        if version < open::latest() {
            // An empty file, or one that a writer has yet to upgrade.
            return Err(StorageError::Foreign { path: self.path().to_owned() });
        }
        self.pool.give_back(connection);
        Ok(())
    }

    /// Run `query` on a connection of its own, off the async threads: a read may have to wait for the disk.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let pool = Arc::clone(&self.pool);
        tokio::task::spawn_blocking(move || {
            let connection = pool.take()?;
            let answer = query(&connection);
            pool.give_back(connection);
            answer
        })
        .await
        .map_err(|_| StorageError::Stopped)?
    }
}

impl Pool {
    fn take(&self) -> Result<Connection, StorageError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open::for_reading(&self.path), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}
