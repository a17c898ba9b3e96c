//! How long to wait before trying again. Pure, in whole milliseconds.

use std::time::Duration;

use crate::contract::millis;

/// Attempts before a delivery or event is given up. With the delays below the last comes about eight hours after the
/// first: longer than most outages, short enough that an order is not forgotten overnight.
pub const ATTEMPTS_MAX: u32 = 20;

/// The delay after the first failure; each later one doubles it.
const FIRST: Duration = Duration::from_secs(1);

/// The longest delay that doubling leads to.
const LONGEST: Duration = Duration::from_hours(1);

/// The longest delay that a connector may ask for. Daily budgets of vendors start over within it.
const ASKED_LONGEST: Duration = Duration::from_hours(24);

/// The delay after the failure number `failures` (from 1). `asked` is what the connector wants to wait at least.
/// `random` spreads what failed together over half of the doubled delay, so that it does not come back together.
pub fn delay(failures: u32, asked: Option<Duration>, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(32);
    let doubled = millis(FIRST).saturating_mul(1 << doublings).min(millis(LONGEST));
    let half = doubled / 2;
    let spread = random % (half + 1);
    let asked = millis(asked.unwrap_or_default().min(ASKED_LONGEST));
    Duration::from_millis(half.max(asked) + spread)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_delay_doubles_up_to_an_hour() {
        let longest = |failures| delay(failures, None, millis(LONGEST) / 2);
        assert_eq!(delay(1, None, 0), Duration::from_millis(500));
        assert_eq!(delay(1, None, 500), Duration::from_secs(1));
        assert_eq!(delay(4, None, 4_000), Duration::from_secs(8));
        assert_eq!(longest(13), LONGEST);
        assert_eq!(longest(u32::MAX), LONGEST);
    }

    #[test]
    fn all_attempts_take_eight_hours_or_so() {
        let total: Duration = (1..ATTEMPTS_MAX).map(|failures| delay(failures, None, 0) * 2).sum();
        // 1 + 2 + … + 2,048 seconds, and seven hours.
        assert_eq!(total, Duration::from_secs(4_095 + 7 * 3_600));
    }

    #[test]
    fn what_is_asked_for_is_honoured_up_to_a_day() {
        assert_eq!(delay(1, Some(Duration::from_secs(10)), 0), Duration::from_secs(10));
        assert_eq!(delay(1, Some(Duration::MAX), 0), ASKED_LONGEST);
    }

    proptest! {
        #[test]
        fn the_delay_stays_between_its_bounds(failures in any::<u32>(), asked in any::<u64>(), random in any::<u64>()) {
            let asked = Duration::from_millis(asked);
            let delay = delay(failures, Some(asked), random);
            prop_assert!(delay >= asked.min(ASKED_LONGEST).max(FIRST / 2));
            prop_assert!(delay <= ASKED_LONGEST + LONGEST / 2);
        }
    }
}
