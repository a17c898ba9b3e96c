//! What a list of durations comes to.

use std::time::Duration;

/// The duration that half of them stay within, and the one that 99 of 100 do.
pub fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default()
    };
    (at(50), at(99))
}

/// Milliseconds as a person reads them.
#[expect(clippy::float_arithmetic, reason = "a figure to look at")]
pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
