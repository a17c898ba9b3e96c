//! Addresses that an operator excepts from what holds for public ones.

use std::collections::BTreeSet;

use crate::PolicyError;

/// `host:port` pairs that may lie anywhere, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions(BTreeSet<(String, u16)>);

impl Exceptions {
    /// Read the entries. `setting` is the key of the configuration that they come from.
    pub fn parse(entries: &[String], setting: &str) -> Result<Exceptions, PolicyError> {
        let pair = |entry: &String| {
            let (host, port) = entry.rsplit_once(':')?;
            let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
            // An IPv6 address is written in brackets, as in a URL.
            let plain = !host.is_empty() && !host.contains([':', '/', '@', '*']);
            let bracketed = host.starts_with('[') && host.ends_with(']');
            (plain || bracketed).then(|| (host.to_ascii_lowercase(), port))
        };
        let parsed = entries.iter().map(|entry| {
            pair(entry).ok_or_else(|| PolicyError::PrivateAddress {
                setting: setting.to_owned(),
                entry: entry.clone(),
            })
        });
        parsed.collect::<Result<_, _>>().map(Exceptions)
    }

    /// Whether `host`, as a URL writes it, may lie anywhere at `port`.
    pub fn covers(&self, host: &str, port: u16) -> bool {
        self.0.contains(&(host.to_ascii_lowercase(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_exact() {
        let entries = ["127.0.0.1:4010", "ERP.internal:443", "[::1]:80"].map(str::to_owned);
        let exceptions = Exceptions::parse(&entries, "allow_private").unwrap();
        assert!(exceptions.covers("127.0.0.1", 4010));
        assert!(exceptions.covers("erp.Internal", 443));
        assert!(exceptions.covers("[::1]", 80));
        for (host, port) in [("127.0.0.1", 4011), ("127.0.0.2", 4010), ("sub.erp.internal", 443), ("::1", 80)]
        {
            assert!(!exceptions.covers(host, port), "{host}:{port}");
        }
        for bad in
            ["", "host", "host:", ":80", "host:0", "host:65536", "http://host:80", "*:80", "a:b:80", "u@h:80"]
        {
            let error = Exceptions::parse(&[bad.to_owned()], "x.allow_private").unwrap_err();
            assert!(error.to_string().starts_with("x.allow_private: "), "{bad}: {error}");
        }
    }
}
