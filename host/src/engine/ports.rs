//! What a connector can reach: HTTP, its store, its settings and its log, each a trait that the embedder supplies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::contract::{Entry, Instant, KeyPage, Level, StoreError};

/// Keys that one page of a listing holds at most; the contract promises it.
pub(super) const KEYS_PER_PAGE_MAX: u32 = 1_000;

/// Everything that is handed to one instance.
#[derive(Clone)]
pub struct Ports {
    /// Where its HTTP requests go.
    pub http: Arc<dyn Http>,
    /// Its key-value store.
    pub store: Arc<dyn Store>,
    /// Its settings, a JSON object.
    pub settings: Arc<str>,
    /// Where its log lines go.
    pub log: Arc<dyn Log>,
    /// What its wall clock shows, for the whole call, in milliseconds since 1970. An instance that is used again keeps
    /// showing it.
    pub now: Instant,
    /// What all its randomness is made from. A host draws a fresh one for each call, and records it together with
    /// `now`, so that the call can be replayed. Whoever knows the seed knows the randomness, and it has 64 bits: a key or a
    /// password must not be made from it.
    pub seed: u64,
}

impl Ports {
    /// Ports behind which there is nothing: every request is denied, the store is empty and takes no write, it is 1970
    /// and all randomness is made from zero.
    pub fn nothing() -> Ports {
        Ports {
            http: Arc::new(NoHttp),
            store: Arc::new(NoStore),
            settings: Arc::from("{}"),
            log: Arc::new(DiscardLog),
            now: 0,
            seed: 0,
        }
    }
}

/// Sends a connector's requests.
///
/// The engine has collected the request's body and enforces timeouts around the call; an implementation decides what
/// is allowed, adds credentials and caps the response's body.
#[async_trait]
pub trait Http: Send + Sync {
    /// Send `request`, whose URI is absolute, and answer the whole response. A response of any status is a success.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError>;
}

/// Why no response came of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The host refuses it. Says what would have to be configured; the operator sees it, the connector only that it was
    /// denied.
    #[error("{0}")]
    Denied(String),
    /// The request is not one that HTTP allows.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// The name does not resolve.
    #[error("cannot resolve {host}: {reason}")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection could be made. Nothing was sent.
    #[error("cannot connect to {host}: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The TLS handshake failed, or the certificate is not trusted. Nothing was sent.
    #[error("no TLS connection to {host}: {reason}")]
    Tls {
        /// Host and port.
        host: String,
        /// What the TLS library said.
        reason: String,
    },
    /// The connection broke after the request may have been sent: whether it had an effect is unknown.
    #[error("the connection to {host} broke before the response was complete: {reason}")]
    Broken {
        /// Host and port.
        host: String,
        /// What the HTTP library said.
        reason: String,
    },
    /// No complete response in time: whether the request had an effect is unknown.
    #[error("no complete response within {after_ms} ms")]
    Timeout {
        /// How long it was waited, in milliseconds.
        after_ms: u64,
    },
    /// The body is over a limit.
    #[error("the {what} body is larger than {limit} bytes")]
    TooLarge {
        /// `request` or `response`.
        what: &'static str,
        /// In bytes.
        limit: u64,
    },
}

/// One connection's key-value store. See `wit/0.1.0/store.wit` for what each method promises.
///
/// The engine has checked keys and sizes before a method is called.
#[async_trait]
pub trait Store: Send + Sync {
    /// Read an entry.
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError>;
    /// Write an entry and answer its new version.
    async fn put(&self, key: &str, value: Vec<u8>) -> Result<u64, StoreError>;
    /// Write an entry if its version is `expected` (none: if there is no entry) and answer its new version.
    async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, StoreError>;
    /// Remove an entry.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// List keys that start with `prefix`. `limit` is at most 1,000.
    async fn list_keys(&self, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, StoreError>;
}

/// Takes a connector's log lines, and the engine's own about it. Called a bounded number of times per call, with lines
/// of bounded length. Must not block.
pub trait Log: Send + Sync {
    /// Take a line.
    fn write(&self, level: Level, message: &str, fields: &[(String, String)]);
}

/// Denies every request.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHttp;

#[async_trait]
impl Http for NoHttp {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        Err(HttpError::Denied(format!("{} {}: no HTTP is granted here", request.method(), request.uri())))
    }
}

/// An empty store that refuses writes, as `describe` and `check` see it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl NoStore {
    fn refusal<T>() -> Result<T, StoreError> {
        Err(StoreError::Unavailable("the store cannot be written here".to_owned()))
    }
}

#[async_trait]
impl Store for NoStore {
    async fn get(&self, _key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(None)
    }

    async fn put(&self, _key: &str, _value: Vec<u8>) -> Result<u64, StoreError> {
        Self::refusal()
    }

    async fn compare_and_swap(
        &self,
        _key: &str,
        _expected: Option<u64>,
        _value: Vec<u8>,
    ) -> Result<u64, StoreError> {
        Self::refusal()
    }

    async fn delete(&self, _key: &str) -> Result<(), StoreError> {
        Self::refusal()
    }

    async fn list_keys(
        &self,
        _prefix: &str,
        _cursor: Option<&str>,
        _limit: u32,
    ) -> Result<KeyPage, StoreError> {
        Ok(KeyPage { keys: Vec::new(), next: None })
    }
}

/// Throws every line away.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiscardLog;

impl Log for DiscardLog {
    fn write(&self, _level: Level, _message: &str, _fields: &[(String, String)]) {}
}

/// A store in memory, for tests and for embedders that keep nothing. Grows as far as the engine's limits let a
/// connector write. A cursor is the last key of the page before.
#[derive(Debug, Default)]
pub struct MemoryStore {
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl MemoryStore {
    fn swap(
        &self,
        key: &str,
        value: Vec<u8>,
        accept: impl FnOnce(u64) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        // A panic while the lock is held cannot leave the map half-changed, so a poisoned lock is still good.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let present = entries.get(key).map_or(0, |entry| entry.version);
        accept(present)?;
        let version = present + 1;
        entries.insert(key.to_owned(), Entry { value, version });
        Ok(version)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    async fn put(&self, key: &str, value: Vec<u8>) -> Result<u64, StoreError> {
        self.swap(key, value, |_| Ok(()))
    }

    async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.swap(key, value, |present| match expected {
            Some(version) if version != present || version == 0 => Err(StoreError::Conflict(present)),
            None if present != 0 => Err(StoreError::Conflict(present)),
            _ => Ok(()),
        })
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        Ok(())
    }

    async fn list_keys(&self, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        let limit = limit.min(KEYS_PER_PAGE_MAX) as usize;
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<String> = entries
            .keys()
            .filter(|key| key.starts_with(prefix) && cursor.is_none_or(|last| key.as_str() > last))
            .take(limit + 1)
            .cloned()
            .collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = if more { keys.last().cloned() } else { None };
        Ok(KeyPage { keys, next })
    }
}
