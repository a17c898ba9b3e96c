//! What a connection may request. Pure: a request and the grants go in, a permit or a denial comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Uri};

use crate::address::Exceptions;
use crate::manifest::{Access, InDoubt};
use crate::place::{Base, parse};
use crate::plan::{ApiPlan, Plan};
use crate::{Keys, PolicyError, Secret};

/// What an operator lets one connection do with one API.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// Where the API is, in place of the manifest's base URL.
    pub base_url: Option<String>,
    /// What the manifest's kind of credential is made of.
    pub credential: Option<Secret>,
    /// The scopes of the manifest that may be used, each by name.
    pub scopes: Vec<String>,
    /// `host:port` pairs that may lie in a private network, on this machine, or be spoken to without TLS.
    pub private_addresses: Vec<String>,
    /// Denies every write, whatever the scopes say.
    pub read_only: bool,
}

/// What one connection may request of which APIs.
pub struct Policy {
    keys: Keys,
    /// The manifest's APIs.
    pub plan: Arc<Plan>,
    /// For each API of the manifest, in its order; none where nothing is granted.
    granted: Vec<Option<Granted>>,
}

struct Granted {
    /// Where requests really go, if not to the manifest's base URL.
    target: Option<Base>,
    /// For each of the API's scopes, whether it is granted.
    scopes: Box<[bool]>,
    read_only: bool,
}

/// A request that may be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    /// Position of its API in the manifest.
    pub api: usize,
    /// Where it goes.
    pub target: Uri,
    /// Whether it changes anything.
    pub access: Access,
    /// What becomes of it when its outcome is unknown.
    pub in_doubt: InDoubt,
}

/// Why a request may not be made: what to do about it, for the operator.
#[derive(Debug, PartialEq, Eq)]
pub struct Denial {
    /// Position of the API that it was meant for.
    pub api: Option<usize>,
    /// What is wrong, and what would allow it.
    pub reason: String,
}

impl Policy {
    /// Check the grants of a connection against the manifest.
    pub fn new(keys: Keys, plan: Arc<Plan>, grants: &BTreeMap<String, Grant>) -> Result<Policy, PolicyError> {
        if let Some(name) = grants.keys().find(|name| plan.apis.iter().all(|api| api.api.name != **name)) {
            let known: Vec<&str> = plan.apis.iter().map(|api| api.api.name.as_str()).collect();
            let setting = keys.table(name);
            return Err(PolicyError::UnknownApi { setting, known: known.join(", ") });
        }
        let granted = plan
            .apis
            .iter()
            .map(|api| grants.get(&api.api.name).map(|grant| Granted::new(&keys, api, grant)).transpose());
        let granted = granted.collect::<Result<_, _>>()?;
        Ok(Policy { keys, plan, granted })
    }

    /// Decide about one request.
    pub fn decide(&self, method: &Method, uri: &Uri) -> Result<Permit, Denial> {
        let nowhere = |reason: String| Denial { api: None, reason };
        let (base, query) = parse(uri).map_err(|reason| nowhere(format!("the URL {reason}")))?;
        let Some((index, api, rest)) = self.api_of(&base) else {
            let known: Vec<String> = self.plan.apis.iter().map(|api| api.base.to_string()).collect();
            let known = known.join(", ");
            return Err(nowhere(format!(
                "no API of the connector's manifest is at this address; it has {known}"
            )));
        };
        let denied = |reason: String| Denial { api: Some(index), reason };
        let name = &api.api.name;
        let Some(granted) = self.granted(index) else {
            return Err(denied(format!("nothing is granted for {name}; {}", self.keys.grant(name))));
        };
        let Some(route) = api.route(method, rest) else {
            return Err(denied(match api.paths_can_be_set() {
                true => {
                    let settings = self.keys.settings();
                    format!(
                        "the connector's manifest of {name}, with its paths as {settings} has them, describes no such call"
                    )
                }
                false => format!(
                    "the connector's manifest of {name} describes no such call; only its author can add it"
                ),
            }));
        };
        if !granted.scopes.get(route.scope).is_some_and(|granted| *granted) {
            let key = self.keys.api(name, "scopes");
            let scope = api.scopes.get(route.scope).map_or("", String::as_str);
            return Err(denied(format!("{method} {} is not granted; add {scope:?} to {key}", route.path)));
        }
        if route.access == Access::Write && granted.read_only {
            let key = self.keys.read_only(name);
            return Err(denied(format!("{method} {} writes, and {key} is true", route.path)));
        }
        let target = granted.target.as_ref().unwrap_or(&api.base).join(rest, query);
        let target = target.ok_or_else(|| denied("the URL is too long".to_owned()))?;
        Ok(Permit { api: index, target, access: route.access, in_doubt: route.in_doubt })
    }

    /// Where requests to an API really go; none if nothing may be requested of it.
    pub fn target(&self, api: usize) -> Option<&Base> {
        let granted = self.granted(api).filter(|granted| granted.scopes.contains(&true))?;
        granted.target.as_ref().or_else(|| Some(&self.plan.apis.get(api)?.base))
    }

    fn granted(&self, api: usize) -> Option<&Granted> {
        self.granted.get(api)?.as_ref()
    }

    /// The API with the longest base URL that `url` is below, and the path segments that follow it.
    fn api_of<'a>(&self, url: &'a Base) -> Option<(usize, &ApiPlan, &'a [String])> {
        let apis = self.plan.apis.iter().enumerate();
        let below = apis.filter_map(|(index, api)| Some((index, api, url.below(&api.base)?)));
        below.max_by_key(|(_, api, _)| api.base.segments.len())
    }
}

impl Granted {
    fn new(keys: &Keys, plan: &ApiPlan, grant: &Grant) -> Result<Granted, PolicyError> {
        let setting = |key| keys.api(&plan.api.name, key);
        if let Some(scope) = grant.scopes.iter().find(|scope| !plan.scopes.contains(scope)) {
            return Err(PolicyError::UnknownScope {
                setting: setting("scopes"),
                scope: scope.clone(),
                known: plan.scopes.join(", "),
            });
        }
        let unusable = |reason: String| PolicyError::BaseUrl { setting: setting("base_url"), reason };
        let target = grant.base_url.as_deref().map(Base::of).transpose();
        let target = target.map_err(|reason| unusable(format!("it {reason}")))?;
        let Base { scheme, host, port, .. } = target.as_ref().unwrap_or(&plan.base);
        let key = setting("allow_private");
        let exceptions = Exceptions::parse(&grant.private_addresses, &key)?;
        if scheme != "https" && !exceptions.covers(host, *port) {
            return Err(unusable(format!(
                "it is not https, so a credential could be read on its way; if that is right, add \"{host}:{port}\" to {key}"
            )));
        }
        let scopes = plan.scopes.iter().map(|scope| grant.scopes.contains(scope)).collect();
        Ok(Granted { target, scopes, read_only: grant.read_only })
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
