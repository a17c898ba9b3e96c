//! Both vendors with a history, and a host beside them, in virtual time: the hours over which rate budgets stretch a job pass
//! at once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tempfile::TempDir;
use tokio::sync::Notify;
use transload::config::WebhookConfig;
use transload::contract::Signature;
use transload::egress::{Egress, EgressOptions, Grant, Portion, Secret, Transport};
use transload::engine::{Engine, EngineOptions, HttpError, Limits, Module};
use transload::runtime::{Clock, ConnectionSpec, DeliveryOutcome, Host, HostLimits, HostOptions, JobRequest};
use transload::storage::{
    EventFilter, EventRecord, FindingFilter, FindingRecord, JobKind, JobRecord, JobState, SqliteOptions,
    SqliteStorage,
};
use transload_sandbox::{Offline, OfflineWebhook, SandboxOptions, Seed, Seeded};

pub(super) const SHOP: &str = "shop";

/// 2026-01-01T00:00:00Z, in milliseconds since 1970: the first order of the history.
pub(super) const FIRST_DAY: u64 = 1_767_225_600_000;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Days over which the orders are spread.
pub(super) const DAYS: u64 = 30;

/// Linear memory of the connector, in bytes: of an order and its payments it keeps nothing, so a sixteenth of what connectors may
/// have is enough for any number of them.
const MEMORY_BYTES: usize = 8 << 20;

/// How long anything may take to come to rest, in virtual time.
const PATIENCE: Duration = Duration::from_hours(12);

/// The vendors, the database and the time, which outlive the host.
pub(super) struct Audit {
    line: Arc<Line>,
    directory: TempDir,
    now: u64,
}

/// The way to the vendors, on which calls are counted.
pub(super) struct Line {
    pub(super) offline: Offline,
    clock: Mutex<Clock>,
    calls: Mutex<Vec<(String, u64)>>,
    /// The host dies when this many more calls have been made.
    left: Mutex<Option<u64>>,
    dies: Notify,
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if self.is_cut() {
            self.dies.notify_one();
            std::future::pending::<()>().await;
        }
        let call = format!("{} {}", request.method(), shape(request.uri().path()));
        let now = self.now();
        self.calls.lock().unwrap().push((call, now));
        Ok(self.offline.call(request, now))
    }
}

impl Line {
    pub(super) fn now(&self) -> u64 {
        self.clock.lock().unwrap().now()
    }

    /// The calls of the vendors since the last look.
    pub(super) fn calls(&self) -> Calls {
        Calls(std::mem::take(&mut *self.calls.lock().unwrap()))
    }

    fn is_cut(&self) -> bool {
        let mut left = self.left.lock().unwrap();
        let Some(calls) = left.as_mut() else { return false };
        match calls.checked_sub(1) {
            Some(fewer) => *calls = fewer,
            None => return true,
        }
        false
    }
}

