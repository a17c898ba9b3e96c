//! A host with one connection, called `c`, that runs on a courier, and the couriers compiled once for all tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::OnceCell;
use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::{Activation, EventFilter, EventRecord, SqliteStorage, State};
use transload_tests::target::{Behaviour, Target};

use crate::event::event;

/// How long anything may take to settle.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection's name.
pub(super) const CONNECTION: &str = "c";

/// The couriers, and a connector that is none.
pub(super) struct Modules {
    pub(super) engine: Engine,
    pub(super) first: Module,
    pub(super) next: Module,
    /// Traps in every event.
    pub(super) bad: Module,
    /// Of other APIs, and with settings of its own.
    pub(super) stranger: Module,
}

pub(super) async fn modules() -> &'static Modules {
    static MODULES: OnceCell<Modules> = OnceCell::const_new();
    MODULES
        .get_or_init(async || {
            let options = EngineOptions { instances_max: 64, ..EngineOptions::default() };
            let engine = Engine::new(options).unwrap();
            let stranger = transload_bundle::find("ghl-track-pod").unwrap().component;
            Modules {
                first: engine.load(transload_tests::COURIER_GUEST).await.unwrap(),
                next: engine.load(transload_tests::COURIER_NEXT_GUEST).await.unwrap(),
                bad: engine.load(transload_tests::COURIER_BAD_GUEST).await.unwrap(),
                stranger: engine.load(stranger).await.unwrap(),
                engine,
            }
        })
        .await
}

/// A host, the API that it talks to, and its directory.
pub(super) struct Stand {
    pub(super) host: Host,
    pub(super) target: Target,
    directory: TempDir,
}

impl Stand {
    /// A host on the first courier, against a target that takes `pause` over each answer.
    pub(super) async fn new(pause: Duration) -> Stand {
        let target = Target::start(Behaviour { pause, ..Behaviour::default() }).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let host = start(directory.path(), &target).await;
        Stand { host, target, directory }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// End the host and start another on the same database, with the configuration that it had.
    pub(super) async fn restart(self) -> Stand {
        let Stand { host, target, directory } = self;
        host.shutdown().await;
        drop(host);
        let host = start(directory.path(), &target).await;
        Stand { host, target, directory }
    }

    /// Hand in an event of `subject` with these steps.
    pub(super) async fn submit(&self, id: &str, subject: &str, steps: &str) {
        assert!(
            self.host.submit(CONNECTION, event(id, subject, Some(steps))).await.unwrap(),
            "{id} is not new"
        );
    }

    /// Wait until nothing runs or will.
    pub(super) async fn settle(&self) {
        tokio::time::timeout(PATIENCE, self.host.idle(PATIENCE)).await.unwrap();
    }

    /// The digest of the module that the connection runs on.
    pub(super) fn digest(&self) -> String {
        self.host.connections().remove(0).module
    }

    /// Wait until the connection runs on `module`.
    pub(super) async fn runs_on(&self, module: &Module) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.digest() != module.digest() {
            assert!(tokio::time::Instant::now() < deadline, "it still runs on {}", self.digest());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Wait until an event stands there, and `module` brought it there.
    pub(super) async fn comes_to(&self, id: &str, state: State, module: &Module) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let filter = EventFilter { id: Some(id.to_owned()), ..EventFilter::default() };
            let event = self.host.events(filter).await.unwrap().remove(0);
            if event.state == state && event.module.as_deref() == Some(module.digest()) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{event:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Every event, newest first.
    pub(super) async fn events(&self) -> Vec<EventRecord> {
        let mut events: Vec<EventRecord> = Vec::new();
        loop {
            let before = events.last().map(|event| event.sequence);
            let page = self.host.events(EventFilter { before, ..EventFilter::default() }).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Every event, all of them done.
    pub(super) async fn all_done(&self) -> Vec<EventRecord> {
        self.settle().await;
        let events = self.events().await;
        for event in &events {
            assert_eq!(event.state, State::Done, "{event:?}");
        }
        events
    }

    pub(super) async fn activations(&self) -> Vec<Activation> {
        self.host.activations(CONNECTION, 1_000).await.unwrap()
    }

    pub(super) async fn end(self) {
        self.host.shutdown().await;
    }
}

async fn start(directory: &Path, target: &Target) -> Host {
    let storage = SqliteStorage::open(&directory.join("db.sqlite")).unwrap();
    let options = HostOptions::new(Arc::new(storage));
    Host::start(options, vec![connection(target, modules().await.first.clone())]).await.unwrap()
}

/// A connection against `target`, with everything granted that couriers ask for.
fn connection(target: &Target, module: Module) -> ConnectionSpec {
    let grant = |scopes: &[&str]| Grant {
        base_url: Some(target.url().parse().unwrap()),
        credential: Some(Secret::new("token")),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        private_addresses: vec![target.address().to_string()],
        read_only: false,
    };
    ConnectionSpec {
        name: CONNECTION.to_owned(),
        module,
        grants: BTreeMap::from([
            ("target".to_owned(), grant(&["things.read", "things.write", "messages.write"])),
            ("keyed".to_owned(), grant(&["payments.write"])),
        ]),
        settings: "{}".to_owned(),
        webhooks: BTreeMap::new(),
        polls: BTreeMap::from([("polled".to_owned(), Duration::from_hours(1))]),
        read_only: false,
    }
}
