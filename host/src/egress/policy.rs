//! What a connection may request. Pure: a request and the grants go in, a permit or a denial comes out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use url::Url;

use super::address::Exceptions;
use super::{EgressError, Grant};
use crate::contract::{self, Access, Api, Description};

/// How often a path segment is decoded in search of a slash: servers and proxies behind each other may each decode once.
const DECODINGS_MAX: usize = 3;

/// What one connection may request of which APIs.
pub(super) struct Policy {
    connection: String,
    apis: Vec<ApiPolicy>,
}

/// What may be requested of one API.
pub(super) struct ApiPolicy {
    pub(super) name: String,
    base: Base,
    /// Where requests really go.
    target: Base,
    routes: Vec<Route>,
    granted: Option<Granted>,
}

struct Granted {
    scopes: Vec<String>,
    read_only: bool,
}

/// The part of a URL that all of an API's URLs have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Base {
    scheme: String,
    host: String,
    port: u16,
    /// Segments of the path, without empty ones at its ends.
    segments: Vec<String>,
}

struct Route {
    method: Method,
    template: Vec<Part>,
    path: String,
    scope: String,
    access: Access,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Any,
}

/// A request that may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Permit {
    /// Position of its API in the manifest.
    pub(super) api: usize,
    /// Where it goes.
    pub(super) target: Uri,
}

/// Why a request may not be made: what to do about it, for the operator.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Denial {
    /// Position of the API that it was meant for.
    pub(super) api: Option<usize>,
    pub(super) reason: String,
}

impl Policy {
    /// Check the grants of `connection` against the manifest.
    pub(super) fn new(
        connection: &str,
        description: &Description,
        grants: &BTreeMap<String, Grant>,
    ) -> Result<Policy, EgressError> {
        if let Some(name) = grants.keys().find(|name| description.apis.iter().all(|api| api.name != **name)) {
            let known: Vec<&str> = description.apis.iter().map(|api| api.name.as_str()).collect();
            let setting = setting(connection, name, "");
            return Err(EgressError::UnknownApi { setting, known: known.join(", ") });
        }
        let apis = description.apis.iter().map(|api| ApiPolicy::new(connection, api, grants.get(&api.name)));
        Ok(Policy { connection: connection.to_owned(), apis: apis.collect::<Result<_, _>>()? })
    }

    /// Decide about one request.
    pub(super) fn decide(&self, method: &Method, uri: &Uri) -> Result<Permit, Denial> {
        let nowhere = |reason: String| Denial { api: None, reason };
        let (base, query) = parse(uri).map_err(|reason| nowhere(format!("the URL {reason}")))?;
        let Some((index, api, rest)) = self.api_of(&base) else {
            let known: Vec<String> = self.apis.iter().map(|api| api.base.to_string()).collect();
            let known = known.join(", ");
            return Err(nowhere(format!(
                "no API of the connector's manifest is at this address; it has {known}"
            )));
        };
        let denied = |reason: String| Denial { api: Some(index), reason };
        let Some(granted) = &api.granted else {
            let table = setting(&self.connection, &api.name, "");
            return Err(denied(format!("nothing is granted for {}; add a table [{table}]", api.name)));
        };
        let Some(route) = api.route(method, rest) else {
            return Err(denied(format!(
                "the connector's manifest of {} describes no such call; only its author can add it",
                api.name
            )));
        };
        if !granted.scopes.contains(&route.scope) {
            let key = setting(&self.connection, &api.name, ".scopes");
            return Err(denied(format!(
                "{method} {} is not granted; add {:?} to {key}",
                route.path, route.scope
            )));
        }
        if route.access == Access::Write && granted.read_only {
            let key = format!("connections.{}.read_only", self.connection);
            return Err(denied(format!("{method} {} writes, and {key} is true", route.path)));
        }
        let target = api.target.join(rest, query).ok_or_else(|| denied("the URL is too long".to_owned()))?;
        Ok(Permit { api: index, target })
    }

