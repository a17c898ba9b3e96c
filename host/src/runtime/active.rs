//! What a connection runs on: a connector, its way out, and what follows from its manifest. Exchanged as one when the
//! connector is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::connector::Connector;
use super::options::ConnectionSpec;
use super::schema;
use crate::contract::{Access, Api, Description, Origin};
use crate::egress::{ConnectionEgress, Egress, Grant, Outbound};
use crate::engine::Module;
use crate::webhook::{DeliveryId, Verifier, WebhookConfig};

/// What a connection runs on.
pub(super) struct Active {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) outbound: Arc<dyn Outbound>,
    /// The same way out, for the next connector to take its open connections over.
    pub(super) egress: Option<ConnectionEgress>,
    /// Where deliveries may come from, by the name of the API.
    pub(super) sources: BTreeMap<String, Source>,
    /// The triggers that are polled, and how often.
    pub(super) polls: BTreeMap<String, Duration>,
    pub(super) settings: Arc<str>,
}

impl Active {
    pub(super) fn description(&self) -> &Description {
        self.connector.description()
    }

    pub(super) fn digest(&self) -> &str {
        self.connector.digest()
    }
}

/// How one API's deliveries are verified and told apart.
pub(super) struct Source {
    pub(super) verifier: Verifier,
    pub(super) delivery_id: DeliveryId,
}

/// What the operator says of a connection, whichever connector it runs on.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    grants: BTreeMap<String, Grant>,
    settings: Arc<str>,
    webhooks: BTreeMap<String, WebhookConfig>,
    polls: BTreeMap<String, Duration>,
    read_only: bool,
}

#[cfg(test)]
impl Default for Terms {
    /// No grants, no settings.
    fn default() -> Terms {
        let (grants, settings) = (BTreeMap::new(), Arc::from("{}"));
        Terms { grants, settings, webhooks: BTreeMap::new(), polls: BTreeMap::new(), read_only: false }
    }
}

impl Terms {
    /// The terms of `spec`, and its module.
    pub(super) fn of(spec: ConnectionSpec) -> (Terms, Module) {
        let ConnectionSpec { module, mut grants, settings, webhooks, polls, read_only, .. } = spec;
        grants.values_mut().for_each(|grant| grant.read_only |= read_only);
        (Terms { grants, settings: Arc::from(settings), webhooks, polls, read_only }, module)
    }

    /// Check `connector` against them. Fails with every problem, each with its key.
    pub(super) fn prepare(
        &self,
        name: &str,
        connector: Arc<dyn Connector>,
        egress: &Egress,
        before: Option<&ConnectionEgress>,
    ) -> Result<Active, Vec<String>> {
        let mut problems = Vec::new();
        let description = connector.description();
        problems.extend(schema::problems(name, &description.settings_schema, &self.settings));
        let grants = self.grants.clone();
        let way = match before {
            Some(before) => egress.connection_after(name, description, &self.settings, grants, before),
            None => egress.connection(name, description, &self.settings, grants),
        };
        let way = way.map_err(|error| problems.push(error.to_string())).ok();
        let sources = sources(name, description, &self.webhooks, &mut problems);
        let polls = poll_table(name, description, &self.polls, &mut problems);
        match way {
            Some(way) if problems.is_empty() => Ok(Active {
                connector,
                outbound: Arc::new(way.clone()),
                egress: Some(way),
                sources,
                polls,
                settings: Arc::clone(&self.settings),
            }),
            _ => Err(problems),
        }
    }

    /// The scopes that a connector asks for and that are not granted, an API each: the key of the configuration and the
    /// scopes. A connection that only reads needs none to write.
    pub(super) fn ungranted(
        &self,
        name: &str,
        description: &Description,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let lacking = description.apis.iter().map(|api| {
            let grant = self.grants.get(&api.name);
            let reads = self.read_only || grant.is_some_and(|grant| grant.read_only);
            let needed = api.endpoints.iter().filter(|call| !reads || call.access == Access::Read);
            let scopes = needed.map(|call| call.scope.clone());
            let scopes = scopes.filter(|scope| grant.is_none_or(|grant| !grant.scopes.contains(scope)));
            (format!("connections.{name}.apis.{}.scopes", api.name), scopes.collect())
        });
        lacking.filter(|(_, scopes): &(_, BTreeSet<_>)| !scopes.is_empty()).collect()
    }

    /// The scopes that are not granted and that the connector `next` asks for and `present` does not, a line each API.
    pub(super) fn newly_ungranted(
        &self,
        name: &str,
        present: &Description,
        next: &Description,
    ) -> Vec<String> {
        let known = self.ungranted(name, present);
        let new = self.ungranted(name, next).into_iter().filter_map(|(key, mut scopes)| {
            scopes.retain(|scope| known.get(&key).is_none_or(|known| !known.contains(scope)));
            let scopes: Vec<String> = scopes.into_iter().collect();
            (!scopes.is_empty()).then(|| format!("{key} lacks {}", scopes.join(", ")))
        });
        new.collect()
    }
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
    let delivery_id = of_manifest.map_or(DeliveryId::Digest, |webhook| (&webhook.delivery_id).into());
    Ok(Some(Source { verifier, delivery_id }))
}

/// The triggers to poll, as often as the manifest or the operator says.
pub(super) fn poll_table(
    name: &str,
    description: &Description,
    overrides: &BTreeMap<String, Duration>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Duration> {
    let mut polls = BTreeMap::new();
    for trigger in &description.triggers {
        if let Origin::Poll(every_ms) = trigger.origin {
            let interval = overrides.get(&trigger.name).copied().unwrap_or(Duration::from_millis(every_ms));
            // A manifest that says 0 would have us poll without a pause.
            let interval = interval.max(super::poll::INTERVAL_MIN);
            polls.insert(trigger.name.clone(), interval);
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
