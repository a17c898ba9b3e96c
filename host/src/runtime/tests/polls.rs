//! Polling.

use std::sync::Arc;
use std::time::Duration;

use super::super::active::Terms;
use super::super::connection::Connection;
use super::super::{Host, HostLimits, HostOptions, RequestError};
use super::fake::{Fake, active, event, start, start_polling};
use super::vendor::Vendor;
use crate::contract::{Event, EventPage, Failure};
use crate::storage::{SqliteOptions, SqliteStorage, State};

fn page(events: Vec<Event>, cursor: &str, more: bool) -> Result<EventPage, Failure> {
    Ok(EventPage { events, cursor: Some(cursor.to_owned()), more })
}

#[tokio::test]
async fn pages_are_fetched_until_there_are_no_more() {
    let setup = start().await;
    setup.settle().await;
    setup.fake.cursors.lock().unwrap().clear();
    setup.fake.pages.lock().unwrap().extend([
        page(vec![event("a", "order-1")], "1", true),
        page(vec![event("a", "order-1"), event("b", "order-1")], "2", false),
    ]);
    assert_eq!(setup.host.poll_now("shop", "transactions").await.unwrap(), 2);
    setup.settle().await;
    assert_eq!(*setup.fake.cursors.lock().unwrap(), [None, Some("1".to_owned())]);
    assert_eq!(setup.storage.cursor("shop", "transactions").await.unwrap().as_deref(), Some("2"));
    assert_eq!(setup.state("b").await, State::Done);
}

#[tokio::test]
async fn a_refused_cursor_starts_over() {
    let setup = start().await;
    setup.settle().await;
    setup.fake.pages.lock().unwrap().extend([
        page(Vec::new(), "old", false),
        Err(Failure::Rejected("what cursor?".to_owned())),
        page(vec![event("a", "order-1")], "new", false),
    ]);
    assert_eq!(setup.host.poll_now("shop", "transactions").await.unwrap(), 0);
    assert_eq!(setup.host.poll_now("shop", "transactions").await.unwrap(), 1);
    assert_eq!(setup.storage.cursor("shop", "transactions").await.unwrap().as_deref(), Some("new"));
}

#[tokio::test]
async fn a_connector_that_always_has_more_is_left_alone_after_a_round() {
    let setup = start().await;
    setup.settle().await;
    setup.fake.cursors.lock().unwrap().clear();
    let endless = (0..500).map(|number| page(Vec::new(), &number.to_string(), true));
    setup.fake.pages.lock().unwrap().extend(endless);
    assert_eq!(setup.host.poll_now("shop", "transactions").await.unwrap(), 0);
    assert_eq!(setup.fake.cursors.lock().unwrap().len(), 100);
}

#[tokio::test]
async fn polls_come_by_themselves_and_again_after_the_interval() {
    let setup = start_polling(Duration::from_millis(100)).await;
    let begun = tokio::time::Instant::now();
    let thrice = async {
        while setup.fake.cursors.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), thrice).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(190), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_poll_that_needs_attention_pauses_the_connection() {
    let setup = start_polling(Duration::from_millis(100)).await;
    setup.settle().await;
    setup.fake.pages.lock().unwrap().push_back(Err(Failure::NeedsAttention("bad key".to_owned())));
    // Either this poll or one of the schedule finds it.
    let _ = setup.host.poll_now("shop", "transactions").await;
    assert!(setup.host.is_paused("shop").unwrap());
    let polls = setup.fake.cursors.lock().unwrap().len();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(setup.fake.cursors.lock().unwrap().len(), polls, "a paused connection is not polled");
}

#[tokio::test(start_paused = true)]
async fn connections_do_not_all_poll_at_once_when_a_host_starts() {
    let directory = tempfile::TempDir::new().unwrap();
    let inline = SqliteOptions { inline: true, ..SqliteOptions::default() };
    let storage = SqliteStorage::open_with(&directory.path().join("test.sqlite"), inline).unwrap();
    let (fake, vendor) = (Arc::new(Fake::default()), Arc::new(Vendor::default()));
    let limits = HostLimits::default();
    let connections = (0..100).map(|number| {
        let active = active(&fake, &vendor);
        Connection::new(&format!("shop-{number}"), Terms::default(), "sha256:fake", active, &limits)
    });
    let begun = tokio::time::Instant::now();
    let host = Host::run(HostOptions::new(Arc::new(storage)), connections.collect()).await.unwrap();
    host.idle(Duration::ZERO).await;
    assert_eq!(fake.cursors.lock().unwrap().len(), 100);
    // 99 times 5 ms lie between the first and the last.
    assert!(begun.elapsed() >= Duration::from_millis(495), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_unknown_trigger_is_named() {
    let setup = start().await;
    let error = setup.host.poll_now("shop", "orders").await.unwrap_err();
    assert!(matches!(error, RequestError::UnknownTrigger { .. }));
    assert!(error.to_string().contains("transactions"), "{error}");
}