    pub(super) fn apis(&self) -> &[ApiPolicy] {
        &self.apis
    }

    /// The API with the longest base URL that `url` is below, and the path segments that follow it.
    fn api_of<'a>(&self, url: &'a Base) -> Option<(usize, &ApiPolicy, &'a [String])> {
        let below =
            self.apis.iter().enumerate().filter_map(|(index, api)| Some((index, api, url.below(&api.base)?)));
        below.max_by_key(|(_, api, _)| api.base.segments.len())
    }
}

/// The key below a connection's table that concerns one API.
pub(super) fn setting(connection: &str, api: &str, key: &str) -> String {
    format!("connections.{connection}.apis.{api}{key}")
}

impl ApiPolicy {
    fn new(connection: &str, api: &Api, grant: Option<&Grant>) -> Result<ApiPolicy, EgressError> {
        let manifest = |reason: String| EgressError::Manifest { api: api.name.clone(), reason };
        let url = Url::parse(&api.base_url).map_err(|error| manifest(format!("base-url: {error}")))?;
        let base = Base::of(&url).map_err(|reason| manifest(format!("base-url {reason}")))?;
        let routes: Vec<Route> = api.endpoints.iter().map(Route::new).collect();
        let target = match grant.and_then(|grant| grant.base_url.as_ref()) {
            Some(url) => Base::of(url).map_err(|reason| EgressError::BaseUrl {
                setting: setting(connection, &api.name, ".base_url"),
                reason: format!("it {reason}"),
            })?,
            None => base.clone(),
        };
        let granted = grant.map(|grant| granted(connection, api, &target, grant)).transpose()?;
        Ok(ApiPolicy { name: api.name.clone(), base, target, routes, granted })
    }

    /// Whether anything may be requested of it.
    pub(super) fn in_use(&self) -> bool {
        self.granted.as_ref().is_some_and(|granted| !granted.scopes.is_empty())
    }

    /// Whether it is spoken to in TLS.
    pub(super) fn encrypted(&self) -> bool {
        self.target.scheme == "https"
    }

