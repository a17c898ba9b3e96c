//! A connector whose answers are scripted, and a host around it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use tempfile::TempDir;

use super::super::active::{Active, Terms, poll_table, sources};
use super::super::connection::Connection;
use super::super::connector::{Answer, Connector};
use super::super::{DeliveryOutcome, Host, HostLimits, HostOptions};
use super::vendor::Vendor;
use crate::contract::*;
use crate::egress::Secret;
use crate::engine::{CallError, ModuleError, Ports};
pub(in crate::runtime) use crate::storage::conformance::event;
use crate::storage::{EntryWrite, EventFilter, EventRecord, SqliteOptions, SqliteStorage, State, Storage};
use crate::webhook::WebhookConfig;

/// What deliveries carry in `x-token`.
pub(super) const TOKEN: &str = "sesame";

/// What handling an event does.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Done,
    Fail(Failure),
    Trap,
    Panic,
    /// Write an entry, then go on with the other.
    Put(&'static str, &'static str, Box<Reply>),
    /// Count an entry up by compare-and-swap, after telling a rival to write it too.
    Count(&'static str),
    FollowUp(Box<Event>),
    Report(Box<Report>),
    Slow(Duration),
    /// Make requests, `METHOD /path body`, one after another: those that fail have the event tried again.
    Send(&'static [&'static str]),
}

fn busy(reason: String) -> Failure {
    Failure::Retry(Retry { reason, after_ms: None })
}

/// `METHOD /path body`.
fn parsed(request: &str) -> http::Request<Bytes> {
    let mut parts = request.splitn(3, ' ');
    let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
    let body = Bytes::from(parts.next().unwrap_or_default().to_owned());
    http::Request::builder().method(method).uri(format!("https://ghl.example{path}")).body(body).unwrap()
}

pub(super) fn retry(after_ms: Option<u64>) -> Reply {
    Reply::Fail(Failure::Retry(Retry { reason: "busy".to_owned(), after_ms }))
}

/// A connector that answers from scripts: for each event's id a list of replies, `Done` when the list is used up.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    pub(super) pages: Mutex<VecDeque<Result<EventPage, Failure>>>,
    /// What pages of reconciliations bring; an empty last one when there is nothing here.
    pub(super) found: Mutex<VecDeque<Answer<FindingPage>>>,
    /// A request that every page of a job makes.
    pub(super) page_request: Mutex<Option<&'static str>>,
    /// How long a page of a job takes.
    pub(super) page_time: Mutex<Duration>,
    /// The scopes that jobs were given, with the trigger of a backfill.
    pub(super) scopes: Mutex<Vec<(String, u64, u64)>>,
    /// The events that were handled, with their attempts, in the order in which they began.
    pub(super) handled: Mutex<Vec<(String, u32)>>,
    /// The cursors that polls were given.
    pub(super) cursors: Mutex<Vec<Option<String>>>,
    pub(super) running: AtomicUsize,
    pub(super) running_most: AtomicUsize,
    /// Called in the middle of `Count`.
    pub(super) rival: Mutex<Option<Arc<dyn Storage>>>,
    /// How often to poll; once an hour when there is nothing here.
    pub(super) poll_every: Option<Duration>,
    /// Whether its check finds that all is well.
    pub(super) check_passes: AtomicBool,
    /// What its webhooks are proved with; [`TOKEN`] when there is nothing here.
    pub(super) secret: Option<&'static str>,
    /// What its digest ends in.
    pub(super) version: &'static str,
    /// What can be made of kept bytes.
    pub(super) siblings: Mutex<Vec<Arc<Fake>>>,
    pub(super) description: std::sync::OnceLock<Description>,
}

impl Fake {
    pub(super) fn script(&self, id: &str, replies: &[Reply]) {
        self.replies.lock().unwrap().insert(id.to_owned(), replies.iter().cloned().collect());
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.handled.lock().unwrap().iter().map(|(id, _)| id.clone()).collect()
    }

