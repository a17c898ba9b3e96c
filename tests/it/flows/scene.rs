//! A sandbox, a host with the bundled connector, and the people and machines between them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tempfile::TempDir;
use transload::config::WebhookConfig;
use transload::contract::Signature;
use transload::egress::{Egress, EgressOptions, Grant, Secret};
use transload::runtime::{Clock, ConnectionSpec, DeliveryOutcome, Host, HostLimits, HostOptions};
use transload::storage::{SqliteOptions, SqliteStorage, State};
use transload_sandbox::{
    Edit, Json, Offline, OfflineWebhook, Pay, PlaceOrder, Refund, SandboxOptions, Schedule, Step, System,
};

use super::road::Road;
use crate::stage::module;

/// The connection.
pub(super) const SHOP: &str = "shop";

/// 2026-01-05T08:00:00Z, a Monday morning, in milliseconds since 1970.
pub(super) const MORNING: u64 = 1_767_600_000_000;

/// What lies between two things that people do.
const MINUTE: Duration = Duration::from_mins(1);

/// Longer than any pause between two attempts that a test is about.
const HORIZON: Duration = Duration::from_hours(3);

/// Polls come when a test asks for them, except the first, with which a connection begins.
const NEVER: Duration = Duration::from_hours(24 * 3_650);

/// The token that the operator's workflows send.
pub(super) const WORKFLOW_TOKEN: &str = "workflow-token";

/// How a scene is set.
pub(super) struct Plan {
    /// Settings beside `location_id`.
    pub(super) settings: Value,
    /// The operator denies every write.
    pub(super) read_only: bool,
    /// Scopes that are not granted.
    pub(super) without: &'static [&'static str],
    /// The token of GoHighLevel. A private integration's, `pit-…`, registers no payment provider.
    pub(super) ghl_token: &'static str,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            settings: json!({"mode": "all"}),
            read_only: false,
            without: &[],
            ghl_token: "marketplace-token",
        }
    }
}

/// Everything, for one test.
pub(super) struct Scene {
    pub(super) fakes: Arc<Offline>,
    pub(super) host: Host,
    pub(super) road: Arc<Road>,
    clock: Clock,
    _directory: TempDir,
}

impl Scene {
    /// All orders and payments, all scopes, the connector's own defaults.
    pub(super) async fn new() -> Scene {
        Scene::of(Plan::default()).await
    }

    /// The same with settings.
    pub(super) async fn set(settings: Value) -> Scene {
        Scene::of(Plan { settings, ..Plan::default() }).await
    }