/// A path without what differs from object to object.
fn shape(path: &str) -> String {
    let is_word = |part: &&str| part.len() < 20 && !part.bytes().any(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = path.split('/').map(|part| if is_word(&part) { part } else { "_" }).collect();
    parts.join("/")
}

impl Audit {
    /// So many orders in January, and a host that was never started.
    pub(super) fn new(orders: usize) -> (Audit, Seeded) {
        let audit = Audit::empty();
        let currencies = ["USD", "EUR", "JPY", "KWD"].map(str::to_owned).to_vec();
        let days = u32::try_from(DAYS).unwrap();
        let seed = Seed { currencies, days, ..Seed::new(orders, "2026-01-01") };
        let seeded = audit.line.offline.seed(seed).unwrap();
        (audit, seeded)
    }

    /// Vendors without an order.
    pub(super) fn empty() -> Audit {
        let line = Line {
            offline: Offline::new(SandboxOptions { pacing: false, ..SandboxOptions::default() }),
            clock: Mutex::new(Clock::system()),
            calls: Mutex::default(),
            left: Mutex::default(),
            dies: Notify::new(),
        };
        // Three days after the last order: what a first poll goes back to is behind it, and nothing is overdue yet.
        let now = FIRST_DAY + (DAYS + 3) * DAY_MS;
        Audit { line: Arc::new(line), directory: directory(), now }
    }

    pub(super) fn line(&self) -> Arc<Line> {
        Arc::clone(&self.line)
    }

    /// One life of the host. It ends as by a kill.
    pub(super) fn live<T>(&mut self, work: impl AsyncFnOnce(&Host) -> T) -> T {
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        let spec = self.spec();
        let (outcome, now) = runtime.block_on(async {
            let clock = Clock::starting_at(self.now);
            *self.line.clock.lock().unwrap() = clock;
            let host = Host::start(self.options(clock), vec![spec]).await.unwrap();
            (work(&host).await, clock.now())
        });
        self.now = now;
        outcome
    }

    /// A life that ends after so many calls of the vendors.
    pub(super) fn die_after(&mut self, calls: u64, work: impl AsyncFnOnce(&Host)) {
        let line = self.line();
        *line.left.lock().unwrap() = Some(calls);
        self.live(async |host| {
            tokio::select! {
                () = line.dies.notified() => {}
                () = work(host) => panic!("the work was done before the kill"),
            }
        });
        *line.left.lock().unwrap() = None;
    }

    fn options(&self, clock: Clock) -> HostOptions {
        let options = SqliteOptions { inline: true, sync: false };
        let storage = SqliteStorage::open_with(&self.directory.path().join("db.sqlite"), options).unwrap();
        let line = Arc::clone(&self.line) as Arc<dyn Transport>;
        HostOptions {
            storage: Arc::new(storage),
            egress: Egress::with_transport(EgressOptions::default(), line),
            limits: HostLimits::default(),
            clock,
            keep: None,
            receivers: Vec::new(),
        }
    }

    fn spec(&self) -> ConnectionSpec {
        let offline = &self.line.offline;
        let options = offline.options();
        let ghl = [
            "payments/orders.readonly",
            "payments/orders.write",
            "payments/orders.collectPayment",
            "payments/transactions.readonly",
            "contacts.readonly",
            "contacts.write",
        ];
        let track_pod = ["account.read", "orders.read", "orders.write"];
        let grants = [
            ("ghl", grant("ghl", &options.ghl_token, &ghl)),
            ("track-pod", grant("track-pod", &options.track_pod_key, &track_pod)),
        ];
        let ghl = WebhookConfig {
            public_keys: Some(vec![offline.ghl_public_key_pem()]),
            ..WebhookConfig::default()
        };
        let track_pod = WebhookConfig {
            secrets: vec![Secret::new(offline.track_pod_secret())],
            signatures: Some(vec![Signature::HmacSha256(options.track_pod_signature_header.clone())]),
            ..WebhookConfig::default()
        };
        // Once, when the host starts: what is planted must not be found by polling.
        let month = Duration::from_hours(24 * 30);
        let polled = ["order-list", "transactions", "delivery-status", "subscriptions"];
        ConnectionSpec {
            name: SHOP.to_owned(),
            module: module(),
            grants: grants.map(|(name, grant)| (name.to_owned(), grant)).into(),
            settings: format!(r#"{{"location_id":"{}","mode":"all"}}"#, options.ghl_location),
            webhooks: [("ghl".to_owned(), ghl), ("track-pod".to_owned(), track_pod)].into(),
            polls: polled.map(|trigger| (trigger.to_owned(), month)).into(),
            read_only: false,
        }
    }
}

/// Calls by method and path, each with its time.
pub(super) struct Calls(Vec<(String, u64)>);

impl Calls {
    pub(super) fn total(&self) -> usize {
        self.0.len()
    }

    /// Those that may change something.
    pub(super) fn writes(&self) -> usize {
        self.0.iter().filter(|(call, _)| !call.starts_with("GET ")).count()
    }

    /// Those of this method and path.
    pub(super) fn of(&self, wanted: &str) -> usize {
        self.0.iter().filter(|(call, _)| call == wanted).count()
    }

    /// The most calls of what is below `path` within so many milliseconds.
    pub(super) fn busiest(&self, path: &str, window_ms: u64) -> usize {
        let times: Vec<u64> =
            self.0.iter().filter(|(call, _)| call.contains(path)).map(|(_, at)| *at).collect();
        let within = |first: usize| times[first..].partition_point(|at| *at < times[first] + window_ms);
        (0..times.len()).map(within).max().unwrap_or(0)
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (call, _) in &self.0 {
            *counts.entry(call).or_default() += 1;
        }
        counts.fmt(f)
    }
}

/// The bundled connector with little memory.
fn module() -> Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    let load = async || {
        let limits = Limits { memory_bytes: MEMORY_BYTES, ..Limits::default() };
        let engine =
            Engine::new(EngineOptions { instances_max: 64, limits, ..EngineOptions::default() }).unwrap();
        engine.load(transload_bundle::find("ghl-track-pod").unwrap().component).await.unwrap()
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    MODULE.get_or_init(|| runtime().block_on(load())).clone()
}

fn grant(api: &str, credential: &str, scopes: &[&str]) -> Grant {
    Grant {
        base_url: Some(format!("https://sandbox.invalid/{api}").parse().unwrap()),
        credential: Some(Secret::new(credential)),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        private_addresses: Vec::new(),
        read_only: false,
    }
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

fn request(kind: JobKind, share: Portion) -> JobRequest {
    let (from, to) = (FIRST_DAY, FIRST_DAY + DAYS * DAY_MS);
    JobRequest { kind, from, to, names: Vec::new(), share, restart: false }
}

/// Does a job to its end; answers it, and whether it had been begun before.
pub(super) async fn job(host: &Host, kind: JobKind, share: Portion) -> (JobRecord, bool) {
    let started = host.start_job(SHOP, request(kind, share)).await.unwrap();
    let job = host.job_left(started.job.number).await.unwrap().job;
    assert_eq!(job.state, JobState::Done, "{:?}", job.reason);
    (job, started.resumed)
}

/// Compares January.
pub(super) async fn reconcile(host: &Host) -> JobRecord {
    job(host, JobKind::Reconcile, Portion::HALF).await.0
}

/// All that a run found.
pub(super) async fn found(host: &Host, run: &JobRecord) -> Vec<FindingRecord> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let filter = FindingFilter { job: Some(run.number), before, ..FindingFilter::default() };
        let page = host.findings(filter).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.number);
        all.extend(page);
    }
}

/// Waits until every event has come to an end; answers all there ever were.
pub(super) async fn at_rest(host: &Host) -> Vec<EventRecord> {
    tokio::time::timeout(PATIENCE, host.idle(PATIENCE)).await.unwrap();
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = host.events(EventFilter { before, ..EventFilter::default() }).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.sequence);
        all.extend(page);
    }
}

/// Delivers a webhook, which has to be taken.
pub(super) async fn deliver(host: &Host, webhook: OfflineWebhook) {
    let mut headers = HeaderMap::new();
    for (name, value) in &webhook.headers {
        headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let outcome = host.deliver(SHOP, webhook.system.name(), &headers, webhook.body).await;
    assert!(matches!(outcome, DeliveryOutcome::Accepted { .. }), "{:?}", outcome.status());
}
