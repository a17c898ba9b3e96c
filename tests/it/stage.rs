//! A sandbox, and a host with the bundled connector that runs against it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use transload::config::WebhookConfig;
use transload::contract::Signature;
use transload::egress::{Grant, Secret};
use transload::engine::{Engine, EngineOptions, Module};
use transload::runtime::{ConnectionSpec, Host, HostOptions};
use transload::storage::{EventFilter, EventRecord, SqliteStorage};
use transload_sandbox::{
    Control, Entry, Fault, FaultKind, Json, PlaceOrder, Sandbox, SandboxOptions, Schedule, Step, System,
    Target,
};

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
        let options = SandboxOptions { pacing: false, webhook_attempts: 1, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut spec = connection(&sandbox).await;
        change(&mut spec);
        let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
        let host = Host::start(HostOptions::new(Arc::new(storage)), vec![spec]).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn({
            let host = host.clone();
            async move { host.serve(listener, std::future::pending()).await }
        });
        let control = sandbox.control();
        for system in [System::Ghl, System::TrackPod] {
            let url = format!("http://{address}/hooks/shop/{}", system.name());
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

/// The bundled connector, compiled once for all tests.
pub(crate) async fn module() -> Module {
    static MODULE: OnceCell<Module> = OnceCell::const_new();
    let load = async || {
        let engine = Engine::new(EngineOptions { instances_max: 64, ..EngineOptions::default() }).unwrap();
        engine.load(transload_bundle::find("ghl-track-pod").unwrap().component).await.unwrap()
    };
    MODULE.get_or_init(load).await.clone()
}

async fn connection(sandbox: &Sandbox) -> ConnectionSpec {
    let module = module().await;
    let options = sandbox.options();
    let grant = |url: String, credential: &str, scopes: &[&str]| Grant {
        base_url: Some(url.parse().unwrap()),
        credential: Some(Secret::new(credential)),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        private_addresses: vec![sandbox.address().to_string()],
        read_only: false,
    };
    let ghl_scopes = [
        "payments/orders.readonly",
        "payments/orders.write",
        "payments/transactions.readonly",
        "contacts.readonly",
        "contacts.write",
    ];
    let track_pod_scopes = ["account.read", "orders.read", "orders.write"];
    let ghl_webhook =
        WebhookConfig { public_keys: Some(vec![sandbox.ghl_public_key_pem()]), ..WebhookConfig::default() };
    let track_pod_webhook = WebhookConfig {
        secrets: vec![Secret::new(sandbox.track_pod_secret())],
        signatures: Some(vec![Signature::HmacSha256(options.track_pod_signature_header.clone())]),
        ..WebhookConfig::default()
    };
    ConnectionSpec {
        name: "shop".to_owned(),
        module,
        grants: BTreeMap::from([
            ("ghl".to_owned(), grant(sandbox.ghl_url(), &options.ghl_token, &ghl_scopes)),
            (
                "track-pod".to_owned(),
                grant(sandbox.track_pod_url(), &options.track_pod_key, &track_pod_scopes),
            ),
        ]),
        settings: format!(r#"{{"location_id":"{}","mode":"all"}}"#, options.ghl_location),
        webhooks: BTreeMap::from([
            ("ghl".to_owned(), ghl_webhook),
            ("track-pod".to_owned(), track_pod_webhook),
        ]),
        polls: BTreeMap::from([("transactions".to_owned(), Duration::from_hours(1))]),
        read_only: false,
    }
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