    /// As planned.
    pub(super) async fn of(plan: Plan) -> Scene {
        let clock = Clock::starting_at(MORNING);
        let options = SandboxOptions { ghl_token: plan.ghl_token.to_owned(), ..SandboxOptions::default() };
        let fakes = Arc::new(Offline::new(options));
        let road = Arc::new(Road::new(Arc::clone(&fakes), clock));
        let directory = directory();
        let storage = SqliteStorage::open_with(
            &directory.path().join("db.sqlite"),
            // What is under way in a thread holds up virtual time no more than a disk does.
            SqliteOptions { inline: true, sync: false },
        );
        let transport = Arc::clone(&road);
        let options = HostOptions {
            egress: Egress::with_transport(EgressOptions::default(), transport),
            // Tests run side by side on one pool of instances.
            limits: HostLimits { workers: 8, workers_per_connection: 8, ..HostLimits::default() },
            clock,
            keep: None,
            ..HostOptions::new(Arc::new(storage.unwrap()))
        };
        let spec = spec(&fakes, plan).await;
        let host = Host::start(options, vec![spec]).await.unwrap();
        let scene = Scene { fakes, host, road, clock, _directory: directory };
        // The first round of each poll, which marks from when on things are new.
        scene.later(MINUTE).await;
        scene
    }

    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Lets time pass.
    pub(super) async fn later(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Delivers the webhooks that were fired, and waits until all that follows is done.
    pub(super) async fn settle(&self) {
        loop {
            self.host.idle(HORIZON).await;
            let hooks = self.fakes.take_webhooks();
            if hooks.is_empty() {
                return;
            }
            for hook in hooks {
                assert_eq!(self.arrive(&hook).await.status(), 200);
            }
        }
    }

    /// The webhooks that wait to be delivered: to lose, double or turn round.
    pub(super) fn intercept(&self) -> Vec<OfflineWebhook> {
        self.fakes.take_webhooks()
    }

    /// A webhook arrives.
    pub(super) async fn arrive(&self, hook: &OfflineWebhook) -> DeliveryOutcome {
        let source = match hook.system {
            System::Ghl => "ghl",
            System::TrackPod => "track-pod",
            System::Rankr => "rankr",
        };
        self.post(source, &hook.headers, hook.body.clone()).await
    }

    /// Something arrives where webhooks do.
    pub(super) async fn post(
        &self,
        source: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> DeliveryOutcome {
        let header = |(name, value): &(String, String)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        self.host.deliver(SHOP, source, &headers, body).await
    }

    /// A workflow's Custom Webhook action sends `body`, with the operator's token.
    pub(super) async fn workflow(&self, token: &str, body: &Value) -> DeliveryOutcome {
        let headers = [("x-transload-token".to_owned(), token.to_owned())];
        let outcome = self.post("ghl", &headers, Bytes::from(body.to_string())).await;
        self.settle().await;
        outcome
    }

    /// A customer places an order. Its webhook waits.
    pub(super) async fn order(&self, order: &str) -> String {
        self.later(MINUTE).await;
        let order = PlaceOrder { order: Some(Json::parse(order).unwrap()), webhook: true };
        self.fakes.place_order(order, self.now()).unwrap().id
    }

    /// A customer places an order, and all that follows happens.
    pub(super) async fn place(&self, order: &str) -> String {
        let id = self.order(order).await;
        self.settle().await;
        id
    }

    /// A customer pays this much of an order. That is noticed with the next poll, but for what changes the order.
    pub(super) async fn pay(&self, order: &str, amount: &str) -> String {
        self.later(MINUTE).await;
        let pay = Pay { amount: Some(serde_json::from_str(amount).unwrap()), status: None };
        let id = self.fakes.pay(order, pay, self.now()).unwrap();
        self.settle().await;
        id
    }

    /// The merchant gives this much of a payment back.
    pub(super) async fn refund(&self, transaction: &str, amount: &str) {
        self.later(MINUTE).await;
        let refund = Refund { amount: Some(serde_json::from_str(amount).unwrap()) };
        self.fakes.refund(transaction, refund, self.now()).unwrap();
    }

    /// The merchant sets an order's status.
    pub(super) async fn set_status(&self, order: &str, status: &str) {
        self.later(MINUTE).await;
        self.fakes.set_order_status(order, status, self.now()).unwrap();
        self.settle().await;
    }

    /// The merchant changes an order, and GoHighLevel tells of it.
    pub(super) async fn edit(&self, order: &str, members: &str) {
        self.later(MINUTE).await;
        let members = Json::parse(members).unwrap();
        let edit = Edit { members, webhook: Some("OrderStatusUpdate".to_owned()) };
        self.fakes.edit_order(order, edit, self.now()).unwrap();
        self.settle().await;
    }

    /// A person changes a delivery in Track-POD, and Track-POD tells of it.
    pub(super) async fn edit_delivery(&self, id: &str, members: &str) {
        self.later(MINUTE).await;
        let members = Json::parse(members).unwrap();
        let edit = Edit { members, webhook: Some("OrderStatusUpdated".to_owned()) };
        self.fakes.edit_delivery(id, edit, self.now()).unwrap();
        self.settle().await;
    }

    /// Something happens to a delivery. Its webhook waits.
    pub(super) async fn step(&self, id: &str, step: Step) {
        self.later(MINUTE).await;
        self.fakes.drive(id, step, self.now()).unwrap();
    }

    /// Something happens to a delivery, and all that follows from it.
    pub(super) async fn drive(&self, id: &str, step: Step) {
        self.step(id, step).await;
        self.settle().await;
    }

    /// A delivery is put on a route, which leaves.
    pub(super) async fn dispatch(&self, id: &str) {
        self.drive(id, Step::Schedule(Schedule::default())).await;
        self.drive(id, Step::Start).await;
    }

    /// A round of a poll, and all that follows. Answers how many events were new.
    pub(super) async fn poll(&self, trigger: &str) -> usize {
        self.later(MINUTE).await;
        let new = self.host.poll_now(SHOP, trigger).await.unwrap();
        self.settle().await;
        new
    }

    /// Runs an action, and all that follows.
    pub(super) async fn action(&self, name: &str, input: &Value) -> Value {
        self.later(MINUTE).await;
        let answer = self.host.run_action(SHOP, name, &input.to_string()).await.unwrap();
        self.settle().await;
        serde_json::from_str(&answer).unwrap()
    }

    /// Nothing is left undone: every event has ended well, and every answer that was to be lost was.
    pub(super) async fn end(self) {
        for event in self.events().await {
            let ended = matches!(event.state, State::Done | State::Skipped);
            assert!(ended, "{} is {:?}: {:?}", event.event.id, event.state, event.reason);
        }
        self.leave().await;
    }

    /// The same where events are meant to be left.
    pub(super) async fn leave(self) {
        assert_eq!(self.road.losses(), 0, "an answer that was to be lost was not asked for");
        self.host.shutdown().await;
    }
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

async fn spec(fakes: &Offline, plan: Plan) -> ConnectionSpec {
    let (module, options) = (module().await, fakes.options());
    let scopes = |api: &str| {
        let api = module.description().apis.iter().find(|it| it.name == api).unwrap();
        let mut scopes: Vec<String> = api.endpoints.iter().map(|it| it.scope.clone()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.retain(|scope| !plan.without.contains(&scope.as_str()));
        scopes
    };
    let grant = |api: &str, url: &str, credential: &str| Grant {
        base_url: Some(url.parse().unwrap()),
        credential: Some(Secret::new(credential)),
        scopes: scopes(api),
        private_addresses: Vec::new(),
        read_only: false,
    };
    let grants = [
        ("ghl".to_owned(), grant("ghl", "https://sandbox.invalid/ghl", &options.ghl_token)),
        (
            "track-pod".to_owned(),
            grant("track-pod", "https://sandbox.invalid/track-pod", &options.track_pod_key),
        ),
    ];
    let mut settings = plan.settings;
    settings["location_id"] = json!(options.ghl_location);
    let polls = ["order-list", "transactions", "delivery-status", "subscriptions"];
    ConnectionSpec {
        name: SHOP.to_owned(),
        grants: grants.into(),
        settings: settings.to_string(),
        webhooks: webhooks(fakes).into(),
        polls: polls.map(|name| (name.to_owned(), NEVER)).into(),
        read_only: plan.read_only,
        module,
    }
}

fn webhooks(fakes: &Offline) -> [(String, WebhookConfig); 2] {
    let ghl = WebhookConfig {
        public_keys: Some(vec![fakes.ghl_public_key_pem()]),
        secrets: vec![Secret::new(WORKFLOW_TOKEN)],
        signatures: None,
    };
    let header = fakes.options().track_pod_signature_header.clone();
    let track_pod = WebhookConfig {
        secrets: vec![Secret::new(fakes.track_pod_secret())],
        signatures: Some(vec![Signature::HmacSha256(header)]),
        ..WebhookConfig::default()
    };
    [("ghl".to_owned(), ghl), ("track-pod".to_owned(), track_pod)]
}
