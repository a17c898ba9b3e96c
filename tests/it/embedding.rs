//! The library in other programs: `examples/embed.rs`, and a host on a platform's own HTTP client and storage.

mod counting;
mod wire;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tempfile::TempDir;
use transload::egress::{Egress, EgressOptions};
use transload::engine::Module;
use transload::runtime::{Host, HostOptions};
use transload::storage::{EventFilter, SqliteStorage, State};
use transload_sandbox::{Offline, OfflineWebhook, PlaceOrder, SandboxOptions};

use self::counting::CountingStorage;
use self::wire::Wire;
use crate::fakes::{Fakes, SHOP, bundled};

/// How long anything may take to settle.
const PATIENCE: Duration = Duration::from_secs(30);

/// Polls are not part of this.
const POLLS: Duration = Duration::from_hours(1);

/// The example's program, which a whole `cargo test` builds beside this one.
fn example() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let path = this.parent().unwrap().parent().unwrap().join("examples").join("embed");
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.is_file(), "{} is not there: `cargo build --examples` makes it", path.display());
    path
}

#[test]
fn two_tenants_of_a_platform_do_not_see_each_other() {
    let run = Command::new(example()).stderr(Stdio::inherit()).output().unwrap();
    assert!(run.status.success(), "{}", run.status);
    let output = String::from_utf8(run.stdout).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    for (tenant, note) in [("acme", "Leave it at the door"), ("bolt", "Ring twice")] {
        assert_eq!(count(&format!("{tenant}: a webhook of ghl was accepted")), 1, "{output}");
        assert_eq!(count(&format!("{tenant}: order in track-pod: ")), 1, "{output}");
        assert_eq!(
            count(&format!("{tenant}: Track-POD holds an order with the note \"{note}\"")),
            1,
            "{output}"
        );
        assert_eq!(count(&format!("{tenant}: Track-POD holds")), 1, "{output}");
    }
    assert_eq!(count("bolt: a webhook of ghl was refused with 401"), 1, "{output}");
    assert_eq!(count("acme: a webhook of ghl was refused"), 0, "{output}");
}

/// A host whose storage and HTTP are the platform's.
struct Platform {
    host: Host,
    storage: Arc<CountingStorage>,
    wire: Arc<Wire>,
    _directory: TempDir,
}

impl Platform {
    async fn new(module: Module, seed: u64) -> Platform {
        let directory = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&directory.path().join("db.sqlite")).unwrap();
        let storage = Arc::new(CountingStorage::new(storage));
        let wire = Arc::new(Wire::new(Offline::new(SandboxOptions {
            seed: Some(seed),
            ..SandboxOptions::default()
        })));
        let egress = Egress::with_transport(EgressOptions::default(), wire.clone());
        let spec = Fakes::offline(&wire.vendors).connection(module, json!({"mode": "all"}), POLLS, &[]);
        let host = Host::start(HostOptions::with_egress(storage.clone(), egress), vec![spec]).await.unwrap();
        Platform { host, storage, wire, _directory: directory }
    }

    /// Places the sandbox's sample order, and answers its webhook.
    fn order(&self) -> OfflineWebhook {
        self.wire.vendors.place_order(PlaceOrder::default(), 1_780_000_000_000).unwrap();
        self.wire.vendors.take_webhooks().remove(0)
    }

    async fn deliver(&self, webhook: &OfflineWebhook) -> u16 {
        let header = |(name, value): &(String, String)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = webhook.headers.iter().map(header).collect();
        let outcome = self.host.deliver(SHOP, "ghl", &headers, webhook.body.clone()).await;
        tokio::time::timeout(PATIENCE, self.host.idle(PATIENCE)).await.unwrap();
        outcome.status()
    }

    fn delivery_orders(&self) -> usize {
        self.wire.vendors.effects().delivery_orders.values().map(Vec::len).sum()
    }
}

/// Both on one thread, as this test's runtime has one.
#[tokio::test]
async fn two_hosts_in_one_process_run_orders_on_the_platforms_http_and_storage() {
    let module = bundled("ghl-track-pod").await;
    let (one, other) = (Platform::new(module.clone(), 1).await, Platform::new(module, 2).await);
    let webhook = one.order();
    assert!(one.host.expects(SHOP, "ghl") && !one.host.expects(SHOP, "rankr"));
    assert_eq!(other.deliver(&webhook).await, 401, "it is signed for another account");
    assert_eq!(one.deliver(&webhook).await, 200);
    assert_eq!((one.delivery_orders(), other.delivery_orders()), (1, 0));

    let events = one.host.events(EventFilter::default()).await.unwrap();
    let [event] = events.as_slice() else { panic!("{events:#?}") };
    assert_eq!(event.state, State::Done, "{event:#?}");
    assert!(other.host.events(EventFilter::default()).await.unwrap().is_empty());
    // One event of one delivery; every write that left was written down before and after.
    let (sent, writes) = (one.wire.writes(), one.storage.count("intend"));
    assert_eq!((one.storage.count("accept"), one.storage.count("finish")), (1, 1));
    assert!(
        sent > 0 && writes == sent && one.storage.count("settle") == sent,
        "{sent} sent, {writes} intended"
    );
    assert_eq!((other.storage.count("accept"), other.wire.writes()), (0, 0));
    one.host.shutdown().await;
    // The other goes on.
    assert_eq!(other.deliver(&other.order()).await, 200);
    assert_eq!(other.delivery_orders(), 1);
    other.host.shutdown().await;
}

/// Set in the process that [`a_host_sets_nothing_for_the_whole_process`] starts.
#[cfg(target_os = "linux")]
const ALONE: &str = "TRANSLOAD_TEST_ALONE";

/// Another program's own choices stay as they are: where its log goes, which cryptography its TLS uses, what its signals do. Seen in
/// a process of its own, as what other tests set would be seen here.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_sets_nothing_for_the_whole_process() {
    if std::env::var_os(ALONE).is_none() {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "embedding::a_host_sets_nothing_for_the_whole_process"]).env(ALONE, "1");
        let output = alone.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let stage = crate::stage::Stage::new().await;
    assert!(!tracing::dispatcher::has_been_set());
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    // HUP, INT, QUIT, PIPE, ALRM, TERM: signal(7) numbers them 1, 2, 3, 13, 14 and 15.
    for signal in [1, 2, 3, 13, 14, 15] {
        assert_eq!(caught >> (signal - 1) & 1, 0, "signal {signal} is caught: {caught:x}");
    }
    stage.end().await;
}
