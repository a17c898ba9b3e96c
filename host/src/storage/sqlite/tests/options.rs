//! Storage on the caller's thread passes the suite as well, and never makes its caller wait.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::super::super::conformance::{Bed, Notes, conformance, delivery};
use super::super::super::{DeliveryFilter, EventFilter, Storage, WorkId};
use super::super::{SqliteOptions, SqliteStorage};
use super::submission;

const INLINE: SqliteOptions = SqliteOptions { inline: true, sync: false };

struct InlineBed {
    directory: TempDir,
    storage: Option<Arc<SqliteStorage>>,
}

impl InlineBed {
    fn new() -> InlineBed {
        let mut bed = InlineBed { directory: TempDir::new().unwrap(), storage: None };
        bed.open();
        bed
    }

    fn open(&mut self) {
        let path = self.directory.path().join("test.sqlite");
        self.storage = Some(Arc::new(SqliteStorage::open_with(&path, INLINE).unwrap()));
    }
}

impl Bed for InlineBed {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(self.storage.as_ref().unwrap()) as _
    }

    async fn reopen(&mut self) {
        self.storage = None;
        self.open();
    }
}

conformance!(InlineBed::new());

/// The answer of what is ready when it is asked for the first time.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn inline_storage_answers_at_once_and_tells_the_sink_before() {
    let directory = TempDir::new().unwrap();
    let storage = SqliteStorage::open_with(&directory.path().join("test.sqlite"), INLINE).unwrap();
    let notes = Arc::new(Notes::default());
    at_once(storage.attach(Arc::clone(&notes) as _)).unwrap();
    at_once(storage.accept(delivery("d-1"))).unwrap();
    assert_eq!(notes.ids(), [WorkId::Delivery(1)]);
    assert_eq!(at_once(storage.take_in(submission("a"))), Ok(1));
    assert_eq!(notes.ids(), [WorkId::Delivery(1), WorkId::Event(1)]);
    assert_eq!(at_once(storage.events(EventFilter::default())).unwrap().len(), 1);
    assert_eq!(at_once(storage.deliveries(DeliveryFilter::default())).unwrap().len(), 1);
    assert!(at_once(storage.event(1)).unwrap().is_some());
    assert_eq!(at_once(storage.keys("shop", "", None, 10)), Ok(Vec::new()));
}

#[test]
fn reads_of_one_record_answer_at_once_in_any_storage() {
    let directory = TempDir::new().unwrap();
    let storage = SqliteStorage::open(&directory.path().join("test.sqlite")).unwrap();
    assert_eq!(at_once(storage.event(1)), Ok(None));
    assert_eq!(at_once(storage.delivery(1)), Ok(None));
    assert_eq!(at_once(storage.cursor("shop", "transactions")), Ok(None));
    assert_eq!(at_once(storage.writes(WorkId::Event(1))), Ok(Vec::new()));
    assert_eq!(at_once(storage.entry("shop", "k")).unwrap().version, 0);
}
