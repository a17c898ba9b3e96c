//! A connection whose settings move its connector's calls to other paths: what it writes, what is on record of that, and what
//! becomes of both when the settings change.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{ConnectionSpec, Host, HostError, HostOptions};
use transload::storage::{EventFilter, EventRecord, SqliteStorage, State, WorkId, WriteState};
use transload_tests::target::{Behaviour, Target};

use crate::event::event;

const PATIENCE: Duration = Duration::from_secs(30);

const MOVED: &str = r#"{"paths":{"get":"/v2/{id}/thing","create":"/v2/made"}}"#;

async fn courier() -> Module {
    let engine = Engine::new(EngineOptions { instances_max: 8, ..EngineOptions::default() }).unwrap();
    engine.load(transload_tests::COURIER_GUEST).await.unwrap()
}

pub(crate) fn spec(target: &Target, module: &Module, settings: &str) -> ConnectionSpec {
    let scopes = ["things.read", "things.write"].map(str::to_owned).to_vec();
    let grant = Grant {
        base_url: Some(target.url().parse().unwrap()),
        credential: Some(Secret::new("token")),
        scopes,
        private_addresses: vec![target.address().to_string()],
        read_only: false,
    };
    ConnectionSpec {
        name: "c".to_owned(),
        module: module.clone(),
        grants: BTreeMap::from([("target".to_owned(), grant)]),
        settings: settings.to_owned(),
        webhooks: BTreeMap::new(),
        polls: BTreeMap::from([("polled".to_owned(), Duration::from_hours(1))]),
        read_only: false,
    }
}

pub(crate) async fn start(directory: &Path, spec: ConnectionSpec) -> Result<Host, HostError> {
    let storage = SqliteStorage::open(&directory.join("db.sqlite")).unwrap();
    Host::start(HostOptions::new(Arc::new(storage)), vec![spec]).await
}

/// Hand in an event with these steps, and answer what has become of it.
pub(crate) async fn run(host: &Host, id: &str, steps: &str) -> EventRecord {
    assert!(host.submit("c", event(id, "o1", Some(steps))).await.unwrap());
    tokio::time::timeout(PATIENCE, host.idle(PATIENCE)).await.unwrap();
    let filter = EventFilter { id: Some(id.to_owned()), ..EventFilter::default() };
    host.events(filter).await.unwrap().remove(0)
}

/// Where an event wrote to.
pub(crate) async fn written(host: &Host, event: &EventRecord) -> Vec<String> {
    let history = host.history(event.sequence).await.unwrap().unwrap();
    let done = history.writes.into_iter().filter(|write| write.state == WriteState::Done);
    done.map(|write| format!("{} {}", write.method, write.url)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_write_is_recorded_where_it_went_and_replayed_with_the_settings_of_then() {
    let target = Target::start(Behaviour::default()).await.unwrap();
    let (directory, module) = (tempfile::tempdir().unwrap(), courier().await);
    let host = start(directory.path(), spec(&target, &module, MOVED)).await.unwrap();
    let moved = run(&host, "moved", "get a\ncreate x").await;
    assert_eq!(moved.state, State::Done, "{:?}", moved.reason);
    assert_eq!(written(&host, &moved).await, ["POST https://target.example/v2/made"]);
    host.shutdown().await;
    drop(host);

    let host = start(directory.path(), spec(&target, &module, "{}")).await.unwrap();
    let usual = run(&host, "usual", "get a\ncreate x").await;
    assert_eq!(usual.state, State::Done, "{:?}", usual.reason);
    assert_eq!(written(&host, &usual).await, ["POST https://target.example/things"]);
    assert_eq!(target.count(), 2);
    let replay = host.replay(WorkId::Event(moved.sequence), None).await.unwrap();
    assert!(replay.identical && replay.unknown.is_empty(), "{:?} {:?}", replay.diff, replay.unknown);
    let preview = host.preview("c", &module, 10).await.unwrap();
    assert_eq!((preview.events(), preview.different()), (2, 0));
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_does_not_start_with_a_path_that_cannot_be_used() {
    let target = Target::start(Behaviour::default()).await.unwrap();
    let (directory, module) = (tempfile::tempdir().unwrap(), courier().await);
    for (settings, expected) in [
        (r#"{"paths":{"get":"/things"}}"#, "connections.c.settings.paths.get: \"/things\" must have {id}"),
        // When it is unknown what came of it, a thing is looked for, and a message is not sent again.
        (r#"{"paths":{"create":"/messages"}}"#, "which is treated otherwise when its outcome is unknown"),
        (r#"{"paths":{"create":"/.."}}"#, "connections.c.settings.paths.create: \"/..\" has a segment"),
    ] {
        let spec = spec(&target, &module, settings);
        let problems = spec.problems(&transload::egress::Egress::default()).join("\n");
        assert!(problems.contains(expected), "{problems}");
        let error = start(directory.path(), spec).await.err().unwrap();
        assert_eq!(error.to_string(), problems);
    }
}
