//! One connection at run time.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::clock;
use super::connector::Connector;
use super::observe::{Feed, Scribe};
use super::options::{ConnectionSpec, HostLimits};
use super::queue::Queue;
use super::schema;
use super::store::CallStore;
use super::subjects::Subjects;
use crate::config::WebhookConfig;
use crate::contract::{Api, DeliveryId, Description, Origin};
use crate::egress::Egress;
use crate::engine::ports::NoStore;
use crate::engine::{Http, Ports, Store};
use crate::storage::{Storage, WorkId};
use crate::webhook::Verifier;

/// Gives the requests of one call a way out that tells a scribe of each.
pub(super) type Outlet = dyn Fn(Arc<Scribe>) -> Arc<dyn Http> + Send + Sync;

/// A connection and its waiting work.
pub(super) struct Connection {
    pub(super) name: Arc<str>,
    pub(super) connector: Arc<dyn Connector>,
    /// Where deliveries may come from, by the name of the API.
    pub(super) sources: BTreeMap<String, Source>,
    /// The triggers that are polled.
    pub(super) polls: BTreeMap<String, Poll>,
    /// Tells the dispatcher that the queue has changed.
    pub(super) changed: Notify,
    /// Lets one call at a time at each subject.
    pub(super) subjects: Subjects,
    /// Polls that are running or about to.
    pub(super) polling: AtomicUsize,
    settings: Arc<str>,
    outlet: Box<Outlet>,
    queue: Mutex<Queue>,
}

/// How one API's deliveries are verified and told apart.
pub(super) struct Source {
    pub(super) verifier: Verifier,
    pub(super) delivery_id: DeliveryId,
}

/// A trigger that is polled.
pub(super) struct Poll {
    pub(super) interval: Duration,
    /// One poll at a time: the cursor moves with each.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Connection {
    /// Check a connection against its connector's manifest. Fails with every problem, each with its key.
    pub(super) fn new(
        spec: ConnectionSpec,
        egress: &Egress,
        limits: &HostLimits,
    ) -> Result<Connection, Vec<String>> {
        let ConnectionSpec { name, module, mut grants, settings, webhooks, polls, read_only } = spec;
        let mut problems = Vec::new();
        grants.values_mut().for_each(|grant| grant.read_only |= read_only);
        problems.extend(schema::problems(&name, &module.description().settings_schema, &settings));
        let egress = egress.connection(&name, module.description(), grants);
        let egress = egress.map_err(|error| problems.push(error.to_string())).ok();
        let parts = Parts {
            sources: sources(&name, module.description(), &webhooks, &mut problems),
            polls: poll_table(&name, module.description(), &polls, &mut problems),
            settings,
        };
        match egress {
            Some(egress) if problems.is_empty() => {
                let outlet = move |scribe: Arc<Scribe>| Arc::new(egress.observed(scribe)) as Arc<dyn Http>;
                Ok(Connection::assemble(&name, Arc::new(module), Box::new(outlet), parts, limits))
            }
            _ => Err(problems),
        }
    }