    /// What every page of a job does: it counts itself in the store, and perhaps makes a request.
    async fn work_on_a_page(&self, ports: &Ports, cursor: Option<&str>) {
        self.cursors.lock().unwrap().push(cursor.map(str::to_owned));
        let time = *self.page_time.lock().unwrap();
        tokio::time::sleep(time).await;
        let request = *self.page_request.lock().unwrap();
        if let Some(request) = request {
            let outcome = ports.http.send(parsed(request)).await;
            let said =
                outcome.map_or_else(|error| error.to_string(), |response| response.status().to_string());
            ports.store.put("said", said.into_bytes()).await.unwrap();
        }
        let pages = ports.store.get("pages").await.unwrap();
        let count = pages.as_ref().map_or(0, |entry| entry.value.len());
        let version = pages.map(|entry| entry.version);
        ports.store.compare_and_swap("pages", version, "x".repeat(count + 1).into_bytes()).await.unwrap();
        let rival = self.rival.lock().unwrap().take();
        if let Some(rival) = rival {
            let (key, value) = ("pages".to_owned(), Some(b"x".to_vec()));
            rival
                .write_entries("shop", vec![EntryWrite { key, value, version: 1, expected: None }])
                .await
                .unwrap();
        }
    }

    async fn reply(&self, reply: Reply, ports: &Ports) -> Answer<Receipt> {
        let done = |follow_ups| {
            Ok(Ok(Receipt::Done(Report { effects: Vec::new(), follow_ups, alerts: Vec::new() })))
        };
        match reply {
            Reply::Done => done(Vec::new()),
            Reply::Fail(failure) => Ok(Err(failure)),
            Reply::Trap => Err(CallError::Trap { call: "on-order", reason: "unreachable".to_owned() }),
            Reply::Panic => panic!("a bug in the host"),
            Reply::FollowUp(event) => done(vec![*event]),
            Reply::Report(report) => Ok(Ok(Receipt::Done(*report))),
            Reply::Slow(time) => {
                tokio::time::sleep(time).await;
                done(Vec::new())
            }
            Reply::Send(requests) => {
                for request in requests {
                    match ports.http.send(parsed(request)).await {
                        Ok(response) if response.status().is_success() => {}
                        Ok(response) => return Ok(Err(busy(format!("status {}", response.status())))),
                        Err(error) => return Ok(Err(busy(error.to_string()))),
                    }
                }
                done(Vec::new())
            }
            Reply::Put(key, value, then) => {
                ports.store.put(key, value.as_bytes().to_vec()).await.unwrap();
                Box::pin(self.reply(*then, ports)).await
            }
            Reply::Count(key) => {
                let present = ports.store.get(key).await.unwrap();
                let rival = self.rival.lock().unwrap().take();
                if let Some(rival) = rival {
                    let write = EntryWrite {
                        key: key.to_owned(),
                        value: Some(b"100".to_vec()),
                        version: 1,
                        expected: None,
                    };
                    rival.write_entries("shop", vec![write]).await.unwrap();
                }
                let count =
                    |entry: &Entry| String::from_utf8(entry.value.clone()).unwrap().parse::<u32>().unwrap();
                let next = present.as_ref().map_or(0, count) + 1;
                let version = present.map(|entry| entry.version);
                ports.store.compare_and_swap(key, version, next.to_string().into_bytes()).await.unwrap();
                done(Vec::new())
            }
        }
    }
}

#[async_trait]
impl Connector for Fake {
    fn description(&self) -> &Description {
        self.description.get_or_init(description)
    }

    fn digest(&self) -> &str {
        match self.version {
            "" => "sha256:fake",
            version => version,
        }
    }

    fn bytes(&self) -> Arc<[u8]> {
        Arc::from(self.digest().as_bytes())
    }

    fn bytes_max(&self) -> usize {
        1 << 10
    }

    /// A fake's bytes are its digest.
    async fn sibling(&self, bytes: Vec<u8>) -> Result<Arc<dyn Connector>, ModuleError> {
        let digest = String::from_utf8(bytes).unwrap();
        let known = self.siblings.lock().unwrap().iter().find(|it| it.digest() == digest).cloned();
        Ok(known.unwrap())
    }

