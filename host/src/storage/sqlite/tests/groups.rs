//! Writes that share a commit leave each other alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::super::conformance::{Notes, delivery};
use super::super::super::{
    Acceptance, EntryWrite, EventFilter, Intake, Storage, StorageError, StoredEntry, WorkId,
};
use super::super::{Written, deliveries};
use super::{open, submission};

/// An intake that changes entries, and then finds one of them changed.
fn torn() -> Intake {
    let write = |key: &str, expected| EntryWrite {
        key: key.to_owned(),
        value: Some(b"v".to_vec()),
        version: 1,
        expected,
    };
    Intake { writes: vec![write("first", None), write("second", Some(7))], ..submission("torn") }
}

#[tokio::test]
async fn a_write_that_fails_half_way_is_taken_back_alone_and_all_work_is_handed_over_once() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    let notes = Arc::new(Notes::default());
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = {
        let runs = Arc::clone(&runs);
        move |connection: &Connection| {
            runs.fetch_add(1, Ordering::SeqCst);
            deliveries::accept(connection, &delivery("before"))
        }
    };
    // While the first write is under way, the others gather; they are asked for in this order.
    let slow = storage.write(|_: &Connection| {
        std::thread::sleep(Duration::from_millis(100));
        Ok(Written::quietly(()))
    });
    let (slow, before, attached, torn, after) = tokio::join!(
        slow,
        storage.write(counted),
        storage.attach(Arc::clone(&notes) as _),
        storage.take_in(torn()),
        storage.accept(delivery("after")),
    );
    assert_eq!((slow, attached), (Ok(()), Ok(())));
    assert_eq!(torn, Err(StorageError::Conflict { key: "second".to_owned() }));
    let (Ok(Acceptance::New(before)), Ok(Acceptance::New(after))) = (before, after) else {
        panic!("not new")
    };
    assert_eq!(notes.ids(), [WorkId::Delivery(before), WorkId::Delivery(after)]);
    assert_eq!(storage.entry("shop", "first").await, Ok(StoredEntry::default()));
    assert_eq!(storage.events(EventFilter::default()).await, Ok(Vec::new()));
    assert_eq!(runs.load(Ordering::SeqCst), 2, "the writes did not share a group");
}

#[tokio::test]
async fn a_write_that_fails_half_way_alone_leaves_nothing() {
    let directory = TempDir::new().unwrap();
    let storage = open(&directory).unwrap();
    assert_eq!(storage.take_in(torn()).await, Err(StorageError::Conflict { key: "second".to_owned() }));
    assert_eq!(storage.entry("shop", "first").await, Ok(StoredEntry::default()));
    assert_eq!(storage.take_in(submission("torn")).await, Ok(1));
}
