//! A manifest's APIs, taken apart once for all connections that use the manifest.

use http::{HeaderName, Method};
use std::borrow::Cow;

use super::credential::key_header;
use super::place::{Base, loosely};
use crate::manifest::{self, Access, Api, Credential, InDoubt};
use crate::{PolicyError, headers};

/// Rates that one API may name. Vendors publish two or three; each takes up to half a kilobyte for every credential.
const RATES_MAX: usize = 16;

/// The APIs of one manifest.
pub struct Plan {
    /// Each of them, in the manifest's order.
    pub apis: Vec<ApiPlan>,
    /// Headers in which the APIs take their keys.
    pub keys: Vec<HeaderName>,
}

/// One API of a manifest.
pub struct ApiPlan {
    /// What the manifest says of it.
    pub api: Api,
    /// Its base URL.
    pub base: Base,
    /// The scopes of its endpoints, each once.
    pub scopes: Vec<String>,
    /// The header in which it takes an idempotency key.
    pub idempotency_header: Option<HeaderName>,
    routes: Vec<Route>,
}

impl Plan {
    /// Take the APIs of a manifest apart. Fails when what it says of one makes no sense.
    pub fn new(apis: &[Api]) -> Result<Plan, PolicyError> {
        let mut keys = Vec::new();
        for api in apis {
            if let Credential::Header(name) = &api.credential {
                keys.push(key_header(api, name)?);
            }
        }
        let apis = apis.iter().map(|api| ApiPlan::new(api, &keys)).collect::<Result<_, _>>()?;
        Ok(Plan { apis, keys })
    }

    /// Whether it was made of these APIs.
    pub fn is_of(&self, apis: &[Api]) -> bool {
        self.apis.iter().map(|plan| &plan.api).eq(apis)
    }
}

impl ApiPlan {
    fn new(api: &Api, keys: &[HeaderName]) -> Result<ApiPlan, PolicyError> {
        let wrong = |reason: String| PolicyError::Manifest { api: api.name.clone(), reason };
        let base = Base::of(&api.base_url).map_err(|reason| wrong(format!("base-url {reason}")))?;
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
    pub fn paths_can_be_set(&self) -> bool {
        self.api.endpoints.iter().any(|endpoint| endpoint.path_setting.is_some())
    }

    /// The route with the most specific template: a literal segment beats a placeholder, from the left. None if that
    /// template is met only by a server that reads paths loosely: `/orders/%73earch` is the search to one that decodes
    /// first, so it must not pass as the value of a placeholder.
    pub fn route(&self, method: &Method, segments: &[String]) -> Option<&Route> {
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
pub struct Route {
    /// Its method.
    pub method: Method,
    template: Vec<Part>,
    /// Its path template.
    pub path: String,
    /// Position of its scope.
    pub scope: usize,
    /// Whether it changes anything.
    pub access: Access,
    /// What becomes of it when its outcome is unknown.
    pub in_doubt: InDoubt,
}

/// What stands between two slashes of a path template.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Literal(String),
    /// Any one segment that is not empty.
    Any,
}

impl Part {
    /// Take a path template apart.
    pub fn of(path: &str) -> Vec<Part> {
        let part = |segment: &str| match name(segment) {
            Some(_) => Part::Any,
            None => Part::Literal(segment.to_owned()),
        };
        path.split('/').skip(1).map(part).collect()
    }
}

/// The name in a segment of a path template that stands for a value: `id` in `{id}`.
pub fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

impl Route {
    fn new(endpoint: &manifest::Endpoint, scopes: &[String]) -> Route {
        let method = match endpoint.method {
            manifest::Method::Get => Method::GET,
            manifest::Method::Post => Method::POST,
            manifest::Method::Put => Method::PUT,
            manifest::Method::Patch => Method::PATCH,
            manifest::Method::Delete => Method::DELETE,
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
