//! The trait's methods, each handed to the thread that it belongs on.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::{
    Acceptance, Activation, AttemptRecord, Begun, DeliveryFilter, DeliveryRecord, EntryWrite, EventFilter,
    EventRecord, FindingFilter, FindingRecord, Finish, Herald, Intake, JobFilter, JobPage, JobRecord,
    NewDecision, NewDelivery, NewJob, NewNotice, Repairs, Sequence, Setback, State, Storage, StorageError,
    StoredDelivery, StoredEntry, WorkId, WorkSink, WriteIntent, WriteOutcome, WriteRecord,
};
use super::{
    SqliteStorage, attempts, deliveries, entries, events, findings, jobs, modules, purge, work, writes,
};
use crate::contract::Instant;

#[async_trait]
impl Storage for SqliteStorage {
    async fn attach(&self, sink: Arc<dyn WorkSink>) -> Result<(), StorageError> {
        self.writer()?.attach(sink).await
    }

    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance, StorageError> {
        self.write(move |connection| deliveries::accept(connection, &delivery)).await
    }

    async fn take_in(&self, intake: Intake) -> Result<usize, StorageError> {
        self.write(move |connection| events::take_in(connection, &intake)).await
    }

    async fn finish(&self, finish: Finish) -> Result<usize, StorageError> {
        self.write(move |connection| events::finish(connection, &finish)).await
    }

    async fn set_back(&self, setback: Setback) -> Result<(), StorageError> {
        self.write(move |connection| work::set_back(connection, &setback)).await
    }

    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError> {
        self.write_quietly(move |connection| writes::intend(connection, &intent)).await
    }

    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError> {
        self.write_quietly(move |connection| writes::settle(connection, &outcome)).await
    }

    async fn writes(&self, id: WorkId) -> Result<Vec<WriteRecord>, StorageError> {
        self.readers.glance(|connection| writes::list(connection, id))
    }

    async fn attempts(&self, id: WorkId) -> Result<Vec<AttemptRecord>, StorageError> {
        self.readers.read(move |connection| attempts::list(connection, id)).await
    }

    async fn retry(&self, id: WorkId, _at: Instant) -> Result<State, StorageError> {
        self.write(move |connection| work::retry(connection, id)).await
    }

    async fn discard(&self, id: WorkId, reason: String, at: Instant) -> Result<State, StorageError> {
        self.write(move |connection| work::discard(connection, id, &reason, at)).await
    }

    async fn revive(
        &self,
        connection: &str,
        module: &str,
        since: Instant,
        _at: Instant,
    ) -> Result<usize, StorageError> {
        let (owner, module) = (connection.to_owned(), module.to_owned());
        self.write(move |connection| work::revive(connection, &owner, &module, since)).await
    }

    async fn keep_module(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), StorageError> {
        let digest = digest.to_owned();
        self.write_quietly(move |connection| modules::keep(connection, &digest, &bytes)).await
    }

    async fn module(&self, digest: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let digest = digest.to_owned();
        self.readers.read(move |connection| modules::get(connection, &digest)).await
    }

    async fn activate(&self, activation: Activation, notices: Vec<NewNotice>) -> Result<(), StorageError> {
        self.write(move |connection| modules::activate(connection, &activation, &notices)).await
    }

    async fn activations(&self, connection: &str, limit: u32) -> Result<Vec<Activation>, StorageError> {
        let owner = connection.to_owned();
        self.readers.read(move |connection| modules::activations(connection, &owner, limit)).await
    }

    async fn purge(&self, before: Instant, limit: u32) -> Result<usize, StorageError> {
        self.write_quietly(move |connection| purge::purge(connection, before, limit)).await
    }

    async fn begin_job(&self, job: NewJob) -> Result<Begun, StorageError> {
        self.write_quietly(move |connection| jobs::begin(connection, &job)).await
    }

    async fn advance_job(&self, page: JobPage, herald: Arc<dyn Herald>) -> Result<JobRecord, StorageError> {
        self.write(move |connection| jobs::advance(connection, &page, &*herald)).await
    }

    async fn end_job(
        &self,
        number: Sequence,
        failure: Option<String>,
        notices: Vec<NewNotice>,
        at: Instant,
    ) -> Result<(), StorageError> {
        self.write(move |connection| jobs::end(connection, number, failure.as_deref(), &notices, at)).await
    }

    async fn job(&self, number: Sequence) -> Result<Option<JobRecord>, StorageError> {
        self.readers.glance(|connection| jobs::get(connection, number))
    }

    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRecord>, StorageError> {
        self.readers.read(move |connection| jobs::list(connection, &filter)).await
    }

    async fn finding(&self, connection: &str, id: &str) -> Result<Option<FindingRecord>, StorageError> {
        self.readers.glance(|reader| findings::get(reader, connection, id))
    }

    async fn findings(&self, filter: FindingFilter) -> Result<Vec<FindingRecord>, StorageError> {
        self.readers.read(move |connection| findings::list(connection, &filter)).await
    }

    async fn decide(&self, decision: NewDecision) -> Result<FindingRecord, StorageError> {
        self.write_quietly(move |connection| findings::decide(connection, &decision)).await
    }

    async fn repair(
        &self,
        connection: &str,
        job: Option<Sequence>,
        limit: u32,
        at: Instant,
    ) -> Result<Repairs, StorageError> {
        let owner = connection.to_owned();
        self.write(move |connection| findings::repair(connection, &owner, job, limit, at)).await
    }

    async fn write_entries(&self, connection: &str, writes: Vec<EntryWrite>) -> Result<(), StorageError> {
        let owner = connection.to_owned();
        self.write_quietly(move |connection| entries::write(connection, &owner, &writes)).await
    }

    async fn delivery(&self, sequence: Sequence) -> Result<Option<StoredDelivery>, StorageError> {
        self.readers.glance(|connection| deliveries::get(connection, sequence))
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRecord>, StorageError> {
        self.readers.read(move |connection| deliveries::list(connection, &filter)).await
    }

    async fn event(&self, sequence: Sequence) -> Result<Option<EventRecord>, StorageError> {
        self.readers.glance(|connection| events::get(connection, sequence))
    }

    async fn events(&self, filter: EventFilter) -> Result<Vec<EventRecord>, StorageError> {
        self.readers.read(move |connection| events::list(connection, &filter)).await
    }

    async fn entry(&self, connection: &str, key: &str) -> Result<StoredEntry, StorageError> {
        self.readers.glance(|reader| entries::get(reader, connection, key))
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
        self.readers.glance(|reader| events::cursor(reader, connection, trigger))
    }
}
