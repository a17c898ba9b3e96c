//! The time of day, for records, and how it maps onto the clock that timers run by.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::contract::Instant;

/// Now, in milliseconds since 1970.
pub(super) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(Instant::MAX)
}

/// Longer than any delay that is recorded. A time further ahead was written while the system's clock was wrong, and
/// would hold its subject up until then.
const AHEAD_MAX: Duration = Duration::from_hours(25);

/// When a timer rings for a recorded time; at once for one that has passed.
pub(super) fn timer(at: Instant) -> tokio::time::Instant {
    let ahead = Duration::from_millis(at.saturating_sub(now()));
    tokio::time::Instant::now() + ahead.min(AHEAD_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_a_wrong_clock_is_not_waited_for() {
        let ahead = |at| timer(at).saturating_duration_since(tokio::time::Instant::now());
        assert!(ahead(Instant::MAX) <= AHEAD_MAX);
        assert!(ahead(now() + 86_400_000) > Duration::from_hours(23));
        assert_eq!(ahead(0), Duration::ZERO);
    }
}
