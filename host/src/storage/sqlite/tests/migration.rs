//! Databases of earlier versions open, keep everything and go on; a step that fails changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::super::super::conformance::{Notes, delivery, finding, new_job, page};
use super::super::super::{
    Acceptance, DeliveryFilter, EventFilter, FindingFilter, FindingState, JobFilter, JobKind, JobPage,
    JobState, NewDelivery, NewNotice, Next, NoticeFilter, NoticeStorage as _, State, Storage, StorageError,
    StoredEntry, WorkId, WriteState,
};
use super::super::{SqliteStorage, open as opening};
use super::{open, submission};
use crate::contract::{Receipt, Severity};

/// The schema of version 1, as it was released.
const VERSION_1: &str = include_str!("../schema/0001.sql");

/// The step to version 2, as it was released.
const VERSION_2: &str = include_str!("../schema/0002.sql");

/// The step to version 3, as it was released.
const VERSION_3: &str = include_str!("../schema/0003.sql");

/// What is in the database of a host of version 1.
const ROWS_1: &str = include_str!("version_1.sql");

/// What a host of version 2 adds to that.
const ROWS_2: &str = include_str!("version_2.sql");

/// What a host of version 3 adds to that.
const ROWS_3: &str = include_str!("version_3.sql");

/// Make a database of version 1.
fn version_1(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("test.sqlite");
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(VERSION_1).unwrap();
    database.execute_batch(ROWS_1).unwrap();
    // "TLd1", and the number of the schema.
    database.pragma_update(None, "application_id", 0x544c_6431).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    path
}

/// Make a database of version 2, which began as one of version 1.
fn version_2(directory: &TempDir) -> PathBuf {
    let path = version_1(directory);
    let mut database = Connection::open(&path).unwrap();
    opening::migrate(&mut database, &[VERSION_1, VERSION_2]).unwrap();
    database.execute_batch(ROWS_2).unwrap();
    assert_eq!(opening::version(&database), Ok(2));
    path
}

/// Make a database of version 3, with what version 2 left and a job that found something.
fn version_3(directory: &TempDir) -> PathBuf {
    let path = version_2(directory);
    let mut database = Connection::open(&path).unwrap();
    opening::migrate(&mut database, &[VERSION_1, VERSION_2, VERSION_3]).unwrap();
    database.execute_batch(ROWS_3).unwrap();
    assert_eq!(opening::version(&database), Ok(3));
    path
}

#[test]
fn a_released_step_never_changes() {
    for (step, expected) in [
        (VERSION_1, "d6162505311f8dfa0ac636fdf5acdb163fa05d223848c2375eaecbb35f030ad8"),
        (VERSION_2, "f07cd2099b7b2da7d9b60a7f8a57687e81486b2eb81642f528cd3acdc233be8a"),
        (VERSION_3, "4b4efc36a50c1116643b4c60b2b5902162ee16515089c4b02844c21c7ef6ee95"),
    ] {
        assert_eq!(hex::encode(Sha256::digest(step)), expected);
    }
}

