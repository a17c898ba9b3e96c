//! A sandbox, a host with a bundled connector, and the people and machines between them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tempfile::TempDir;
use transload::egress::{Egress, EgressOptions};
use transload::runtime::{Clock, ConnectionSpec, DeliveryOutcome, Host, HostLimits, HostOptions};
use transload::storage::{SqliteOptions, SqliteStorage, State};
use transload_sandbox::{
    Edit, Json, Offline, OfflineWebhook, Pay, PlaceOrder, Refund, SandboxOptions, Schedule, Step, System,
};

use super::road::Road;
use crate::fakes::{Fakes, bundled};

pub(crate) use crate::fakes::SHOP;

/// 2026-01-05T08:00:00Z, a Monday morning, in milliseconds since 1970.
pub(crate) const MORNING: u64 = 1_767_600_000_000;

/// What lies between two things that people do.
const MINUTE: Duration = Duration::from_mins(1);

/// Longer than any pause between two attempts that a test is about.
const HORIZON: Duration = Duration::from_hours(3);

/// Polls come when a test asks for them, except the first, with which a connection begins.
const NEVER: Duration = Duration::from_hours(24 * 3_650);

/// The token that the operator's workflows send.
pub(crate) const WORKFLOW_TOKEN: &str = "workflow-token";

/// How a scene is set.
pub(crate) struct Plan {
    /// The bundled connector.
    pub(crate) connector: &'static str,
    /// Settings beside `location_id`.
    pub(crate) settings: Value,
    /// The operator denies every write.
    pub(crate) read_only: bool,
    /// Scopes that are not granted.
    pub(crate) without: &'static [&'static str],
    /// How the fakes are set up.
    pub(crate) sandbox: SandboxOptions,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            connector: "ghl-track-pod",
            settings: json!({"mode": "all"}),
            read_only: false,
            without: &[],
            // A private integration's, `pit-…`, would register no payment provider.
            sandbox: SandboxOptions {
                ghl_token: "marketplace-token".to_owned(),
                ..SandboxOptions::default()
            },
        }
    }
}

/// Everything, for one test.
pub(crate) struct Scene {
    pub(crate) fakes: Arc<Offline>,
    pub(crate) host: Host,
    pub(crate) road: Arc<Road>,
    clock: Clock,
    _directory: TempDir,
}

impl Scene {
    /// All orders and payments, all scopes, the connector's own defaults.
    pub(crate) async fn new() -> Scene {
        Scene::of(Plan::default()).await
    }

    /// The same with settings.
    pub(crate) async fn set(settings: Value) -> Scene {
        Scene::of(Plan { settings, ..Plan::default() }).await
    }

