//! Events, in terms of the model.

use transload_model::{Change, Instant};

/// A change that a connector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for every delivery of the same change, and different for every other.
    pub id: String,
    /// The API of the manifest that it came from.
    pub source: &'static str,
    /// What it is about; events of one subject are handled in order.
    pub subject: String,
    /// When it happened, by the source's clock.
    pub occurred_at: Option<Instant>,
    /// The vendor's own JSON.
    pub raw: Option<String>,
    /// The object.
    pub change: Change,
}

/// Some events of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// Where to go on next time.
    pub cursor: Option<String>,
    /// Whether to go on at once.
    pub more: bool,
}
