//! Both bundled connectors on one running host, between the same GoHighLevel and the two others. Each is exchanged for another
//! build while orders, deliveries and payments flow, and the other one goes on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use serde_json::json;
use tempfile::TempDir;
use transload::contract::Origin;
use transload::egress::{Egress, EgressOptions, Transport};
use transload::engine::{HttpError, Module};
use transload::runtime::{Clock, ConnectionSpec, Host, HostOptions, SwapRequest};
use transload::storage::{EventFilter, EventRecord, SqliteOptions, SqliteStorage, State};
use transload_sandbox::{
    Json, Offline, OfflineWebhook, Pay, PlaceOrder, RankrKind, SandboxOptions, Step, System,
};

use crate::fakes::{Fakes, bundled, rebuilt};
use crate::flows::reading::{deliver, schedule};
use crate::flows::scene::MORNING;
use crate::stage::order;

/// The connections and their connectors.
const VANS: &str = "vans";
const SINK: &str = "sink";
const CONNECTORS: [(&str, &str); 2] = [(VANS, "ghl-track-pod"), (SINK, "ghl-rankr")];

const ORDERS: usize = 40;

/// After how many orders a connector is exchanged: the two take turns.
const EACH: usize = 5;

/// How long a vendor takes to answer, so that every exchange finds events half-way.
const LATENCY: Duration = Duration::from_millis(50);

/// Between two orders: less than one event takes.
const PACE: Duration = Duration::from_millis(100);

const SECOND: Duration = Duration::from_secs(1);

/// Longer than any pause between two attempts.
const HORIZON: Duration = Duration::from_hours(3);

const NEVER: Duration = Duration::from_hours(24 * 3_650);

/// The way to the vendors, which takes its time.
struct Slow {
    fakes: Arc<Offline>,
    clock: Clock,
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        tokio::time::sleep(LATENCY).await;
        Ok(self.fakes.call(request, self.clock.now()))
    }
}

/// A host with both connections.
struct Pair {
    fakes: Arc<Offline>,
    host: Host,
    clock: Clock,
    /// Of each connection, the bundled module and the other build of it.
    modules: HashMap<&'static str, [Module; 2]>,
    _directory: TempDir,
}

impl Pair {
    async fn new() -> Pair {
        let clock = Clock::starting_at(MORNING);
        let fakes = Arc::new(Offline::new(SandboxOptions::default()));
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions { inline: true, sync: false };
        let storage = SqliteStorage::open_with(&directory.path().join("db.sqlite"), options).unwrap();
        let slow = Arc::new(Slow { fakes: Arc::clone(&fakes), clock });
        let options = HostOptions {
            egress: Egress::with_transport(EgressOptions::default(), slow),
            clock,
            keep: None,
            ..HostOptions::new(Arc::new(storage))
        };
        let (mut specs, mut modules) = (Vec::new(), HashMap::new());
        for (name, connector) in CONNECTORS {
            let module = bundled(connector).await;
            let settings = json!({"mode": "all"});
            let spec = Fakes::offline(&fakes).connection(module.clone(), settings, NEVER, &[]);
            specs.push(ConnectionSpec { name: name.to_owned(), ..spec });
            modules.insert(name, [module, rebuilt(connector).await]);
        }
        let host = Host::start(options, specs).await.unwrap();
        let pair = Pair { fakes, host, clock, modules, _directory: directory };
        pair.settle().await;
        pair
    }

    /// A customer places an order of two coats, and pays it at once.
    fn place(&self, number: usize) -> String {
        let document = order(&format!("c{number}"), "USD", "100", &[("coat", "2", "50")]);
        let placed = PlaceOrder { order: Some(Json::parse(&document).unwrap()), webhook: true };
        let id = self.fakes.place_order(placed, self.clock.now()).unwrap().id;
        self.fakes.pay(&id, Pay::default(), self.clock.now()).unwrap();
        id
    }

    /// Delivers the webhooks that were fired, without waiting for what follows. Answers whether there were any.
    async fn pass_on(&self) -> bool {
        let hooks = self.fakes.take_webhooks();
        for hook in &hooks {
            for (name, takers) in
                [(VANS, [System::Ghl, System::TrackPod]), (SINK, [System::Ghl, System::Rankr])]
            {
                if takers.contains(&hook.system) {
                    self.deliver(name, hook).await;
                }
            }
        }
        !hooks.is_empty()
    }

    async fn deliver(&self, connection: &str, hook: &OfflineWebhook) {
        let header = |(name, value): &(String, String)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = hook.headers.iter().map(header).collect();
        let outcome = self.host.deliver(connection, hook.system.name(), &headers, hook.body.clone()).await;
        assert_eq!(outcome.status(), 200, "{connection} {}", hook.event);
    }

    /// Waits until all that follows is done. Rankr's webhooks are not left lying about: those that are minutes old are refused.
    async fn settle(&self) {
        loop {
            let is_idle = tokio::time::timeout(SECOND, self.host.idle(HORIZON)).await.is_ok();
            if !self.pass_on().await && is_idle {
                return;
            }
        }
    }

