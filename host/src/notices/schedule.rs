//! When a notice is tried again that was not delivered. Pure.

use std::time::Duration;

use http::{HeaderMap, header};

use crate::contract::millis;

/// How long to wait after each failure: the schedule that Standard Webhooks suggests. The last attempt comes three days after
/// the first, so that a receiver that is down over a weekend gets everything.
const DELAYS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// Attempts before a notice is given up.
pub const ATTEMPTS_MAX: u32 = DELAYS.len() as u32 + 1;

/// The longest wait that a receiver may ask for.
const ASKED_LONGEST: Duration = Duration::from_hours(24);

/// How long to wait after the failure number `failures` (from 1); none if that was the last attempt. `asked` is what the
/// receiver wants to be waited at least. `random` spreads what failed together over a fifth more.
pub(crate) fn delay(failures: u32, asked: Option<Duration>, random: u64) -> Option<Duration> {
    let delay = *DELAYS.get(usize::try_from(failures.checked_sub(1)?).ok()?)?;
    let spread = random % (millis(delay) / 5 + 1);
    let least = asked.unwrap_or_default().min(ASKED_LONGEST).max(delay);
    Some(least + Duration::from_millis(spread))
}

/// What `Retry-After` asks for, in its form of seconds; as a date, which no clock need agree about, it is passed over.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_attempt_comes_after_three_days() {
        let total: Duration = (1..ATTEMPTS_MAX).filter_map(|failures| delay(failures, None, 0)).sum();
        // 5 s, 5 min, 30 min and 75 hours.
        assert_eq!(total, Duration::from_secs(5 + 35 * 60 + 75 * 3_600));
        assert_eq!(delay(ATTEMPTS_MAX, None, 0), None);
        assert_eq!(delay(0, None, 0), None);
    }

    #[test]
    fn what_a_receiver_asks_for_is_heeded_up_to_a_day() {
        assert_eq!(delay(1, Some(Duration::from_secs(60)), 0), Some(Duration::from_secs(60)));
        assert_eq!(delay(2, Some(Duration::from_secs(60)), 0), Some(Duration::from_mins(5)));
        assert_eq!(delay(1, Some(Duration::MAX), 0), Some(ASKED_LONGEST));
    }

    #[test]
    fn a_retry_after_is_read_in_seconds() {
        for (text, expected) in
            [("120", Some(120)), (" 7 ", Some(7)), ("soon", None), ("-1", None), ("1.5", None)]
        {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn a_delay_is_spread_over_a_fifth_more(failures in 1..ATTEMPTS_MAX, random in any::<u64>()) {
            let least = delay(failures, None, 0).unwrap();
            let delay = delay(failures, None, random).unwrap();
            prop_assert!(least <= delay && delay <= least + least / 5);
        }
    }
}
