//! What a connector is given: its ports.

use serde::de::DeserializeOwned;
use transload_model::Instant;
use transload_wire::Http;

use crate::{Failure, Level, needs_attention};

/// The ports of one call. The host stands behind them in a component, the fakes in a test.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Sends requests; the host adds credentials and refuses what the manifest does not name.
    pub http: &'a dyn Http,
    /// The connection's own store.
    pub store: &'a dyn Store,
    /// Lines for the operator.
    pub log: &'a dyn Log,
    /// What the operator configured.
    pub settings: &'a dyn Settings,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

impl Context<'_> {
    /// The settings, as `T`. Fails with `needs-attention` naming the setting that is wrong.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.settings.get())
            .map_err(|error| needs_attention(format!("the connection's settings are unusable: {error}")))
    }

    /// Writes a line for the operator.
    pub fn log(&self, level: Level, message: &str) {
        self.log.write(level, message, &[]);
    }
}

/// A value of the store and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The value.
    pub value: Vec<u8>,
    /// Grows with every write of the key, from 1.
    pub version: u64,
}

/// Why an access of the store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another version is there: the present one, 0 for none.
    #[error("the store's entry has moved on to version {0}")]
    Conflict(u64),
    /// The value, or all that one call wrote, is larger than this many bytes.
    #[error("the value is larger than the store's limit of {0} bytes")]
    TooLarge(u64),
    /// The key cannot be one.
    #[error("the store cannot have such a key: {0}")]
    InvalidKey(String),
    /// The store is out of reach.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// The connection's store. What each function fails with is in the contract.
pub trait Store {
    /// Reads an entry.
    fn get(&self, key: &str) -> Result<Option<Stored>, StoreError>;
    /// Writes an entry and answers its new version.
    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StoreError>;
    /// Writes an entry if its version is `expected`, and answers its new version.
    fn compare_and_swap(&self, key: &str, expected: Option<u64>, value: &[u8]) -> Result<u64, StoreError>;
    /// Removes an entry.
    fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// Lists keys: those of this page, and the cursor of the next.
    fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, Option<String>), StoreError>;
}

/// Lines for the operator.
pub trait Log {
    /// Writes a line with named values.
    fn write(&self, level: Level, message: &str, fields: &[(&str, &str)]);
}

/// What the operator configured.
pub trait Settings {
    /// The settings as a JSON object.
    fn get(&self) -> String;
}

/// What time it is.
pub trait Clock {
    /// Now.
    fn now(&self) -> Instant;
}
