//! A manifest's APIs, taken apart once for all connections that use the manifest.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::{HeaderName, Method};
use url::Url;

use super::credential::key_header;
use super::place::{Base, loosely};
use super::{EgressError, headers};
use crate::contract::{self, Access, Api, Credential, InDoubt};

/// Manifests that are remembered for sharing. A host runs a few modules, each in at most two or three versions; with more,
/// the oldest are no longer shared, which costs memory only.
const PLANS_MAX: usize = 64;

/// Rates that one API may name. Vendors publish two or three; each takes up to half a kilobyte for every credential.
const RATES_MAX: usize = 16;

/// The APIs of one manifest.
pub(super) struct Plan {
    pub(super) apis: Vec<ApiPlan>,
    /// Headers in which the APIs take their keys.
    pub(super) keys: Vec<HeaderName>,
}

/// One API of a manifest.
pub(super) struct ApiPlan {
    pub(super) api: Api,
    pub(super) base: Base,
    /// The scopes of its endpoints, each once.
    pub(super) scopes: Vec<String>,
    pub(super) idempotency_header: Option<HeaderName>,
    routes: Vec<Route>,
}

/// The plans in use, by what they were made of.
#[derive(Default)]
pub(super) struct Plans(Mutex<Vec<Weak<Plan>>>);

impl Plans {
    /// The plan of `apis`: one that is in use already, or a new one.
    pub(super) fn of(&self, apis: &[Api]) -> Result<Arc<Plan>, EgressError> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.iter().filter_map(Weak::upgrade).find(|plan| plan.is_of(apis)) {
            return Ok(plan);
        }
        let plan = Arc::new(Plan::new(apis)?);
        plans.retain(|plan| plan.strong_count() > 0);
        if plans.len() >= PLANS_MAX {
            plans.remove(0);
        }
        plans.push(Arc::downgrade(&plan));
        Ok(plan)
    }
}

impl Plan {
    pub(super) fn new(apis: &[Api]) -> Result<Plan, EgressError> {
        let mut keys = Vec::new();
        for api in apis {
            if let Credential::Header(name) = &api.credential {
                keys.push(key_header(api, name)?);
            }
        }
        let apis = apis.iter().map(|api| ApiPlan::new(api, &keys)).collect::<Result<_, _>>()?;
        Ok(Plan { apis, keys })
    }

    fn is_of(&self, apis: &[Api]) -> bool {
        self.apis.iter().map(|plan| &plan.api).eq(apis)
    }
}

impl ApiPlan {
    fn new(api: &Api, keys: &[HeaderName]) -> Result<ApiPlan, EgressError> {
        let wrong = |reason: String| EgressError::Manifest { api: api.name.clone(), reason };
        let url = Url::parse(&api.base_url).map_err(|error| wrong(format!("base-url: {error}")))?;
        let base = Base::of(&url).map_err(|reason| wrong(format!("base-url {reason}")))?;
        let count = api.rates.len();
        if count > RATES_MAX {
            return Err(wrong(format!("it names {count} rates; {RATES_MAX} are the most that are kept")));
        }
        let header = |name: &String| {
            let header = HeaderName::from_bytes(name.as_bytes()).ok();
            // The host would write the key over a credential, or over what frames the request.
            header.filter(|header| !headers::reserved(header, keys)).ok_or_else(|| {
                wrong(format!(
                    "its idempotency header {name:?} is not the name of a header that is free to use"
                ))
            })
        };
        let idempotency_header = api.idempotency_header.as_ref().map(header).transpose()?;
        let mut scopes: Vec<String> = api.endpoints.iter().map(|endpoint| endpoint.scope.clone()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let routes = api.endpoints.iter().map(|endpoint| Route::new(endpoint, &scopes)).collect();
        Ok(ApiPlan { api: api.clone(), base, scopes, idempotency_header, routes })
    }

    /// Whether a connection's settings can move an endpoint.
    pub(super) fn paths_can_be_set(&self) -> bool {
        self.api.endpoints.iter().any(|endpoint| endpoint.path_setting.is_some())
    }

    /// The route with the most specific template: a literal segment beats a placeholder, from the left. None if that
    /// template is met only by a server that reads paths loosely: `/orders/%73earch` is the search to one that decodes
    /// first, so it must not pass as the value of a placeholder.
    pub(super) fn route(&self, method: &Method, segments: &[String]) -> Option<&Route> {
        let loose: Vec<Cow<'_, str>> = segments.iter().map(|segment| loosely(segment)).collect();
        let matching =
            self.routes.iter().filter(|route| route.method == *method && route.resembles(segments, &loose));
        let nearest = matching.max_by_key(|route| {
            let literals = route.template.iter().map(|part| matches!(part, Part::Literal(_)));
            (literals.collect::<Vec<bool>>(), route.matches(segments))
        })?;
        nearest.matches(segments).then_some(nearest)
    }
}

/// One endpoint.
pub(super) struct Route {
    pub(super) method: Method,
    template: Vec<Part>,
    pub(super) path: String,
    /// Position of its scope.
    pub(super) scope: usize,
    pub(super) access: Access,
    pub(super) in_doubt: InDoubt,
}

/// What stands between two slashes of a path template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    /// Any one segment that is not empty.
    Any,
}

impl Part {
    /// Take a path template apart.
    pub(super) fn of(path: &str) -> Vec<Part> {
        let part = |segment: &str| match name(segment) {
            Some(_) => Part::Any,
            None => Part::Literal(segment.to_owned()),
        };
        path.split('/').skip(1).map(part).collect()
    }
}

/// The name in a segment of a path template that stands for a value: `id` in `{id}`.
pub(super) fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

impl Route {
    fn new(endpoint: &contract::Endpoint, scopes: &[String]) -> Route {
        let method = match endpoint.method {
            contract::Method::Get => Method::GET,
            contract::Method::Post => Method::POST,
            contract::Method::Put => Method::PUT,
            contract::Method::Patch => Method::PATCH,
            contract::Method::Delete => Method::DELETE,
        };
        Route {
            method,
            template: Part::of(&endpoint.path),
            path: endpoint.path.clone(),
            scope: scopes.iter().position(|scope| *scope == endpoint.scope).unwrap_or(usize::MAX),
            access: endpoint.access,
            in_doubt: endpoint.in_doubt,
        }
    }

    fn matches(&self, segments: &[String]) -> bool {
        self.template.len() == segments.len()
            && self.template.iter().zip(segments).all(|(part, segment)| match part {
                Part::Literal(text) => text == segment,
                Part::Any => !segment.is_empty(),
            })
    }

    /// Whether a server that reads `segments` as `loose`, and folds case, may take them for this route.
    fn resembles(&self, segments: &[String], loose: &[Cow<'_, str>]) -> bool {
        self.template.len() == segments.len()
            && self.template.iter().zip(segments).zip(loose).all(|((part, segment), loose)| match part {
                Part::Literal(text) => text == segment || text.eq_ignore_ascii_case(loose),
                Part::Any => !segment.is_empty(),
            })
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
