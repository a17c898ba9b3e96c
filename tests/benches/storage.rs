//! Durable events per second through the storage alone: a delivery is accepted and read, its event taken in and read, one
//! write intended and settled, an entry read and written, the event finished, with the attempts' records. 64 tasks, two
//! threads, every commit synced to a disk. Run with `cargo bench`; DESIGN's budget for all of an event is 5,000/s.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use transload::contract::{
    Change, Decimal, Event, Header, InDoubt, Money, Receipt, Transaction, TransactionStatus,
};
use transload::storage::{
    Acceptance, AttemptRecord, EntryWrite, Finish, Intake, NewDelivery, Origin, Sequence, SqliteStorage,
    Storage, Work, WorkId, WorkSink, WriteIntent, WriteOutcome, WriteState,
};

/// Tasks that carry events at once.
const TASKS: u64 = 64;

/// Events in one measured batch.
const BATCH: u64 = 2_000;

/// Bytes of a webhook, of a recorded response and of an attempt's record, as the connectors' have.
const WEBHOOK_BYTES: usize = 1_500;
const RESPONSE_BYTES: usize = 400;
const TRACE_BYTES: usize = 4_000;

/// Hands each event that is taken in to the task that waits for it.
#[derive(Default)]
struct Desk(std::sync::Mutex<std::collections::HashMap<String, u64>>);

impl WorkSink for Desk {
    fn accept(&self, work: Work) {
        if let (WorkId::Event(sequence), Some(subject)) = (work.id, work.subject) {
            self.0.lock().unwrap().insert(subject, sequence);
        }
    }

    fn withdraw(&self, _connection: &str, _subject: Option<&str>, _id: WorkId) {}

    fn noticed(&self, _: Sequence, _: &[String]) {}
}

/// Spread over the index as vendors' ids are.
fn id(number: u64) -> String {
    format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn event(id: &str) -> Event {
    let amount = Money { amount: Decimal { units: 15_010, exponent: 2 }, currency: "USD".to_owned() };
    Event {
        id: id.to_owned(),
        source: "ghl".to_owned(),
        subject: id.to_owned(),
        occurred_at: Some(1),
        raw: Some("x".repeat(WEBHOOK_BYTES)),
        change: Change::Transaction(Transaction {
            id: id.to_owned(),
            amount,
            refunded: None,
            status: TransactionStatus::Other("in_review".to_owned()),
            settles: Vec::new(),
            customer: None,
            method: None,
            charge_id: None,
            live: true,
            created_at: None,
            updated_at: None,
        }),
    }
}

fn attempt(trace_bytes: usize) -> AttemptRecord {
    AttemptRecord {
        number: 1,
        module: format!("sha256:{}", "0".repeat(64)),
        started_at: 1,
        ended_at: 2,
        seed: u64::MAX,
        settings: r#"{"deliver": "order.total > 0"}"#.repeat(30),
        outcome: "done".to_owned(),
        trace: vec![1; trace_bytes],
    }
}

async fn read_delivery(storage: &SqliteStorage, connection: &str, id: &str) {
    let header = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    let delivery = NewDelivery {
        connection: connection.to_owned(),
        source: "ghl".to_owned(),
        id: id.to_owned(),
        received_at: 1,
        headers: vec![header],
        body: vec![b'x'; WEBHOOK_BYTES],
    };
    let Acceptance::New(sequence) = storage.accept(delivery).await.unwrap() else { return };
    storage.delivery(sequence).await.unwrap();
    let intake = Intake {
        connection: connection.to_owned(),
        origin: Origin::Delivery(sequence),
        events: vec![event(id)],
        writes: Vec::new(),
        attempt: Some(attempt(RESPONSE_BYTES)),
        at: 2,
    };
    storage.take_in(intake).await.unwrap();
}

async fn handle_event(storage: &SqliteStorage, connection: &str, key: &str, sequence: u64) {
    let id = WorkId::Event(sequence);
    storage.event(sequence).await.unwrap();
    storage.writes(id).await.unwrap();
    storage.entry(connection, key).await.unwrap();
    let write = "k".repeat(66);
    let intent = WriteIntent {
        id,
        key: write.clone(),
        attempt: 1,
        api: "track-pod".to_owned(),
        method: "POST".to_owned(),
        url: "https://api.track-pod.com/Order".to_owned(),
        in_doubt: InDoubt::Verify,
        at: 3,
    };
    storage.intend(intent).await.unwrap();
    let response = Some(vec![1; RESPONSE_BYTES]);
    let outcome =
        WriteOutcome { id, key: write, state: WriteState::Done, status: Some(201), response, at: 4 };
    storage.settle(outcome).await.unwrap();
    let entry = EntryWrite { key: key.to_owned(), value: Some(vec![1; 200]), version: 1, expected: None };
    let finish = Finish {
        sequence,
        connection: connection.to_owned(),
        receipt: Receipt::Skipped("measured".to_owned()),
        writes: vec![entry],
        module: attempt(0).module,
        attempt: Some(attempt(TRACE_BYTES)),
        notices: Vec::new(),
        at: 5,
    };
    storage.finish(finish).await.unwrap();
}

/// Carry a batch of events, which go on from `first`.
async fn batch(storage: &Arc<SqliteStorage>, desk: &Arc<Desk>, first: u64) {
    let next = Arc::new(AtomicU64::new(first));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (storage, desk, next) = (Arc::clone(storage), Arc::clone(desk), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= first + BATCH {
                        break;
                    }
                    let (connection, id) = (format!("shop-{}", number % 10), id(number));
                    read_delivery(&storage, &connection, &id).await;
                    let sequence = desk.0.lock().unwrap().remove(&id).unwrap();
                    handle_event(&storage, &connection, &id, sequence).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn durable_events(criterion: &mut Criterion) {
    let runtime: Runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Beside the build's own files: the temporary directory is memory on some systems, which syncs nothing.
    let directory = TempDir::new_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let storage = Arc::new(SqliteStorage::open(&directory.path().join("bench.sqlite")).unwrap());
    let desk = Arc::new(Desk::default());
    runtime.block_on(storage.attach(Arc::clone(&desk) as _)).unwrap();
    let mut first = 0;
    let mut group = criterion.benchmark_group("storage");
    group.throughput(Throughput::Elements(BATCH)).sample_size(10);
    group.bench_function("durable events, 64 tasks", |bencher| {
        bencher.iter(|| {
            runtime.block_on(batch(&storage, &desk, first));
            first += BATCH;
        });
    });
    group.finish();
}

criterion_group!(benches, durable_events);
criterion_main!(benches);
