//! The record of every write that a fake received: what a test compares with what should have been sent.

use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

use crate::message::{Reply, Request};
use crate::system::System;

/// Entries that are kept: ten thousand orders with a handful of writes each.
pub const ENTRIES_MAX: usize = 65_536;

/// Bytes of request bodies that are kept. With the entries' own size a full ledger stays below 128 MiB.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Headers that are never recorded, because they carry a credential.
const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "cookie", "proxy-authorization"];

/// A write that a fake received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts the writes from 1 in the order in which they took effect.
    pub sequence: u64,
    /// When it took effect, RFC 3339.
    pub at: String,
    /// Whose fake received it.
    pub system: System,
    /// The method.
    pub method: String,
    /// The path below the fake's prefix, as it was sent.
    pub path: String,
    /// The query as it was sent, without its question mark.
    pub query: String,
    /// The headers, names in lower case, without those that carry a credential.
    pub headers: Vec<(String, String)>,
    /// The body. Bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The status that was decided; none if the fault came before the fake looked at the request.
    pub status: Option<u16>,
    /// The id of the object that the write made or changed; none if it changed nothing.
    pub object: Option<String>,
    /// The kind of the fault that was applied, if one was: see [`FaultKind::name`](crate::FaultKind::name).
    pub fault: Option<String>,
}

/// What has been written so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The entries in order.
    pub entries: Vec<Entry>,
    /// Writes that came after the ledger was full and are not in it. A check of the ledger must first see that this is 0.
    pub missed: u64,
    #[serde(skip)]
    sequence: u64,
    #[serde(skip)]
    body_bytes: usize,
}

impl Ledger {
    /// Records a write. Reads are not recorded.
    pub(crate) fn record(
        &mut self,
        at: jiff::Timestamp,
        system: System,
        request: &Request,
        reply: Option<&Reply>,
        fault: Option<&str>,
    ) {
        if !request.is_write() {
            return;
        }
        self.sequence += 1;
        let body_bytes = self.body_bytes + request.body.len();
        if self.entries.len() >= ENTRIES_MAX || body_bytes > BODY_BYTES_MAX {
            self.missed += 1;
            return;
        }
        self.body_bytes = body_bytes;
        self.entries.push(Entry {
            sequence: self.sequence,
            at: format!("{at:.3}"),
            system,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: safe_headers(&request.headers),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status: reply.map(|reply| reply.status.as_u16()),
            object: reply.and_then(|reply| reply.object.clone()),
            fault: fault.map(str::to_owned),
        });
    }

    /// The entries after `sequence`.
    pub(crate) fn after(&self, sequence: u64) -> Self {
        let start = self.entries.partition_point(|entry| entry.sequence <= sequence);
        let entries = self.entries.get(start..).unwrap_or_default().to_vec();
        Self { entries, missed: self.missed, ..Self::default() }
    }
}

fn safe_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !CREDENTIALS.contains(&name.as_str()) && *name != header::HOST)
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::Method;
    use jiff::Timestamp;

    fn write(body: Bytes) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer secret".parse().unwrap());
        headers.insert("x-api-key", "secret".parse().unwrap());
        headers.insert("version", "2021-07-28".parse().unwrap());
        Request::new(Method::POST, "/a", "", headers, body)
    }

    #[test]
    fn credentials_are_left_out() {
        let mut ledger = Ledger::default();
        ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &write(Bytes::new()), None, None);
        assert_eq!(ledger.entries[0].headers, [("version".to_owned(), "2021-07-28".to_owned())]);
    }

    #[test]
    fn reads_are_left_out() {
        let mut ledger = Ledger::default();
        let read = Request::new(Method::GET, "/a", "", HeaderMap::new(), Bytes::new());
        ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &read, None, None);
        assert!(ledger.entries.is_empty());
    }

    #[test]
    fn what_no_longer_fits_is_counted() {
        let mut ledger = Ledger::default();
        for _ in 0..=ENTRIES_MAX {
            ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &write(Bytes::new()), None, None);
        }
        assert_eq!((ledger.entries.len(), ledger.missed), (ENTRIES_MAX, 1));
    }

    #[test]
    fn bodies_have_their_own_limit() {
        let mut ledger = Ledger::default();
        let half = Bytes::from(vec![b' '; BODY_BYTES_MAX / 2]);
        for _ in 0..3 {
            ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &write(half.clone()), None, None);
        }
        assert_eq!((ledger.entries.len(), ledger.missed), (2, 1));
        assert!(ledger.after(1).entries.iter().all(|entry| entry.sequence == 2));
    }
}
