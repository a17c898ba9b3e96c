//! The record of every write that a fake received: what a test compares with what should have been sent.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

use crate::message::{Reply, Request};
use crate::system::System;

/// Entries that are kept: ten thousand orders with a handful of writes each.
pub const ENTRIES_MAX: usize = 65_536;

/// Bytes of request bodies that are kept. With the entries' own size a full ledger stays below 128 MiB.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Kinds of write that are counted apart: ten times the operations that the fakes have. Further ones are counted together.
pub const KINDS_MAX: usize = 500;

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
    /// All writes, those that were missed too.
    pub writes: u64,
    #[serde(skip)]
    sequence: u64,
    #[serde(skip)]
    body_bytes: usize,
    #[serde(skip)]
    counts: BTreeMap<Kind, u64>,
}

/// The writes of one operation. They are counted however many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteCount {
    /// Whose fake received them.
    pub system: System,
    /// The method.
    pub method: String,
    /// The path, with `{}` for each segment that is not a word of the API: `/payments/orders/{}/fulfillments`. `*` for
    /// what came after [`KINDS_MAX`].
    pub path: String,
    /// How many.
    pub writes: u64,
}

/// How often each operation was asked to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteCounts {
    /// All writes since the ledger was emptied.
    pub writes: u64,
    /// The same by operation, those that there were.
    pub operations: Vec<WriteCount>,
}

/// System, path and method.
type Kind = (&'static str, String, String);

/// Segments of paths that are not ids.
const WORDS: [&str; 41] = [
    "payments",
    "orders",
    "fulfillments",
    "record-payment",
    "transactions",
    "subscriptions",
    "integrations",
    "provider",
    "whitelabel",
    "contacts",
    "notes",
    "tags",
    "workflow",
    "conversations",
    "messages",
    "objects",
    "records",
    "search",
    "opportunities",
    "status",
    "Order",
    "Bulk",
    "Id",
    "Number",
    "TrackId",
    "Complete",
    "Reject",
    "Status",
    "Date",
    "Route",
    "RejectReason",
    "Test",
    "invoices",
    "health",
    "v2",
    "ping",
    "sales",
    "shipments",
    "money",
    "plans",
    "bills",
];

/// Segments of a path that are told apart: one more than any operation has.
const SEGMENTS_MAX: usize = 6;

/// The path with its ids replaced.
fn template(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty()).take(SEGMENTS_MAX);
    segments
        .map(|segment| if WORDS.contains(&segment) { format!("/{segment}") } else { "/{}".into() })
        .collect()
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
        self.count(system, request);
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

    fn count(&mut self, system: System, request: &Request) {
        self.writes += 1;
        let kind = (system.name(), template(&request.path), request.method.to_string());
        let rest = || (system.name(), "*".to_owned(), "*".to_owned());
        let is_full = self.counts.len() >= KINDS_MAX && !self.counts.contains_key(&kind);
        *self.counts.entry(if is_full { rest() } else { kind }).or_default() += 1;
    }

    /// How often each operation was asked to write.
    pub fn counts(&self) -> WriteCounts {
        let shown = |((system, path, method), writes): (&Kind, &u64)| {
            let (system, method, path) = (System::from_name(system)?, method.clone(), path.clone());
            Some(WriteCount { system, method, path, writes: *writes })
        };
        WriteCounts { writes: self.writes, operations: self.counts.iter().filter_map(shown).collect() }
    }

    /// Forgets the writes of a system, or of all, whose path begins with `path`: as sent for the entries, with `{}` for
    /// ids for the counts. What the full ledger missed is forgotten only with everything.
    pub(crate) fn clear(&mut self, system: Option<System>, path: &str) {
        if system.is_none() && path.is_empty() {
            *self = Self::default();
            return;
        }
        let meant = |name: &str| system.is_none_or(|system| system.name() == name);
        self.entries.retain(|entry| !(meant(entry.system.name()) && entry.path.starts_with(path)));
        self.body_bytes = self.entries.iter().map(|entry| entry.body.len()).sum();
        self.counts.retain(|(name, counted, _), _| !(meant(name) && counted.starts_with(path)));
        self.writes = self.counts.values().sum();
    }

    /// The entries after `sequence`.
    pub(crate) fn after(&self, sequence: u64) -> Self {
        let start = self.entries.partition_point(|entry| entry.sequence <= sequence);
        let entries = self.entries.get(start..).unwrap_or_default().to_vec();
        Self { entries, missed: self.missed, writes: self.writes, ..Self::default() }
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
        assert_eq!(ledger.counts().writes, ENTRIES_MAX as u64 + 1);
    }

    fn put(path: &str) -> Request {
        Request::new(Method::PUT, path, "", HeaderMap::new(), Bytes::new())
    }

    #[test]
    fn writes_are_counted_by_operation_and_forgotten_by_path() {
        let mut ledger = Ledger::default();
        for path in ["/Order/Id/1/Reject", "/Order/Id/2/Reject", "/Order"] {
            ledger.record(Timestamp::UNIX_EPOCH, System::TrackPod, &put(path), None, None);
        }
        ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &write(Bytes::new()), None, None);
        let counted = |ledger: &Ledger| -> Vec<(String, u64)> {
            ledger.counts().operations.into_iter().map(|one| (one.path, one.writes)).collect()
        };
        let all =
            [("/{}", 1), ("/Order", 1), ("/Order/Id/{}/Reject", 2)].map(|(path, n)| (path.to_owned(), n));
        assert_eq!((counted(&ledger), ledger.counts().writes), (all.to_vec(), 4));
        ledger.clear(Some(System::TrackPod), "/Order/Id");
        assert_eq!((counted(&ledger), ledger.counts().writes), (all[..2].to_vec(), 2));
        assert_eq!(ledger.entries.len(), 2);
        ledger.clear(Some(System::Ghl), "");
        assert_eq!(ledger.entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["/Order"]);
    }

    #[test]
    fn kinds_beyond_the_limit_are_counted_together() {
        let mut ledger = Ledger::default();
        let mut paths = WORDS.iter().flat_map(|a| WORDS.iter().map(move |b| format!("/{a}/{b}")));
        for path in paths.by_ref().take(KINDS_MAX + 7) {
            ledger.record(Timestamp::UNIX_EPOCH, System::Ghl, &put(&path), None, None);
        }
        let counts = ledger.counts();
        assert_eq!(counts.operations.len(), KINDS_MAX + 1);
        assert!(counts.operations.iter().any(|one| one.path == "*" && one.writes == 7));
        assert_eq!(counts.writes, KINDS_MAX as u64 + 7);
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
