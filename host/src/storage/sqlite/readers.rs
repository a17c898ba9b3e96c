//! Connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::super::StorageError;
use super::open;

/// Connections that read; when all are busy, a read waits its turn. A read takes microseconds, so a few keep more cores
/// busy than connectors leave for them, and opening one for each of many reads would take longer than the reads.
const CONNECTIONS_MAX: usize = 8;

/// A pool of connections that read.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Pool>,
}

struct Pool {
    path: PathBuf,
    /// One permit for each connection.
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Readers {
        let turns = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Readers { pool: Arc::new(Pool { path: path.to_owned(), turns, idle: Mutex::new(Vec::new()) }) }
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
        let turn = Arc::clone(&pool.turns).acquire_owned().await.map_err(|_| StorageError::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let connection = pool.take()?;
            let answer = query(&connection);
            pool.give_back(connection);
            // Held to here, also when the caller has stopped waiting.
            drop(turn);
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
        idle.push(connection);
    }
}