    /// The route with the most specific template: a literal segment beats a placeholder, from the left. None if that
    /// template is met only by a server that reads paths loosely: `/orders/%73earch` is the search to one that decodes
    /// first, so it must not pass as the value of a placeholder.
    fn route(&self, method: &Method, segments: &[String]) -> Option<&Route> {
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

fn granted(connection: &str, api: &Api, target: &Base, grant: &Grant) -> Result<Granted, EgressError> {
    let exists = |scope: &&String| api.endpoints.iter().any(|endpoint| endpoint.scope == **scope);
    if let Some(scope) = grant.scopes.iter().find(|scope| !exists(scope)) {
        let mut known: Vec<&str> = api.endpoints.iter().map(|endpoint| endpoint.scope.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        return Err(EgressError::UnknownScope {
            setting: setting(connection, &api.name, ".scopes"),
            scope: scope.clone(),
            known: known.join(", "),
        });
    }
    let key = setting(connection, &api.name, ".allow_private");
    let exceptions = Exceptions::parse(&grant.private_addresses, &key)?;
    if target.scheme != "https" && !exceptions.covers(&target.host, target.port) {
        let (host, port) = (&target.host, target.port);
        return Err(EgressError::BaseUrl {
            setting: setting(connection, &api.name, ".base_url"),
            reason: format!(
                "it is not https, so a credential could be read on its way; if that is right, add \"{host}:{port}\" to {key}"
            ),
        });
    }
    Ok(Granted { scopes: grant.scopes.clone(), read_only: grant.read_only })
}

impl Base {
    fn of(url: &Url) -> Result<Base, String> {
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or a fragment".to_owned());
        }
        let uri = Uri::try_from(url.as_str()).map_err(|error| format!("is not a URL: {error}"))?;
        let (mut base, _) = parse(&uri)?;
        // A trailing slash says nothing.
        if base.segments.last().is_some_and(String::is_empty) {
            base.segments.pop();
        }
        Ok(base)
    }

    /// What follows `base` in this URL's path, if the URL is below it.
    fn below(&self, base: &Base) -> Option<&[String]> {
        let same = self.scheme == base.scheme && self.host == base.host && self.port == base.port;
        if same { self.segments.strip_prefix(base.segments.as_slice()) } else { None }
    }

    fn join(&self, rest: &[String], query: Option<&str>) -> Option<Uri> {
        let mut text = self.to_string();
        for segment in rest {
            text.push('/');
            text.push_str(segment);
        }
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        Uri::try_from(text).ok()
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if Some(self.port) != default_port(&self.scheme) {
            write!(f, ":{}", self.port)?;
        }
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl Route {
    fn new(endpoint: &contract::Endpoint) -> Route {
        let method = match endpoint.method {
            contract::Method::Get => Method::GET,
            contract::Method::Post => Method::POST,
            contract::Method::Put => Method::PUT,
            contract::Method::Patch => Method::PATCH,
            contract::Method::Delete => Method::DELETE,
        };
        let part = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) => Part::Any,
            None => Part::Literal(segment.to_owned()),
        };
        Route {
            method,
            template: endpoint.path.split('/').skip(1).map(part).collect(),
            path: endpoint.path.clone(),
            scope: endpoint.scope.clone(),
            access: endpoint.access,
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

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

/// Take a URL apart, or say what about it is refused. Whatever two programs might read differently is refused, because
/// the API reads the URL after we have judged it.
fn parse(uri: &Uri) -> Result<(Base, Option<&str>), String> {
    let scheme = uri.scheme_str().unwrap_or_default();
    let Some(default) = default_port(scheme) else { return Err("is not https".to_owned()) };
    let authority = uri.authority().ok_or("has no host")?;
    if authority.as_str().contains('@') {
        return Err("has a user name in it".to_owned());
    }
    let host = authority.host();
    if host.is_empty() || host.ends_with('.') {
        return Err("has no plain host name".to_owned());
    }
    let mut segments: Vec<String> = Vec::new();
    for segment in uri.path().split('/').skip(1) {
        check_segment(segment)?;
        segments.push(segment.to_owned());
    }
    // `https://host/` and `https://host` are the same URL.
    if segments.len() == 1 && segments.first().is_some_and(String::is_empty) {
        segments.clear();
    }
    let base = Base {
        scheme: scheme.to_owned(),
        host: host.to_ascii_lowercase(),
        port: authority.port_u16().unwrap_or(default),
        segments,
    };
    Ok((base, uri.query()))
}

fn check_segment(segment: &str) -> Result<(), String> {
    let mut text = segment.to_owned();
    for _ in 0..DECODINGS_MAX {
        if text == "." || text == ".." {
            return Err("has a path segment that stands for another directory".to_owned());
        }
        if text.contains(['/', '\\']) || text.chars().any(char::is_control) {
            return Err("has a slash, a backslash or a control character inside a path segment".to_owned());
        }
        // Some servers cut `;parameters` off a segment before they look at it.
        if text.starts_with("..;") || text.starts_with(".;") {
            return Err("has a path segment that stands for another directory".to_owned());
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return Ok(());
        }
        text = decoded;
    }
    Err("has a path segment that is encoded over and over".to_owned())
}

/// A path segment as the least strict server reads it: decoded to the end, without `;parameters`.
fn loosely(segment: &str) -> Cow<'_, str> {
    if !segment.contains(['%', ';']) {
        return Cow::Borrowed(segment);
    }
    let decode = |text: String, _| percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let mut text = (0..DECODINGS_MAX).fold(segment.to_owned(), decode);
    text.truncate(text.find(';').unwrap_or(text.len()));
    Cow::Owned(text)
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
