//! Storage in one SQLite file, for one host.
//!
//! One thread writes and commits in groups (see `writer`); readers have connections of their own and never wait for it
//! (write-ahead log). Every commit is synced to the disk before its callers are answered.

mod columns;
mod deliveries;
mod entries;
mod events;
mod open;
mod readers;
mod setback;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;

use super::{
    Acceptance, EntryWrite, EventFilter, EventRecord, Finish, Intake, NewDelivery, Sequence, Setback,
    Storage, StorageError, StoredDelivery, StoredEntry, Work, WorkSink,
};
use readers::Readers;
use writer::Writer;

/// Storage in one SQLite file.
pub struct SqliteStorage {
    readers: Readers,
    writer: Option<Writer>,
}

impl SqliteStorage {
    /// Open or make the database at `path`, for this process alone.
    pub fn open(path: &Path) -> Result<SqliteStorage, StorageError> {
        let lock = open::lock(path)?;
        let connection = open::for_writing(path)?;
        let writer = Writer::start(path, connection, lock)?;
        Ok(SqliteStorage { readers: Readers::new(path), writer: Some(writer) })
    }

    /// Open an existing database to look at, also while a host works with it. Every writing method answers `ReadOnly`.
    pub fn open_reading(path: &Path) -> Result<SqliteStorage, StorageError> {
        let readers = Readers::new(path);
        readers.check()?;
        Ok(SqliteStorage { readers, writer: None })
    }

    fn writer(&self) -> Result<&Writer, StorageError> {
        self.writer.as_ref().ok_or_else(|| StorageError::ReadOnly { path: self.readers.path().to_owned() })
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Connection) -> Result<Written<T>, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.writer()?.write(operation).await
    }
}

/// What a writing operation answers, and the work that it made ready.
struct Written<T> {
    answer: T,
    work: Vec<Work>,
}

impl<T> Written<T> {
    fn quietly(answer: T) -> Written<T> {
        Written { answer, work: Vec::new() }
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError> {
        self.writer()?.attach(sink).await
    }

    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance, StorageError> {
        self.write(move |connection| deliveries::accept(connection, delivery)).await
    }

    async fn take_in(&self, intake: Intake) -> Result<usize, StorageError> {
        self.write(move |connection| events::take_in(connection, &intake)).await
    }

    async fn finish(&self, finish: Finish) -> Result<usize, StorageError> {
        self.write(move |connection| events::finish(connection, &finish)).await
    }

    async fn set_back(&self, setback: Setback) -> Result<(), StorageError> {
        self.write(move |connection| setback::write(connection, &setback)).await
    }

    async fn write_entries(&self, connection: &str, writes: Vec<EntryWrite>) -> Result<(), StorageError> {
        let owner = connection.to_owned();
        self.write(move |connection| entries::write(connection, &owner, &writes).map(Written::quietly)).await
    }

    async fn delivery(&self, sequence: Sequence) -> Result<Option<StoredDelivery>, StorageError> {
        self.readers.read(move |connection| deliveries::get(connection, sequence)).await
    }

    async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, StorageError> {
        self.readers.read(move |connection| events::get(connection, sequence)).await
    }

    async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, StorageError> {
        self.readers.read(move |connection| events::list(connection, &filter)).await
    }

    async fn entry(&self, connection: &str, key: &str) -> Result<StoredEntry, StorageError> {
        let (owner, key) = (connection.to_owned(), key.to_owned());
        self.readers.read(move |connection| entries::get(connection, &owner, &key)).await
    }

    async fn keys(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StorageError> {
        let (owner, prefix, after) = (connection.to_owned(), prefix.to_owned(), after.map(str::to_owned));
        self.readers
            .read(move |connection| entries::keys(connection, &owner, &prefix, after.as_deref(), limit))
            .await
    }

    async fn cursor(&self, connection: &str, trigger: &str) -> Result<Option<String>, StorageError> {
        let (owner, trigger) = (connection.to_owned(), trigger.to_owned());
        self.readers.read(move |connection| events::cursor(connection, &owner, &trigger)).await
    }
}
