//! Storage in one SQLite file, for one host.
//!
//! One thread writes and commits in groups (see `writer`); readers have connections of their own and never wait for it
//! (write-ahead log). Every commit is synced to the disk before its callers are answered.

mod attempts;
mod columns;
mod deliveries;
mod entries;
mod events;
mod findings;
mod jobs;
mod listing;
mod modules;
mod notice_storage;
mod notices;
mod open;
mod options;
mod outbox;
mod purge;
mod readers;
mod storage;
#[cfg(test)]
mod tests;
mod work;
mod writer;
mod writes;

use std::path::Path;

use rusqlite::Connection;

use super::{Sequence, StorageError, Work, WorkId, WorkSink};
pub use options::SqliteOptions;
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
        SqliteStorage::open_with(path, SqliteOptions::default())
    }

    /// [`open`](SqliteStorage::open) with other than the usual options.
    pub fn open_with(path: &Path, options: SqliteOptions) -> Result<SqliteStorage, StorageError> {
        let lock = open::lock(path)?;
        let connection = open::for_writing(path, options.sync)?;
        let writer = Writer::start(path, connection, lock, options.inline)?;
        Ok(SqliteStorage { readers: Readers::new(path, options.inline), writer: Some(writer) })
    }

    /// Open an existing database to look at, also while a host works with it. Every writing method answers `ReadOnly`.
    pub fn open_reading(path: &Path) -> Result<SqliteStorage, StorageError> {
        let readers = Readers::new(path, false);
        readers.check()?;
        Ok(SqliteStorage { readers, writer: None })
    }

    fn writer(&self) -> Result<&Writer, StorageError> {
        self.writer.as_ref().ok_or_else(|| StorageError::ReadOnly { path: self.readers.path().to_owned() })
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: impl Fn(&Connection) -> Result<Written<T>, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.writer()?.write(operation).await
    }

    /// A write that makes no work ready.
    async fn write_quietly<T: Send + 'static>(
        &self,
        operation: impl Fn(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.write(move |connection| operation(connection).map(Written::quietly)).await
    }
}

/// What a writing operation answers, and what the sink is told of it.
struct Written<T> {
    answer: T,
    signals: Vec<Signal>,
}

impl<T> Written<T> {
    fn quietly(answer: T) -> Written<T> {
        Written { answer, signals: Vec::new() }
    }
}

/// What a sink is told.
enum Signal {
    Ready(Work),
    Withdrawn { connection: String, subject: Option<String>, id: WorkId },
    Noticed { sequence: Sequence, receivers: Vec<String> },
}

impl Signal {
    fn tell(self, sink: &dyn WorkSink) {
        match self {
            Signal::Ready(work) => sink.accept(work),
            Signal::Withdrawn { connection, subject, id } => {
                sink.withdraw(&connection, subject.as_deref(), id);
            }
            Signal::Noticed { sequence, receivers } => sink.noticed(sequence, &receivers),
        }
    }
}
