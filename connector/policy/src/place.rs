//! URLs, taken apart the one way that everyone reads them; what two programs might read differently is refused.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode_str;

/// How often a path segment is decoded in search of a slash: servers and proxies behind each other may each decode once.
const DECODINGS_MAX: usize = 3;

/// The part of a URL that all of an API's URLs have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// `https`, or `http` where that is excepted.
    pub scheme: String,
    /// In lower case.
    pub host: String,
    /// Written or implied.
    pub port: u16,
    /// Segments of the path, without empty ones at its ends.
    pub segments: Vec<String>,
}

impl Base {
    /// Take a base URL apart, or say what about it is refused.
    pub fn of(url: &str) -> Result<Base, String> {
        if url.contains(['?', '#']) {
            return Err("has a query or a fragment".to_owned());
        }
        let uri = Uri::try_from(url).map_err(|error| format!("is not a URL: {error}"))?;
        let (mut base, _) = parse(&uri)?;
        // A trailing slash says nothing.
        if base.segments.last().is_some_and(String::is_empty) {
            base.segments.pop();
        }
        Ok(base)
    }

    /// What follows `base` in this URL's path, if the URL is below it.
    pub fn below(&self, base: &Base) -> Option<&[String]> {
        let same = self.scheme == base.scheme && self.host == base.host && self.port == base.port;
        if same { self.segments.strip_prefix(base.segments.as_slice()) } else { None }
    }

    /// The URL of what follows.
    pub fn join(&self, rest: &[String], query: Option<&str>) -> Option<Uri> {
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

impl Base {
    /// Host, port and path, however they are spoken to.
    pub fn place(&self) -> String {
        self.segments
            .iter()
            .fold(format!("{}:{}", self.host, self.port), |place, segment| place + "/" + segment)
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
pub fn parse(uri: &Uri) -> Result<(Base, Option<&str>), String> {
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
pub fn loosely(segment: &str) -> Cow<'_, str> {
    if !segment.contains(['%', ';']) {
        return Cow::Borrowed(segment);
    }
    let decode = |text: String, _| percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let mut text = (0..DECODINGS_MAX).fold(segment.to_owned(), decode);
    text.truncate(text.find(';').unwrap_or(text.len()));
    Cow::Owned(text)
}
