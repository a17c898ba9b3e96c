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
/// connector's APIs take their keys, `idempotency` is the one in which this API takes an idempotency key: a connector
/// that chose it could have two different writes taken for one, or one write done twice.
pub fn outgoing(
    mut headers: HeaderMap,
    keys: &[HeaderName],
    idempotency: Option<&HeaderName>,
) -> Result<HeaderMap, String> {
    let chosen = |name: &HeaderName| idempotency.is_some_and(|other| same(name.as_str(), other.as_str()));
    if let Some(name) = headers.keys().find(|name| refused(name, keys) || chosen(name)) {
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

/// Whether a header is written by the host or the HTTP client, so that it can hold nothing else.
pub fn reserved(name: &HeaderName, keys: &[HeaderName]) -> bool {
    let written = [header::ACCEPT_ENCODING, header::COOKIE, header::RANGE, header::USER_AGENT];
    refused(name, keys) || FRAMING.contains(&name.as_str()) || written.contains(name)
}

/// Whether two names are one to gateways in the manner of CGI, which turn `-` into `_` (RFC 3875, section 4.1.18).
fn same(one: &str, other: &str) -> bool {
    let plain = |byte| if byte == b'_' { b'-' } else { byte };
    one.bytes().map(plain).eq(other.bytes().map(plain))
}

/// Whether a response's body is as it was written, not compressed.
pub fn readable(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Remove what describes the response's framing, which is gone once the body has been read, and cookies: the session that
/// one opens is a credential, and would be recorded with the response.
pub fn incoming(headers: &mut HeaderMap) {
    for name in FRAMING {
        headers.remove(name);
    }
    headers.remove(header::SET_COOKIE);
    // RFC 2965, long obsolete; some old servers send both.
    headers.remove("set-cookie2");
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
            let error = outgoing(map(&[("version", "1"), (name, "x")]), &keys, None).unwrap_err();
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
            assert!(outgoing(map(&[(name, "/admin")]), &[], None).is_err(), "{name}");
        }
        let keys = [HeaderName::from_static("x-api-key")];
        assert!(outgoing(map(&[("x_api_key", "mine")]), &keys, None).is_err());
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
            None,
        );
        let expected =
            map(&[("accept-encoding", "identity"), ("version", "2021-07-28"), ("user-agent", "mine")]);
        assert_eq!(sent, Ok(expected));
        let sent = outgoing(HeaderMap::new(), &[], None).unwrap();
        assert!(sent[header::USER_AGENT].to_str().unwrap().starts_with("transload/"));
    }

    #[test]
    fn compressed_bodies_are_told_apart() {
        assert!(readable(&HeaderMap::new()));
        assert!(readable(&map(&[("content-encoding", "Identity")])));
        assert!(!readable(&map(&[("content-encoding", "gzip")])));
    }

    #[test]
    fn an_idempotency_key_is_the_hosts_to_choose() {
        let header = HeaderName::from_static("idempotency-key");
        for name in ["idempotency-key", "idempotency_key"] {
            let error = outgoing(map(&[(name, "mine")]), &[], Some(&header)).unwrap_err();
            assert!(error.contains(name), "{error}");
            assert!(outgoing(map(&[(name, "mine")]), &[], None).is_ok());
        }
    }

    #[test]
    fn a_session_stays_here() {
        let mut headers = map(&[
            ("set-cookie", "session=1"),
            ("set-cookie2", "session=1"),
            ("connection", "close"),
            ("x-id", "1"),
        ]);
        headers.append("set-cookie", HeaderValue::from_static("other=2"));
        incoming(&mut headers);
        assert_eq!(headers, map(&[("x-id", "1")]));
    }
}
