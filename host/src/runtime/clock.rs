//! The time of day, for records, and how it maps onto the clock that timers run by.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::contract::Instant;

/// Now, in milliseconds since 1970.
pub(super) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(Instant::MAX)
}

/// When a timer rings for a recorded time; at once for one that has passed.
pub(super) fn timer(at: Instant) -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_millis(at.saturating_sub(now()))
}