    /// A body lists `id subject` pairs, one a line.
    async fn receive(&self, _ports: Ports, delivery: &Delivery) -> Answer<Vec<Event>> {
        let body = String::from_utf8(delivery.body.clone()).unwrap();
        if body == "nonsense" {
            return Ok(Err(Failure::Rejected("this is no delivery".to_owned())));
        }
        Ok(Ok(body
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(id, subject)| event(id, subject))
            .collect()))
    }

    async fn handle(&self, ports: Ports, envelope: &Envelope, _change: &Change) -> Answer<Receipt> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.running_most.fetch_max(running, Ordering::SeqCst);
        self.handled.lock().unwrap().push((envelope.id.clone(), envelope.attempt));
        let reply = self.replies.lock().unwrap().get_mut(&envelope.id).and_then(VecDeque::pop_front);
        let answer = self.reply(reply.unwrap_or(Reply::Done), &ports).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    async fn poll(&self, _ports: Ports, _trigger: &str, cursor: Option<&str>) -> Answer<EventPage> {
        self.cursors.lock().unwrap().push(cursor.map(str::to_owned));
        let page = self.pages.lock().unwrap().pop_front();
        let nothing = EventPage { events: Vec::new(), cursor: cursor.map(str::to_owned), more: false };
        Ok(page.unwrap_or(Ok(nothing)))
    }

    async fn backfill(
        &self,
        ports: Ports,
        trigger: &str,
        window: Window,
        cursor: Option<&str>,
    ) -> Answer<EventPage> {
        self.scopes.lock().unwrap().push((trigger.to_owned(), window.start, window.end));
        self.work_on_a_page(&ports, cursor).await;
        let nothing = EventPage { events: Vec::new(), cursor: None, more: false };
        Ok(self.pages.lock().unwrap().pop_front().unwrap_or(Ok(nothing)))
    }

    async fn reconcile(&self, ports: Ports, scope: &Scope, cursor: Option<&str>) -> Answer<FindingPage> {
        self.scopes.lock().unwrap().push((scope.kinds.join(","), scope.start, scope.end));
        self.work_on_a_page(&ports, cursor).await;
        let nothing = FindingPage { findings: Vec::new(), checked: 0, tallies: Vec::new(), cursor: None };
        self.found.lock().unwrap().pop_front().unwrap_or(Ok(Ok(nothing)))
    }

    async fn run_action(&self, ports: Ports, name: &str, input: &str) -> Answer<String> {
        ports.store.put(name, input.as_bytes().to_vec()).await.unwrap();
        Ok(if name == "bad" { Err(Failure::Rejected("no".to_owned())) } else { Ok("{}".to_owned()) })
    }

    async fn check(&self, ports: Ports) -> Answer<Vec<Probe>> {
        let ok = ports.store.put("k", Vec::new()).await.is_err() && self.check_passes.load(Ordering::SeqCst);
        let (api, scope) = ("ghl".to_owned(), "orders".to_owned());
        Ok(Ok(vec![Probe { api, scope, ok, message: String::new() }]))
    }
}

pub(in crate::runtime) fn description() -> Description {
    let webhook = Webhook {
        signatures: vec![Signature::SharedToken("x-token".to_owned())],
        public_keys: Vec::new(),
        delivery_id: DeliveryId::Header("x-id".to_owned()),
    };
    let api = Api {
        name: "ghl".to_owned(),
        title: String::new(),
        base_url: "https://ghl.example".to_owned(),
        credential: Credential::None,
        version_header: None,
        endpoints: Vec::new(),
        rates: Vec::new(),
        idempotency_header: None,
        webhook: Some(webhook),
    };
    let trigger = Trigger {
        name: "transactions".to_owned(),
        title: String::new(),
        origin: Origin::Poll(3_600_000),
        yields: ChangeKind::Transaction,
        history: true,
        output_schema: "{}".to_owned(),
        sample: "{}".to_owned(),
    };
    Description {
        name: "fake".to_owned(),
        version: "0.1.0".to_owned(),
        title: String::new(),
        summary: String::new(),
        apis: vec![api],
        triggers: vec![trigger],
        actions: Vec::new(),
        settings_schema: "{}".to_owned(),
        templates: Vec::new(),
    }
}

