//! The time of day, for records, and how it maps onto the clock that timers run by.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::contract::{Instant, millis};

/// Longer than any delay that is recorded. A time further ahead was written while the system's clock was wrong, and
/// would hold its subject up until then.
const AHEAD_MAX: Duration = Duration::from_hours(25);

/// Where a host takes the time of day from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// The time of day at a moment of tokio's clock; the system's clock without it.
    origin: Option<(Instant, tokio::time::Instant)>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that shows `now`, in milliseconds since 1970, and goes on with tokio's. For simulations, where that one is
    /// paused and moves by itself when nothing is left to do.
    pub fn starting_at(now: Instant) -> Clock {
        Clock { origin: Some((now, tokio::time::Instant::now())) }
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> Instant {
        match self.origin {
            Some((at, since)) => at.saturating_add(millis(since.elapsed())),
            None => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        }
    }

    /// When a timer rings for a recorded time; at once for one that has passed.
    pub(super) fn timer(&self, at: Instant) -> tokio::time::Instant {
        let ahead = Duration::from_millis(at.saturating_sub(self.now()));
        tokio::time::Instant::now() + ahead.min(AHEAD_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_a_wrong_clock_is_not_waited_for() {
        let clock = Clock::system();
        let ahead = |at| clock.timer(at).saturating_duration_since(tokio::time::Instant::now());
        assert!(ahead(Instant::MAX) <= AHEAD_MAX);
        assert!(ahead(clock.now() + 86_400_000) > Duration::from_hours(23));
        assert_eq!(ahead(0), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_set_clock_goes_with_the_timers() {
        let clock = Clock::starting_at(1_000);
        assert_eq!(clock.now(), 1_000);
        tokio::time::sleep_until(clock.timer(61_000)).await;
        assert_eq!(clock.now(), 61_000);
    }
}
