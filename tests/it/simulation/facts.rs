//! What the storage holds when a run has come to rest.

use std::collections::BTreeMap;
use std::path::Path;

use transload::contract::{Alert, Receipt};
use transload::storage::{
    Activation, AttemptRecord, DeliveryFilter, DeliveryRecord, EventFilter, EventRecord, Sequence,
    SqliteStorage, Storage as _, WorkId, WriteRecord,
};

/// More than any run brings; a listing answers no more.
const ROWS_MAX: usize = 1_000;

/// All that the judges look at.
pub(super) struct Facts {
    pub(super) events: Vec<EventRecord>,
    pub(super) deliveries: Vec<DeliveryRecord>,
    pub(super) attempts: BTreeMap<Sequence, Vec<AttemptRecord>>,
    pub(super) activations: BTreeMap<&'static str, Vec<Activation>>,
    writes: BTreeMap<Sequence, Vec<WriteRecord>>,
    entries: BTreeMap<String, Vec<u8>>,
    /// The database's files, as they lie on the disk.
    pub(super) bytes: Vec<u8>,
}

impl Facts {
    pub(super) async fn read(storage: &SqliteStorage, database: &Path) -> Facts {
        let events = storage.events(EventFilter::default()).await.unwrap();
        let deliveries = storage.deliveries(DeliveryFilter::default()).await.unwrap();
        assert!(events.len() < ROWS_MAX && deliveries.len() < ROWS_MAX, "a run is too long to be judged");
        let (mut attempts, mut writes) = (BTreeMap::new(), BTreeMap::new());
        for event in &events {
            let id = WorkId::Event(event.sequence);
            attempts.insert(event.sequence, storage.attempts(id).await.unwrap());
            writes.insert(event.sequence, storage.writes(id).await.unwrap());
        }
        let (mut activations, mut entries) = (BTreeMap::new(), BTreeMap::new());
        for connection in [super::SHOP, super::COURIER] {
            activations.insert(connection, storage.activations(connection, 100).await.unwrap());
            for key in storage.keys(connection, "", None, ROWS_MAX as u32).await.unwrap() {
                let value = storage.entry(connection, &key).await.unwrap().value.unwrap_or_default();
                entries.insert(format!("{connection} {key}"), value);
            }
        }
        let mut bytes = Vec::new();
        for ending in ["", "-wal", "-shm"] {
            let mut name = database.as_os_str().to_owned();
            name.push(ending);
            bytes.extend(std::fs::read(Path::new(&name)).unwrap_or_default());
        }
        Facts { events, deliveries, attempts, activations, writes, entries, bytes }
    }

    pub(super) fn events_of(&self, connection: &str) -> impl Iterator<Item = &EventRecord> {
        self.events.iter().filter(move |event| event.connection == connection)
    }

    pub(super) fn writes(&self, event: Sequence) -> impl Iterator<Item = &WriteRecord> {
        self.writes.get(&event).into_iter().flatten()
    }

    /// The shop's alerts.
    pub(super) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        let reports = self.events_of(super::SHOP).filter_map(|event| match &event.receipt {
            Some(Receipt::Done(report)) => Some(report),
            _ => None,
        });
        reports.flat_map(|report| &report.alerts)
    }

    /// An entry of a connection's store, as text; empty if there is none.
    pub(super) fn entry(&self, connection: &str, key: &str) -> String {
        let value = self.entries.get(&format!("{connection} {key}"));
        value.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }

    /// What the courier has counted for an order.
    pub(super) fn counter(&self, order: &str) -> u64 {
        self.entry(super::COURIER, &format!("counter-{order}")).parse().unwrap_or_default()
    }
}
