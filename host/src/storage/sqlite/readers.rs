//! Connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::super::StorageError;
use super::open;

/// Listings at once; others wait their turn. One may read thousands of rows, and a few keep the disk busy.
const LISTINGS_MAX: usize = 8;

/// Connections that stay open. Opening one takes far longer than a read; more than this many threads rarely read at once.
const IDLE_MAX: usize = 32;

/// A pool of connections that read.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Pool>,
}

struct Pool {
    path: PathBuf,
    /// Whether every read runs on the caller's thread.
    inline: bool,
    /// One permit for each listing.
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, inline: bool) -> Readers {
        let turns = Arc::new(Semaphore::new(LISTINGS_MAX));
        let idle = Mutex::new(Vec::new());
        Readers { pool: Arc::new(Pool { path: path.to_owned(), inline, turns, idle }) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.pool.path
    }

    /// Whether there is a database of ours with the schema that we know.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        let connection = open::for_reading(self.path())?;
        open::check_identity(&connection, self.path())?;
        let version = open::version(&connection).map_err(|error| open::translate(self.path(), &error))?;
        if version == 0 {
            return Err(StorageError::Foreign { path: self.path().to_owned() });
        }
        if version < open::latest() {
            return Err(StorageError::Older { path: self.path().to_owned() });
        }
        self.pool.give_back(connection);
        Ok(())
    }

    /// Run a query for one record, or a few, here and now. Its pages are as good as always in the system's memory, where
    /// it takes some ten microseconds, less than handing it to another thread and being woken by that.
    pub(super) fn glance<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let connection = self.pool.take()?;
        let answer = query(&connection);
        self.pool.give_back(connection);
        answer
    }

    /// Run a query that may read much, off the async threads: it may have to wait for the disk.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        if self.pool.inline {
            return self.glance(query);
        }
        let readers = self.clone();
        let turn = Arc::clone(&self.pool.turns).acquire_owned().await.map_err(|_| StorageError::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let answer = readers.glance(query);
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
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}
