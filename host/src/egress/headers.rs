//! Which of a connector's headers are sent.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What requests say they come from, unless the connector says it.
const USER_AGENT: &str = concat!("transload/", env!("CARGO_PKG_VERSION"));

/// Headers that make some servers treat a request as one of another method or for another path, past the check of its
/// own. IIS and the frameworks that run behind it read the last two.
const OVERRIDES: [&str; 5] =
    ["x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"];

/// Headers about one hop or about the body's framing: the HTTP client writes its own.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers to send in place of the connector's own, or why they are refused. `keys` are the headers in which the
/// connector's APIs take their keys.
pub(super) fn outgoing(mut headers: HeaderMap, keys: &[HeaderName]) -> Result<HeaderMap, String> {
    if let Some(name) = headers.keys().find(|name| refused(name, keys)) {
        return Err(format!("a connector may not set the header {name}; the host does where it is needed"));
    }
    for name in FRAMING {
        headers.remove(name);
    }
    // A compressed echo of the credential would not be found, and a part of one neither.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.remove(header::RANGE);
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    Ok(headers)
}

fn refused(name: &HeaderName, keys: &[HeaderName]) -> bool {
    let name = name.as_str();
    same(name, header::AUTHORIZATION.as_str())
        || name.get(..6).is_some_and(|start| same(start, "proxy-"))
        || OVERRIDES.iter().any(|other| same(name, other))
        || keys.iter().any(|key| same(name, key.as_str()))
}

/// Whether two names are one to gateways in the manner of CGI, which turn `-` into `_` (RFC 3875, section 4.1.18).
fn same(one: &str, other: &str) -> bool {
    let plain = |byte| if byte == b'_' { b'-' } else { byte };
    one.bytes().map(plain).eq(other.bytes().map(plain))
}

/// Whether a response's body is as it was written, not compressed.
pub(super) fn readable(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Remove what describes the response's framing, which is gone once the body has been read.
pub(super) fn incoming(headers: &mut HeaderMap) {
    for name in FRAMING {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn credentials_are_the_hosts_to_set() {
        let keys = [HeaderName::from_static("x-api-key")];
        for name in [
            "authorization",
            "proxy-authorization",
            "proxy-connection",
            "x-api-key",
            "x-http-method-override",
            "x-method-override",
            "x-http-method",
        ] {
            let error = outgoing(map(&[("version", "1"), (name, "x")]), &keys).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn another_method_or_path_cannot_be_asked_for_in_a_header() {
        for name in [
            "x-http-method-override",
            "x_http_method_override",
            "x-http_method",
            "x-original-url",
            "x-rewrite-url",
            "x_rewrite_url",
        ] {
            assert!(outgoing(map(&[(name, "/admin")]), &[]).is_err(), "{name}");
        }
        let keys = [HeaderName::from_static("x-api-key")];
        assert!(outgoing(map(&[("x_api_key", "mine")]), &keys).is_err());
    }

    #[test]
    fn framing_is_the_clients_to_write() {
        let sent = outgoing(
            map(&[
                ("host", "elsewhere"),
                ("content-length", "1"),
                ("transfer-encoding", "chunked"),
                ("accept-encoding", "gzip"),
                ("range", "bytes=0-9"),
                ("version", "2021-07-28"),
                ("user-agent", "mine"),
            ]),
            &[],
        );
        let expected =
            map(&[("accept-encoding", "identity"), ("version", "2021-07-28"), ("user-agent", "mine")]);
        assert_eq!(sent, Ok(expected));
        let sent = outgoing(HeaderMap::new(), &[]).unwrap();
        assert!(sent[header::USER_AGENT].to_str().unwrap().starts_with("transload/"));
    }

    #[test]
    fn compressed_bodies_are_told_apart() {
        assert!(readable(&HeaderMap::new()));
        assert!(readable(&map(&[("content-encoding", "Identity")])));
        assert!(!readable(&map(&[("content-encoding", "gzip")])));
    }
}