    pub(super) fn assemble(
        name: &str,
        connector: Arc<dyn Connector>,
        outlet: Box<Outlet>,
        parts: Parts,
        limits: &HostLimits,
    ) -> Connection {
        Connection {
            name: Arc::from(name),
            connector,
            sources: parts.sources,
            polls: parts.polls,
            changed: Notify::new(),
            subjects: Subjects::default(),
            polling: AtomicUsize::new(0),
            settings: Arc::from(parts.settings),
            outlet,
            queue: Mutex::new(Queue::new(limits.workers_per_connection, limits.events_waiting)),
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between its methods, and none of them panics part-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one call of the connector needs, and what is left of it.
    pub(super) fn call(&self, storage: &Arc<dyn Storage>, feed: &Feed, work: Option<WorkId>) -> Call {
        let store = Arc::new(CallStore::new(Arc::clone(storage), &self.name));
        let (ports, scribe) = self.ports(Arc::clone(&store) as _, feed, work);
        Call { ports, store, scribe }
    }

    /// What a call may reach that must leave no trace.
    pub(super) fn ports_without_store(&self, feed: &Feed) -> Ports {
        self.ports(Arc::new(NoStore), feed, None).0
    }

    fn ports(&self, store: Arc<dyn Store>, feed: &Feed, work: Option<WorkId>) -> (Ports, Arc<Scribe>) {
        let scribe = Arc::new(Scribe::new(feed.clone(), Arc::clone(&self.name), work));
        let http = (self.outlet)(Arc::clone(&scribe));
        let log = Arc::clone(&scribe) as _;
        let settings = Arc::clone(&self.settings);
        let ports = Ports { http, store, settings, log, now: clock::now(), seed: fastrand::u64(..) };
        (ports, scribe)
    }
}

/// One call of a connector.
pub(super) struct Call {
    /// What it may reach.
    pub(super) ports: Ports,
    /// What it writes, until that is committed.
    pub(super) store: Arc<CallStore>,
    /// What it did.
    pub(super) scribe: Arc<Scribe>,
}

/// What is derived from a manifest and the operator's overrides.
pub(super) struct Parts {
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) polls: BTreeMap<String, Poll>,
    pub(super) settings: String,
}

/// The verification of each API that sends webhooks, or is made to by an operator who lists signatures.
pub(super) fn sources(
    name: &str,
    description: &Description,
    overrides: &BTreeMap<String, WebhookConfig>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Source> {
    let none = WebhookConfig::default();
    let mut sources = BTreeMap::new();
    for api in &description.apis {
        let table = format!("connections.{name}.apis.{}.webhook", api.name);
        let given = overrides.get(&api.name).unwrap_or(&none);
        match source(&table, api, given) {
            Ok(Some(source)) => {
                sources.insert(api.name.clone(), source);
            }
            Ok(None) => {}
            Err(problem) => problems.push(format!("{table}: {problem}")),
        }
    }
    sources
}

fn source(table: &str, api: &Api, given: &WebhookConfig) -> Result<Option<Source>, String> {
    if api.webhook.is_none() && given.signatures.is_none() {
        return Ok(None);
    }
    let of_manifest = api.webhook.as_ref();
    let signatures = given.signatures.as_deref().or(of_manifest.map(|webhook| webhook.signatures.as_slice()));
    let keys = given.public_keys.as_deref().or(of_manifest.map(|webhook| webhook.public_keys.as_slice()));
    let verifier =
        Verifier::new(table, signatures.unwrap_or_default(), keys.unwrap_or_default(), &given.secrets)
            .map_err(|error| error.to_string())?;
    let delivery_id = of_manifest.map_or(DeliveryId::Digest, |webhook| webhook.delivery_id.clone());
    Ok(Some(Source { verifier, delivery_id }))
}

/// The triggers to poll, as often as the manifest or the operator says.
pub(super) fn poll_table(
    name: &str,
    description: &Description,
    overrides: &BTreeMap<String, Duration>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Poll> {
    let mut polls = BTreeMap::new();
    for trigger in &description.triggers {
        if let Origin::Poll(every_ms) = trigger.origin {
            let interval = overrides.get(&trigger.name).copied().unwrap_or(Duration::from_millis(every_ms));
            // A manifest that says 0 would have us poll without a pause.
            let interval = interval.max(super::poll::INTERVAL_MIN);
            polls.insert(trigger.name.clone(), Poll { interval, turn: tokio::sync::Mutex::new(()) });
        }
    }
    for trigger in overrides.keys().filter(|trigger| !polls.contains_key(*trigger)) {
        let known: Vec<&str> = polls.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        problems.push(format!(
            "connections.{name}.polls.{trigger}: the connector polls no trigger of this name; it polls {known}"
        ));
    }
    polls
}
