//! The one rule by which an object of GoHighLevel's is held in Rankr.
//!
//! GoHighLevel owns it. What Rankr has is brought up to date, unless Rankr has a newer version than the one that was just
//! read. A change that was made in Rankr is put back once and told of; if it comes again against the same state of
//! GoHighLevel's, something in Rankr sets it by itself, and it is left alone, because the two would write for ever.

use serde::{Deserialize, Serialize};
use transload_model::Money;
use transload_rankr::{Client, Put};
use transload_sdk::{Failure, Severity, Verb, Work, rejected};
use transload_wire::ApiError;

use crate::settings::Connection;

/// A kind of object that is held in Rankr.
pub trait Mirrored: Sized + Clone + PartialEq {
    /// What the kind is called, in effects and in the store: `order`.
    const KIND: &'static str;

    /// The id, the same on both sides.
    fn id(&self) -> &str;

    /// What it is about: the subject of events and alerts.
    fn subject(&self) -> &str;

    /// GoHighLevel's last change, in milliseconds since 1970.
    fn version(&self) -> u64;

    /// What it is worth.
    fn amount(&self) -> Option<Money>;

    /// Without what does not make it another object: the version, and what Rankr adds.
    fn bare(&self) -> Self;

    /// As text, by the contract's names.
    fn write(&self) -> Result<Vec<u8>, Failure>;

    /// From such a text.
    fn read(text: &[u8]) -> Result<Self, Failure>;

    /// What Rankr has.
    fn get(client: &Client, id: &str) -> Result<Option<Self>, ApiError>;

    /// Creates or replaces it in Rankr.
    fn put(&self, client: &Client) -> Result<Put, ApiError>;
}
