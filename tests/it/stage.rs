//! A sandbox, and a host with a bundled connector that runs against it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use transload::engine::Module;
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::{EventFilter, EventRecord, SqliteStorage};
use transload_sandbox::{
    Control, Entry, Fault, FaultKind, Json, PlaceOrder, Sandbox, SandboxOptions, Schedule, Step, System,
    Target,
};

use crate::fakes::{Fakes, SHOP, bundled};

/// The connector that a stage has unless it is said which.
const TRACK_POD: &str = "ghl-track-pod";

/// How often triggers are polled: when a connection begins, and then not before a test is over.
const POLLS: Duration = Duration::from_hours(1);

/// How long anything may take to settle.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything, for one test.
pub(crate) struct Stage {
    pub(crate) control: Control,
    pub(crate) host: Host,
    sandbox: Sandbox,
    server: JoinHandle<()>,
    directory: TempDir,
}

impl Stage {
    /// Everything in order, all scopes granted.
    pub(crate) async fn new() -> Stage {
        Stage::with(|_| {}).await
    }

    /// The same, with the connection changed before the host starts.
    pub(crate) async fn with(change: impl FnOnce(&mut ConnectionSpec)) -> Stage {
        Stage::of(TRACK_POD, json!({"mode": "all"}), change).await
    }

    /// The same for another bundled connector, with settings beside `location_id`.
    pub(crate) async fn of(
        connector: &str,
        settings: Value,
        change: impl FnOnce(&mut ConnectionSpec),
    ) -> Stage {
        let options = SandboxOptions { pacing: false, webhook_attempts: 1, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let module = bundled(connector).await;
        let mut spec = Fakes::listening(&sandbox).connection(module, settings, POLLS, &[]);
        change(&mut spec);
        let apis: Vec<String> = spec.webhooks.keys().cloned().collect();
        let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
        let host = Host::start(HostOptions::new(Arc::new(storage)), vec![spec]).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn({
            let host = host.clone();
            async move { host.serve(listener, std::future::pending()).await }
        });
        let control = sandbox.control();
        for api in apis {
            let system = System::from_name(&api).unwrap();
            let url = format!("http://{address}/hooks/{SHOP}/{api}");
            control.set_target(system, Some(&Target { url, events: Vec::new() })).await.unwrap();
        }
        Stage { control, host, sandbox, server, directory }
    }

    /// Places an order and waits until all that follows from it is done.
    pub(crate) async fn place(&self, order: &str) -> String {
        let order = Json::parse(order).unwrap();
        let placed =
            self.control.place_order(&PlaceOrder { order: Some(order), webhook: true }).await.unwrap();
        self.settle().await;
        placed.id
    }

    /// Takes a delivery to its last step.
    pub(crate) async fn drive(&self, id: &str, last: Step) {
        for step in [Step::Schedule(Schedule::default()), Step::Start, last] {
            self.control.drive(id, &step).await.unwrap();
        }
        self.settle().await;
    }

    /// Waits until every webhook is sent and every event handled.
    pub(crate) async fn settle(&self) {
        assert!(self.control.webhooks_settled(PATIENCE).await.unwrap());
        tokio::time::timeout(PATIENCE, self.host.idle(PATIENCE)).await.unwrap();
    }

    /// The next request to meet a fault.
    pub(crate) async fn fault(&self, system: System, method: &str, path: &str, kind: FaultKind) {
        let method = Some(method.to_owned());
        let fault = Fault { system, method, path: path.to_owned(), skip: 0, times: 1, kind };
        self.control.add_fault(&fault).await.unwrap();
    }

    /// The writes that a vendor received.
    pub(crate) async fn writes(&self, system: System, method: &str, path: &str) -> Vec<Entry> {
        let ledger = self.control.ledger(0).await.unwrap();
        assert_eq!(ledger.missed, 0);
        let matches = |entry: &Entry| entry.system == system && entry.method == method && entry.path == path;
        ledger.entries.into_iter().filter(matches).collect()
    }

    /// The events that the host knows, newest first.
    pub(crate) async fn events(&self) -> Vec<EventRecord> {
        self.host.events(EventFilter::default()).await.unwrap()
    }

    pub(crate) async fn end(self) {
        self.host.shutdown().await;
        self.server.abort();
        self.sandbox.shutdown().await;
        drop(self.directory);
    }
}

/// The connector to Track-POD, compiled once for all tests.
pub(crate) async fn module() -> Module {
    bundled(TRACK_POD).await
}

/// An order for a contact of its own, with this total and these lines: price id, quantity, unit price.
pub(crate) fn order(contact: &str, currency: &str, total: &str, lines: &[(&str, &str, &str)]) -> String {
    let item = |(id, quantity, price): &(&str, &str, &str)| {
        format!(
            r#"{{"name":"{id}","qty":{quantity},"product":{{"_id":"product-{id}","name":"{id}"}},
                "price":{{"_id":"{id}","name":"{id}","type":"one_time","currency":"{currency}","amount":{price}}}}}"#
        )
    };
    let items: Vec<String> = lines.iter().map(item).collect();
    format!(
        r#"{{"contactId":"{contact}","currency":"{currency}","amount":{total},"liveMode":true,
            "source":{{"type":"website","subType":"store","id":"store","name":"Store"}},
            "contactSnapshot":{{"id":"{contact}","firstName":"Ada","lastName":"Fuller","phone":"+15005550100",
                "address1":"7 Mill Lane","city":"Bath","postalCode":"BA1 1AA","country":"GB"}},
            "items":[{}]}}"#,
        items.join(",")
    )
}
