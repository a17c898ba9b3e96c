//! Cursors of polls and histories, and what a poll that fails says.

use serde::Serialize;
use transload_sdk::{Failure, Retry, rejected};
use transload_wire::ApiError;

/// A day in milliseconds.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// An hour in milliseconds.
pub const HOUR_MS: u64 = 60 * 60 * 1000;

/// What the vendor refuses today is asked for again: `rejected` would tell the host that the cursor is bad, and to start
/// over without it would leave out the refunds of older payments.
pub fn later(error: ApiError) -> Failure {
    match error.into() {
        Failure::Rejected(reason) => Failure::Retry(Retry { reason, after_ms: None }),
        other => other,
    }
}

/// `rejected`: the host starts over without the cursor.
pub fn bad_cursor(error: serde_json::Error) -> Failure {
    rejected(format!("not a cursor of this trigger: {error}"))
}

/// A cursor as text for the host to keep.
pub fn cursor_text(cursor: &impl Serialize) -> Result<Option<String>, Failure> {
    serde_json::to_string(cursor).map(Some).map_err(|error| rejected(error.to_string()))
}