    /// A round of every poll of both, and all that follows.
    async fn poll_all(&self) {
        for (name, modules) in &self.modules {
            let triggers = modules[0].description().triggers.iter();
            for trigger in triggers.filter(|trigger| matches!(trigger.origin, Origin::Poll(_))) {
                tokio::time::sleep(Duration::from_mins(1)).await;
                self.host.poll_now(name, &trigger.name).await.unwrap();
                self.settle().await;
            }
        }
    }

    fn digest(&self, connection: &str) -> String {
        let connections = self.host.connections();
        connections.into_iter().find(|status| status.name == connection).unwrap().module
    }

    /// Exchanges a connector for the build that it does not run on, while calls of it are under way.
    async fn exchange(&self, connection: &str) {
        let is_running = |name: &str| {
            self.host.connections().iter().any(|status| status.name == name && status.running > 0)
        };
        while !is_running(connection) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let others = CONNECTORS.iter().map(|(name, _)| *name).filter(|name| *name != connection);
        let others: Vec<(&str, String)> = others.map(|name| (name, self.digest(name))).collect();
        let was = self.digest(connection);
        let next = self.modules[connection].iter().find(|module| module.digest() != was).unwrap();
        let made = self.host.swap(connection, next, SwapRequest::default()).await.unwrap();
        assert_eq!((&*made.was, &*made.module), (&*was, next.digest()));
        for (name, module) in others {
            assert_eq!(self.digest(name), module, "{name} runs on what it ran on");
        }
    }

    /// Every event of a connection.
    async fn events(&self, connection: &str) -> Vec<EventRecord> {
        let (mut events, mut before) = (Vec::new(), None);
        loop {
            let filter =
                EventFilter { connection: Some(connection.to_owned()), before, ..EventFilter::default() };
            let page = self.host.events(filter).await.unwrap();
            let Some(last) = page.last() else { return events };
            before = Some(last.sequence);
            events.extend(page);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_connector_is_exchanged_mid_stream_and_both_keep_running() {
    let pair = Pair::new().await;
    let names = || CONNECTORS.iter().map(|(name, _)| *name).cycle();
    let (mut orders, mut turns) = (Vec::new(), names());
    for number in 0..ORDERS {
        orders.push(pair.place(number));
        pair.pass_on().await;
        tokio::time::sleep(PACE).await;
        if number % EACH == EACH - 1 {
            pair.exchange(turns.next().unwrap()).await;
        }
    }
    pair.settle().await;
    for step in [schedule(), Step::Start, deliver()] {
        for (number, id) in orders.iter().enumerate() {
            pair.fakes.drive(id, step.clone(), pair.clock.now()).unwrap();
            pair.pass_on().await;
            tokio::time::sleep(PACE).await;
            if number == ORDERS / 2 {
                pair.exchange(VANS).await;
            }
        }
        pair.settle().await;
    }
    // GoHighLevel tells nobody of fulfilments and payments.
    pair.poll_all().await;
    each_once(&pair, &orders);
    handled_by_both(&pair).await;
    let writes = pair.fakes.write_counts();
    pair.poll_all().await;
    assert_eq!(pair.fakes.write_counts(), writes, "nothing is left to do");
    pair.host.rollback(SINK, "command", "a person said so").await.unwrap();
    let last = pair.place(ORDERS);
    pair.pass_on().await;
    pair.settle().await;
    assert_eq!(pair.fakes.delivery_orders(&last).len(), 1);
    assert!(pair.fakes.rankr_record(RankrKind::Order, &last).is_some());
    pair.host.shutdown().await;
}

/// Each order is in all three systems, once, delivered and paid.
fn each_once(pair: &Pair, orders: &[String]) {
    for (number, id) in orders.iter().enumerate() {
        assert_eq!(pair.fakes.delivery_orders(id).len(), 1, "{id} in Track-POD");
        assert_eq!(pair.fakes.fulfillments(id).len(), 1, "{id} in GoHighLevel");
        assert_eq!(pair.fakes.rankr_fulfillments(id).len(), 1, "{id} in Rankr");
        let held = pair.fakes.rankr_record(RankrKind::Order, id).unwrap();
        assert_eq!(held.fulfillment_status.as_deref(), Some("fulfilled"));
        assert_eq!(held.payment_status.as_deref(), Some("paid"));
        let notes = pair.fakes.notes(&format!("c{number}"));
        let told: BTreeSet<&String> = notes.iter().collect();
        assert_eq!(told.len(), notes.len(), "none is told twice: {notes:#?}");
    }
    let held = pair.fakes.effects().rankr;
    assert_eq!((held.orders.len(), held.transactions.len()), (ORDERS, ORDERS));
    assert!(held.transactions.values().all(|payment| payment.writes == 1));
}

/// Every event ended well, and on each connection both builds had some.
async fn handled_by_both(pair: &Pair) {
    for (name, modules) in &pair.modules {
        let events = pair.events(name).await;
        for event in &events {
            let is_well = matches!(event.state, State::Done | State::Skipped) && event.attempts == 0;
            assert!(is_well, "{name}: {event:#?}");
        }
        let by: BTreeSet<&str> = events.iter().filter_map(|event| event.module.as_deref()).collect();
        assert_eq!(by, modules.iter().map(Module::digest).collect(), "{name}");
    }
}