#[tokio::test]
async fn a_database_of_version_1_keeps_its_deliveries_and_events() {
    let directory = TempDir::new().unwrap();
    version_1(&directory);
    let storage = open(&directory).unwrap();
    let mut deliveries = storage.deliveries(DeliveryFilter::default()).await.unwrap();
    deliveries.reverse();
    let found: Vec<_> =
        deliveries.iter().map(|record| (record.id.as_str(), record.state, record.attempts)).collect();
    assert_eq!(
        found,
        [
            ("hook-done", State::Done, 0),
            ("hook-new", State::Received, 0),
            ("hook-tried", State::Waiting, 2),
            ("hook-parked", State::Parked, 0),
            ("hook-dead", State::Dead, 1),
        ]
    );
    assert_eq!(storage.delivery(2).await.unwrap().unwrap().delivery.body, br#"{"a":1}"#);
    let mut events = storage.events(EventFilter::default()).await.unwrap();
    events.reverse();
    let found: Vec<_> =
        events.iter().map(|record| (record.event.id.as_str(), record.state, record.attempts)).collect();
    assert_eq!(
        found,
        [
            ("done", State::Done, 1),
            ("skipped", State::Skipped, 0),
            ("new", State::Received, 0),
            ("tried", State::Waiting, 3),
            ("parked", State::Parked, 1),
            ("dead", State::Dead, 20),
        ]
    );
    let Some(Receipt::Done(report)) = &events[0].receipt else { panic!("{:?}", events[0].receipt) };
    assert_eq!(report.effects[0].id, "tp-1");
    assert_eq!(events[0].event.raw.as_deref(), Some(r#"{"amount": 150.10}"#));
    assert_eq!((events[3].not_before, events[3].reason.as_deref()), (Some(9001), Some("the vendor is down")));
    assert_eq!((events[5].ended_at, events[5].module.as_deref()), (Some(1300), Some("sha256:01")));
}

#[tokio::test]
async fn a_database_of_version_1_goes_on_where_it_was() {
    let directory = TempDir::new().unwrap();
    let path = version_1(&directory);
    let storage = open(&directory).unwrap();
    let notes = Arc::new(Notes::default());
    storage.attach(Arc::clone(&notes) as _).await.unwrap();
    let open_work = [
        WorkId::Delivery(2),
        WorkId::Delivery(3),
        WorkId::Delivery(4),
        WorkId::Event(3),
        WorkId::Event(4),
        WorkId::Event(5),
    ];
    assert_eq!(notes.ids(), open_work);
    let kept = StoredEntry { value: Some(b"v01".to_vec()), version: 4 };
    assert_eq!(storage.entry("shop", "order/1").await, Ok(kept));
    let removed = StoredEntry { value: None, version: 2 };
    assert_eq!(storage.entry("shop", "order/removed").await, Ok(removed));
    assert_eq!(storage.cursor("shop", "transactions").await, Ok(Some("page-7".to_owned())));
    assert_eq!(storage.cursor("shop", "orders").await, Ok(None));
    assert_eq!(storage.accept(delivery("hook-done")).await, Ok(Acceptance::Duplicate));
    assert_eq!(storage.take_in(submission("done")).await, Ok(0));
    // Numbers go on, and the dead can be retried.
    let newcomer = NewDelivery { id: "hook-next".to_owned(), ..delivery("d") };
    let accepted = storage.accept(newcomer).await;
    assert!(matches!(accepted, Ok(Acceptance::New(number)) if number > 5), "{accepted:?}");
    assert_eq!(storage.retry(WorkId::Event(6), 9_999).await, Ok(State::Dead));
    // The bodies of the two ended deliveries stay with the dead one; two events have ended otherwise.
    assert_eq!(storage.purge(5_000, 100).await, Ok(3));
    let query = "SELECT summary FROM effects";
    let effect: String = Connection::open(path).unwrap().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(effect, "created a delivery");
}

#[tokio::test]
async fn a_database_of_version_2_keeps_everything_and_takes_jobs() {
    let directory = TempDir::new().unwrap();
    let path = version_2(&directory);
    let storage = open(&directory).unwrap();
    assert_eq!(opening::version(&Connection::open(&path).unwrap()), Ok(4));
    assert_eq!(storage.events(EventFilter::default()).await.unwrap().len(), 6);
    let writes = storage.writes(WorkId::Event(4)).await.unwrap();
    assert_eq!((writes.len(), writes[0].state, writes[0].status), (1, WriteState::Done, Some(201)));
    let attempts = storage.attempts(WorkId::Event(4)).await.unwrap();
    assert_eq!((attempts[0].settings.as_str(), attempts[0].outcome.as_str()), (r#"{"mode":"all"}"#, "retry"));
    assert_eq!(storage.module("sha256:01").await.unwrap().as_deref(), Some(&b"wasm"[..]));
    assert_eq!(storage.activations("shop", 9).await.unwrap()[0].module, "sha256:01");
    let kept = StoredEntry { value: Some(b"v01".to_vec()), version: 4 };
    assert_eq!(storage.entry("shop", "order/1").await, Ok(kept));
    assert_eq!(storage.jobs(JobFilter::default()).await, Ok(Vec::new()));
    assert_eq!(storage.findings(FindingFilter::default()).await, Ok(Vec::new()));
    let begun = storage.begin_job(new_job(JobKind::Reconcile)).await.unwrap();
    let page = JobPage { findings: vec![finding("f")], next: Next::End, ..page(&begun.job) };
    assert_eq!(storage.advance_job(page, Arc::new(())).await.unwrap().state, JobState::Done);
    assert_eq!(storage.finding("shop", "f").await.unwrap().unwrap().state, FindingState::Open);
}

#[tokio::test]
async fn a_database_of_version_3_keeps_its_jobs_and_takes_notices() {
    let directory = TempDir::new().unwrap();
    let path = version_3(&directory);
    let storage = open(&directory).unwrap();
    assert_eq!(opening::version(&Connection::open(&path).unwrap()), Ok(4));
    let jobs = storage.jobs(JobFilter::default()).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].state, jobs[0].counters.findings), (1, JobState::Done, 1));
    let found = storage.finding("shop", "order-1/cash").await.unwrap().unwrap();
    assert_eq!((found.state, found.finding.severity), (FindingState::Open, Severity::Warning));
    assert_eq!(storage.events(EventFilter::default()).await.unwrap().len(), 6);
    assert_eq!(storage.notices(NoticeFilter::default()).await, Ok(Vec::new()));
    let alert = NewNotice {
        topic: "alert".to_owned(),
        kind: Some("goods-refused".to_owned()),
        severity: Severity::Warning,
        connection: "shop".to_owned(),
        subject: Some("order-1".to_owned()),
        data: "{}".to_owned(),
        receivers: vec!["ops".to_owned()],
    };
    storage.notify(vec![alert], 2_000).await.unwrap();
    assert_eq!(storage.due_postings("ops", 2_000, 9).await.unwrap().postings.len(), 1);
}

#[test]
fn a_database_of_version_1_is_not_upgraded_by_looking_at_it() {
    let directory = TempDir::new().unwrap();
    let path = version_1(&directory);
    let refusal = SqliteStorage::open_reading(&path).err().unwrap();
    assert_eq!(refusal, StorageError::Older { path: path.clone() });
    assert_eq!(opening::version(&Connection::open(path).unwrap()), Ok(1));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_version_before_it() {
    let directory = TempDir::new().unwrap();
    let path = version_1(&directory);
    let mut database = Connection::open(&path).unwrap();
    let failing =
        "UPDATE events SET state = 'received'; CREATE TABLE extra (a) STRICT; UPDATE absent SET a = 1;";
    assert!(opening::migrate(&mut database, &[VERSION_1, failing]).is_err());
    assert_eq!(opening::version(&database), Ok(1));
    let count = |sql| database.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM events WHERE state = 'received'"), 0);
    assert_eq!(count("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"), 0);
    drop(database);
    // The next start goes on from there.
    let storage = open(&directory).unwrap();
    assert_eq!(storage.events(EventFilter::default()).await.unwrap().len(), 6);
}

#[test]
fn a_second_step_that_fails_keeps_the_first() {
    let mut database = Connection::open_in_memory().unwrap();
    assert!(
        opening::migrate(&mut database, &["CREATE TABLE one (a)", "CREATE TABLE two (a); nonsense"]).is_err()
    );
    assert_eq!(opening::version(&database), Ok(1));
    opening::migrate(&mut database, &["CREATE TABLE one (a)", "CREATE TABLE two (a)"]).unwrap();
    assert_eq!(opening::version(&database), Ok(2));
}

#[test]
fn listings_and_purges_find_their_indexes() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory).unwrap());
    let database = Connection::open(directory.path().join("test.sqlite")).unwrap();
    for (query, index) in [
        (
            "SELECT * FROM events WHERE TRUE AND state = 'dead' AND +connection = ?1 ORDER BY sequence DESC LIMIT 9",
            "events_by_state",
        ),
        (
            "SELECT * FROM events WHERE TRUE AND connection = ?1 ORDER BY sequence DESC LIMIT 9",
            "events_by_connection",
        ),
        (
            "SELECT * FROM events WHERE TRUE AND connection = ?1 AND id = ?2 ORDER BY sequence DESC LIMIT 9",
            "sqlite_autoindex_events_1",
        ),
        (
            "SELECT * FROM events WHERE TRUE AND connection = ?1 AND subject = ?2 ORDER BY sequence DESC LIMIT 9",
            "events_by_subject",
        ),
        (
            "SELECT * FROM events WHERE TRUE AND state = 'received' AND ended_at IS NULL ORDER BY sequence DESC LIMIT 9",
            "events_open",
        ),
        (
            "SELECT * FROM deliveries WHERE TRUE AND state = 'parked' AND ended_at IS NULL ORDER BY sequence DESC LIMIT 9",
            "deliveries_by_state",
        ),
        (
            "SELECT sequence FROM events WHERE ended_at IS NOT NULL AND purged_at IS NULL AND state <> 'dead' AND ended_at < ?1 ORDER BY ended_at LIMIT 9",
            "events_to_purge",
        ),
        (
            "SELECT sequence FROM deliveries WHERE state = 'dead' AND connection = ?1 AND module = ?2 AND ended_at >= ?3 ORDER BY sequence",
            "deliveries_by_state",
        ),
        ("SELECT number FROM outbox WHERE ended_at IS NOT NULL AND ended_at < ?1 LIMIT 9", "outbox_to_purge"),
        (
            "SELECT min(not_before) FROM outbox WHERE receiver = ?1 AND state = 'waiting' AND not_before > ?2",
            "outbox_due",
        ),
        (
            "SELECT 1 FROM outbox AS earlier WHERE earlier.receiver = ?1 AND earlier.lane = ?2 AND earlier.state = 'waiting' AND earlier.number < ?3",
            "outbox_lanes",
        ),
        (
            "SELECT sequence FROM notices WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.notice = notices.sequence) LIMIT 9",
            "notices_to_purge",
        ),
    ] {
        let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan += &row.get::<_, String>("detail").unwrap();
        }
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{query}\n{plan}");
    }
}
