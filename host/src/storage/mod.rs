//! What the host remembers: deliveries, events, and what connectors keep.
//!
//! [`Storage`] is what an engine has to do, each method in one transaction; [`SqliteStorage`] is the engine for one host.
//! An engine hands out the work that it holds through a [`WorkSink`], in the order in which it became durable.

#[cfg(test)]
pub(crate) mod conformance;
mod error;
mod record;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;

pub use error::StorageError;
pub use record::{
    Acceptance, EntryWrite, EventFilter, EventRecord, Finish, Intake, NewDelivery, Origin, Sequence, Setback,
    State, StoredDelivery, StoredEntry, Work, WorkId,
};
pub use sqlite::SqliteStorage;

/// The most records that one listing answers.
pub const EVENTS_PER_LISTING_MAX: u32 = 1_000;

/// Takes the work that becomes ready to run.
pub trait WorkSink: Send + Sync {
    /// Take a piece of work that is durable. Called in the order of acceptance, from the engine's own thread, so it must
    /// not block.
    fn accept(&self, work: Work);
}

/// Durable memory. When a writing method has answered, what it wrote survives a crash; when it fails, it wrote nothing.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Hand all unfinished work to `sink`, oldest first, and from then on every newly accepted piece. A second call
    /// replaces the sink.
    async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError>;

    /// Keep a verified delivery, unless one of the same connection, source and id was kept before.
    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance, StorageError>;

    /// Keep the events that a delivery, a poll or a person brought, with the end of the delivery or the poll's new
    /// cursor, and the entries written on the way. Events whose id is known in the connection are left out. Answers how
    /// many were new. Fails with `Conflict` or `Ended`.
    async fn take_in(&self, intake: Intake) -> Result<usize, StorageError>;

    /// End an event: its receipt, follow-up events and entries. Answers how many follow-ups were new. Fails with
    /// `Conflict` when an entry has changed since it was compared, and with `Ended` when the event has ended before.
    async fn finish(&self, finish: Finish) -> Result<usize, StorageError>;

    /// Note that a delivery or event did not succeed and what happens to it next. Fails with `Ended`.
    async fn set_back(&self, setback: Setback) -> Result<(), StorageError>;

    /// Write entries outside any event, as an action does. Fails with `Conflict`.
    async fn write_entries(&self, connection: &str, writes: Vec<EntryWrite>) -> Result<(), StorageError>;

    /// A delivery.
    async fn delivery(&self, sequence: Sequence) -> Result<Option<StoredDelivery>, StorageError>;

    /// An event.
    async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, StorageError>;

    /// Events, newest first.
    async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, StorageError>;

    /// A connection's entry, or what is left of it.
    async fn entry(&self, connection: &str, key: &str) -> Result<StoredEntry, StorageError>;

    /// Keys of a connection that start with `prefix` and come after `after`, in byte order, at most `limit`.
    async fn keys(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StorageError>;

    /// Where a connection's poll stands; none before the first.
    async fn cursor(&self, connection: &str, trigger: &str) -> Result<Option<String>, StorageError>;
}