    /// As planned.
    pub(crate) async fn of(plan: Plan) -> Scene {
        let clock = Clock::starting_at(MORNING);
        let fakes = Arc::new(Offline::new(plan.sandbox));
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
        let module = bundled(plan.connector).await;
        let vendors = Fakes::offline(&fakes).with_workflows(WORKFLOW_TOKEN);
        let spec = vendors.connection(module, plan.settings, NEVER, plan.without);
        let spec = ConnectionSpec { read_only: plan.read_only, ..spec };
        let host = Host::start(options, vec![spec]).await.unwrap();
        let scene = Scene { fakes, host, road, clock, _directory: directory };
        // The first round of each poll, which marks from when on things are new.
        scene.later(MINUTE).await;
        scene
    }

    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Lets time pass.
    pub(crate) async fn later(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Delivers the webhooks that were fired, and waits until all that follows is done.
    pub(crate) async fn settle(&self) {
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
    pub(crate) fn intercept(&self) -> Vec<OfflineWebhook> {
        self.fakes.take_webhooks()
    }

    /// A webhook arrives.
    pub(crate) async fn arrive(&self, hook: &OfflineWebhook) -> DeliveryOutcome {
        let source = match hook.system {
            System::Ghl => "ghl",
            System::TrackPod => "track-pod",
            System::Rankr => "rankr",
        };
        self.post(source, &hook.headers, hook.body.clone()).await
    }

    /// Something arrives where webhooks do.
    pub(crate) async fn post(
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
    pub(crate) async fn workflow(&self, token: &str, body: &Value) -> DeliveryOutcome {
        let headers = [("x-transload-token".to_owned(), token.to_owned())];
        let outcome = self.post("ghl", &headers, Bytes::from(body.to_string())).await;
        self.settle().await;
        outcome
    }

    /// A customer places an order. Its webhook waits.
    pub(crate) async fn order(&self, order: &str) -> String {
        self.later(MINUTE).await;
        let order = PlaceOrder { order: Some(Json::parse(order).unwrap()), webhook: true };
        self.fakes.place_order(order, self.now()).unwrap().id
    }

    /// A customer places an order, and all that follows happens.
    pub(crate) async fn place(&self, order: &str) -> String {
        let id = self.order(order).await;
        self.settle().await;
        id
    }

    /// A customer pays this much of an order. That is noticed with the next poll, but for what changes the order.
    pub(crate) async fn pay(&self, order: &str, amount: &str) -> String {
        self.later(MINUTE).await;
        let pay = Pay { amount: Some(serde_json::from_str(amount).unwrap()), status: None };
        let id = self.fakes.pay(order, pay, self.now()).unwrap();
        self.settle().await;
        id
    }

    /// The merchant gives this much of a payment back.
    pub(crate) async fn refund(&self, transaction: &str, amount: &str) {
        self.later(MINUTE).await;
        let refund = Refund { amount: Some(serde_json::from_str(amount).unwrap()) };
        self.fakes.refund(transaction, refund, self.now()).unwrap();
    }

    /// The merchant sets an order's status.
    pub(crate) async fn set_status(&self, order: &str, status: &str) {
        self.later(MINUTE).await;
        self.fakes.set_order_status(order, status, self.now()).unwrap();
        self.settle().await;
    }

    /// The merchant changes an order, and GoHighLevel tells of it.
    pub(crate) async fn edit(&self, order: &str, members: &str) {
        self.later(MINUTE).await;
        let members = Json::parse(members).unwrap();
        let edit = Edit { members, webhook: Some("OrderStatusUpdate".to_owned()) };
        self.fakes.edit_order(order, edit, self.now()).unwrap();
        self.settle().await;
    }

    /// A person changes a delivery in Track-POD, and Track-POD tells of it.
    pub(crate) async fn edit_delivery(&self, id: &str, members: &str) {
        self.later(MINUTE).await;
        let members = Json::parse(members).unwrap();
        let edit = Edit { members, webhook: Some("OrderStatusUpdated".to_owned()) };
        self.fakes.edit_delivery(id, edit, self.now()).unwrap();
        self.settle().await;
    }

    /// Something happens to a delivery. Its webhook waits.
    pub(crate) async fn step(&self, id: &str, step: Step) {
        self.later(MINUTE).await;
        self.fakes.drive(id, step, self.now()).unwrap();
    }

    /// Something happens to a delivery, and all that follows from it.
    pub(crate) async fn drive(&self, id: &str, step: Step) {
        self.step(id, step).await;
        self.settle().await;
    }

    /// A delivery is put on a route, which leaves.
    pub(crate) async fn dispatch(&self, id: &str) {
        self.drive(id, Step::Schedule(Schedule::default())).await;
        self.drive(id, Step::Start).await;
    }

    /// A round of a poll, and all that follows. Answers how many events were new.
    pub(crate) async fn poll(&self, trigger: &str) -> usize {
        self.later(MINUTE).await;
        let new = self.host.poll_now(SHOP, trigger).await.unwrap();
        self.settle().await;
        new
    }

    /// Runs an action, and all that follows.
    pub(crate) async fn action(&self, name: &str, input: &Value) -> Value {
        self.later(MINUTE).await;
        let answer = self.host.run_action(SHOP, name, &input.to_string()).await.unwrap();
        self.settle().await;
        serde_json::from_str(&answer).unwrap()
    }

    /// Nothing is left undone: every event has ended well, and every answer that was to be lost was.
    pub(crate) async fn end(self) {
        for event in self.events().await {
            let ended = matches!(event.state, State::Done | State::Skipped);
            assert!(ended, "{} is {:?}: {:?}", event.event.id, event.state, event.reason);
        }
        self.leave().await;
    }

    /// The same where events are meant to be left.
    pub(crate) async fn leave(self) {
        assert_eq!(self.road.losses(), 0, "an answer that was to be lost was not asked for");
        self.host.shutdown().await;
    }
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}
