//! An event that goes wrong in the connector fails by itself, says why, and the host goes on with the next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use transload::egress::{Grant, Secret};
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::{EventFilter, EventRecord, SqliteStorage, State};

use crate::event::event;
use crate::guests::{load, tight};

/// Waits until the host has tried an event, and answers what it knows of it then.
async fn tried(host: &Host, id: &str) -> EventRecord {
    let filter = EventFilter { id: Some(id.to_owned()), ..EventFilter::default() };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let record = host.events(filter.clone()).await.unwrap().remove(0);
        if record.reason.is_some() || record.state == State::Done {
            return record;
        }
        assert!(tokio::time::Instant::now() < deadline, "{id} was not tried: {record:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_fails_its_own_event_and_the_next_one_is_handled() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
    let grant = Grant {
        credential: Some(Secret::new("token")),
        scopes: vec!["things.read".to_owned()],
        ..Grant::default()
    };
    let connection = ConnectionSpec {
        name: "hostile".to_owned(),
        module: load(tight(), 8).await,
        grants: BTreeMap::from([("target".to_owned(), grant)]),
        settings: "{}".to_owned(),
        webhooks: BTreeMap::new(),
        polls: BTreeMap::new(),
        read_only: false,
    };
    let host = Host::start(HostOptions::new(Arc::new(storage)), vec![connection]).await.unwrap();
    for (note, state, reason) in [
        ("spin", State::Waiting, "computed in on-order for longer than 2s"),
        ("allocate", State::Waiting, "bytes of memory in on-order, its limit (limits.memory_bytes)"),
        ("trap", State::Waiting, "the connector trapped in on-order"),
        (
            "must-get https://elsewhere.example/",
            State::Dead,
            "no API of the connector's manifest is at this address",
        ),
        ("must-get https://target.example/other", State::Dead, "describes no such call"),
    ] {
        host.submit("hostile", event(note, note, Some(note))).await.unwrap();
        let failed = tried(&host, note).await;
        assert_eq!((failed.state, failed.attempts), (state, 1), "{note}: {failed:?}");
        let said = failed.reason.unwrap();
        assert!(said.contains(reason), "{note}: {said}");

        let next = format!("after {note}");
        host.submit("hostile", event(&next, &next, None)).await.unwrap();
        assert_eq!(tried(&host, &next).await.state, State::Skipped, "{next}");
    }
    host.shutdown().await;
}
