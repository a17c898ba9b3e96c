//! What a host is started with, and why it may not start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::active::{self, Terms};
use super::clock::Clock;
#[cfg(feature = "config")]
use crate::config::ConnectionConfig;
use crate::egress::{Egress, Grant};
use crate::engine::Module;
use crate::notices::Receiver;
use crate::storage::{Storage, StorageError};
use crate::webhook::WebhookConfig;

/// How much a host does at once and holds at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLimits {
    /// Calls of connectors at once, over all connections. Most of them wait for a vendor, so there are more than cores.
    pub workers: usize,
    /// Calls at once of one connection, so that one slow vendor leaves workers to the others.
    pub workers_per_connection: usize,
    /// Deliveries of one connection that wait to be read. Beyond them the sender is asked to come back later.
    pub deliveries_waiting: usize,
    /// Events of one connection that wait to be handled. Beyond them deliveries stay unread and polls are put off;
    /// beyond twice as many, an event that brings further ones is tried again later.
    pub events_waiting: usize,
}

impl Default for HostLimits {
    fn default() -> HostLimits {
        HostLimits {
            workers: 128,
            workers_per_connection: 32,
            // About 200 bytes each in memory: 2 MB; the bodies wait on the disk.
            deliveries_waiting: 10_000,
            // The same, 20 MB.
            events_waiting: 100_000,
        }
    }
}

/// What a host is made of.
pub struct HostOptions {
    /// Where everything is kept.
    pub storage: Arc<dyn Storage>,
    /// How requests go out.
    pub egress: Egress,
    /// How much at once.
    pub limits: HostLimits,
    /// Where the time of day comes from.
    pub clock: Clock,
    /// How long the records of ended work are kept: requests, answers, bodies. None keeps them for ever.
    pub keep: Option<Duration>,
    /// Who is told what happens, by webhook.
    pub receivers: Vec<Receiver>,
}

/// How long records are kept unless something else is said: a month, the time in which most disputes come up.
const KEEP: Duration = Duration::from_hours(30 * 24);

impl HostOptions {
    /// A host with the usual limits and the library's own HTTP client.
    #[cfg(feature = "client")]
    pub fn new(storage: Arc<dyn Storage>) -> HostOptions {
        HostOptions::with_egress(storage, Egress::default())
    }

    /// The same with another way out, such as [`Egress::with_transport`].
    pub fn with_egress(storage: Arc<dyn Storage>, egress: Egress) -> HostOptions {
        HostOptions {
            storage,
            egress,
            limits: HostLimits::default(),
            clock: Clock::system(),
            keep: Some(KEEP),
            receivers: Vec::new(),
        }
    }
}

/// One connection: a connector, what it may reach, and its settings.
#[derive(Debug, Clone)]
pub struct ConnectionSpec {
    /// Its name, unique in the host.
    pub name: String,
    /// The connector.
    pub module: Module,
    /// What it may do, by the manifest's names of the APIs.
    pub grants: BTreeMap<String, Grant>,
    /// The settings, a JSON object.
    pub settings: String,
    /// How deliveries are verified, where that differs from the manifest, by the names of the APIs.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    /// How often triggers are polled, where that differs from the manifest.
    pub polls: BTreeMap<String, Duration>,
    /// Denies every write.
    pub read_only: bool,
}

impl ConnectionSpec {
    /// The connection that the configuration describes, with its module loaded.
    #[cfg(feature = "config")]
    pub fn from_config(name: &str, config: ConnectionConfig, module: Module) -> ConnectionSpec {
        let (mut grants, mut webhooks) = (BTreeMap::new(), BTreeMap::new());
        for (api, config) in config.apis {
            webhooks.insert(api.clone(), config.webhook);
            let grant = Grant {
                base_url: config.base_url,
                credential: config.credential,
                scopes: config.scopes,
                private_addresses: config.allow_private,
                read_only: false,
            };
            grants.insert(api, grant);
        }
        ConnectionSpec {
            name: name.to_owned(),
            module,
            grants,
            settings: config.settings,
            webhooks,
            polls: config.polls,
            read_only: config.read_only,
        }
    }

    /// Everything that would keep a host from starting with this connection, each with the key of the configuration.
    pub fn problems(&self, egress: &Egress) -> Vec<String> {
        let (terms, module) = Terms::of(self.clone());
        terms.prepare(&self.name, Arc::new(module), egress, None).err().unwrap_or_default()
    }

    /// What is not wrong, but perhaps not meant: webhooks that nothing could verify, and permissions that the connector
    /// asks for and does not have, which pause the connection once they are needed.
    pub fn warnings(&self) -> Vec<String> {
        let sources = active::sources(&self.name, self.module.description(), &self.webhooks, &mut Vec::new());
        let unverifiable = sources.values().filter_map(|source| source.verifier.lacks());
        unverifiable.chain(self.ungranted()).collect()
    }

    fn ungranted(&self) -> impl Iterator<Item = String> {
        let (terms, module) = Terms::of(self.clone());
        terms.ungranted(&self.name, module.description()).into_iter().map(|(key, scopes)| {
            let scopes: Vec<String> = scopes.into_iter().map(|scope| format!("{scope:?}")).collect();
            format!("{key} lacks {}: the connection pauses when they are needed", scopes.join(", "))
        })
    }

    /// The scopes that are not granted and that the connector asks for and `present` does not, with their keys. A swap to
    /// it would have the connection pause.
    pub fn newly_ungranted(&self, present: &Module) -> Vec<String> {
        let (terms, module) = Terms::of(self.clone());
        terms.newly_ungranted(&self.name, present.description(), module.description())
    }
}

/// Why a host does not start. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Connections are wrong.
    #[error("{}", .0.join("\n"))]
    Connections(
        /// Each problem, with the key of the configuration.
        Vec<String>,
    ),
    /// Receivers of notices are wrong.
    #[error("{}", .0.join("\n"))]
    Receivers(
        /// Each problem, with the key of the configuration.
        Vec<String>,
    ),
    /// The storage does not work.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