/// A host with one connection, `shop`, its vendor and its database.
pub(super) struct Setup {
    pub(super) fake: Arc<Fake>,
    pub(super) vendor: Arc<Vendor>,
    pub(super) host: Host,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) directory: TempDir,
}

pub(super) async fn start() -> Setup {
    start_with(Fake::default(), HostLimits::default(), TempDir::new().unwrap()).await
}

/// A host that polls every `interval`.
pub(super) async fn start_polling(interval: Duration) -> Setup {
    let fake = Fake { poll_every: Some(interval), ..Default::default() };
    start_with(fake, HostLimits::default(), TempDir::new().unwrap()).await
}

pub(super) async fn start_with(fake: Fake, limits: HostLimits, directory: TempDir) -> Setup {
    start_as(fake, directory, |options| HostOptions { limits, ..options }).await
}

/// A host with other options.
pub(super) async fn start_as(
    fake: Fake,
    directory: TempDir,
    change: impl FnOnce(HostOptions) -> HostOptions,
) -> Setup {
    // On the test's own thread: a clock that is paused moves on while others work.
    let inline = SqliteOptions { inline: true, ..SqliteOptions::default() };
    let storage = SqliteStorage::open_with(&directory.path().join("test.sqlite"), inline).unwrap();
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let (fake, vendor) = (Arc::new(fake), Arc::new(Vendor::default()));
    let active = active(&fake, &vendor);
    let digest = fake.digest().to_owned();
    let options = change(HostOptions { keep: None, ..HostOptions::new(Arc::clone(&storage)) });
    let connection = Connection::new("shop", Terms::default(), &digest, active, &options.limits);
    let host = Host::run(options, vec![connection]).await.unwrap();
    Setup { fake, vendor, host, storage, directory }
}

/// What a connection runs on that has this connector and this vendor.
pub(super) fn active(fake: &Arc<Fake>, vendor: &Arc<Vendor>) -> Active {
    let webhook =
        WebhookConfig { secrets: vec![Secret::new(fake.secret.unwrap_or(TOKEN))], ..Default::default() };
    let webhooks = BTreeMap::from([("ghl".to_owned(), webhook)]);
    let polls = fake.poll_every.map(|interval| ("transactions".to_owned(), interval)).into_iter().collect();
    let mut problems = Vec::new();
    let active = Active {
        connector: Arc::clone(fake) as _,
        outbound: Arc::clone(vendor) as _,
        egress: None,
        sources: sources("shop", fake.description(), &webhooks, &mut problems),
        polls: poll_table("shop", fake.description(), &polls, &mut problems),
        settings: Arc::from("{}"),
    };
    assert_eq!(problems, Vec::<String>::new());
    active
}

impl Setup {
    /// Deliver a body with a good token.
    pub(super) async fn deliver(&self, id: &str, body: &str) -> DeliveryOutcome {
        let mut headers = HeaderMap::new();
        headers.insert("x-token", TOKEN.parse().unwrap());
        headers.insert("x-id", id.parse().unwrap());
        self.host.deliver("shop", "ghl", &headers, Bytes::copy_from_slice(body.as_bytes())).await
    }

    pub(super) async fn submit(&self, id: &str, subject: &str) {
        assert!(self.host.submit("shop", event(id, subject)).await.unwrap());
    }

    /// Wait until nothing is left to do, however late.
    pub(super) async fn settle(&self) {
        self.host.idle(Duration::from_hours(100)).await;
    }

    pub(super) async fn record(&self, id: &str) -> EventRecord {
        let filter = EventFilter { id: Some(id.to_owned()), ..Default::default() };
        self.host.events(filter).await.unwrap().remove(0)
    }

    pub(super) async fn state(&self, id: &str) -> State {
        self.record(id).await.state
    }
}
