//! Keeping within the rates that an API's manifest names.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::contract::Rate;

/// Parts that a window is divided into. A request counts until the whole of its part has left the window, so a budget is
/// kept exactly, and given back up to a sixty-fourth of the window late. Memory per rate does not depend on the rate.
const PARTS: u32 = 64;

/// The longest window, in milliseconds: 31 days, the longest that vendors bill by. Also keeps a manifest's number from
/// running past the end of the clock.
const WINDOW_MS_MAX: u64 = 31 * 24 * 60 * 60 * 1_000;

/// Counts one credential's requests against all of its API's rates.
pub(super) struct Limiter {
    windows: Mutex<Vec<Window>>,
}

impl Limiter {
    pub(super) fn new(rates: &[Rate]) -> Limiter {
        Limiter { windows: Mutex::new(rates.iter().map(Window::new).collect()) }
    }

    /// Count a request at `now`, or say how long to wait before one fits; nothing is counted then.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = windows.iter_mut().filter_map(|window| window.wait(now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        windows.iter_mut().for_each(|window| window.count(now));
        Ok(())
    }
}

struct Window {
    requests: u32,
    length: Duration,
    part: Duration,
    /// Start and count of the parts with requests in them, oldest first.
    parts: VecDeque<(Instant, u32)>,
    total: u32,
}

impl Window {
    fn new(rate: &Rate) -> Window {
        let length = Duration::from_millis(rate.per_ms.min(WINDOW_MS_MAX));
        // A rate of zero requests could never be met; the manifest's author meant at least one.
        Window {
            requests: rate.requests.max(1),
            length,
            part: length / PARTS,
            parts: VecDeque::new(),
            total: 0,
        }
    }

    /// When a request that is counted in the part from `start` stops counting.
    fn end(&self, start: Instant) -> Instant {
        start + self.part + self.length
    }

    fn wait(&mut self, now: Instant) -> Option<Duration> {
        while let Some((start, count)) = self.parts.front().copied()
            && self.end(start) <= now
        {
            self.total -= count;
            self.parts.pop_front();
        }
        if self.total < self.requests {
            return None;
        }
        self.parts.front().map(|(start, _)| self.end(*start).saturating_duration_since(now))
    }

    fn count(&mut self, now: Instant) {
        self.total += 1;
        let part = self.part;
        match self.parts.back_mut() {
            Some((start, count)) if now.saturating_duration_since(*start) < part => *count += 1,
            _ => self.parts.push_back((now, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(rates: &[(u32, u64)]) -> Limiter {
        let rates: Vec<Rate> =
            rates.iter().map(|(requests, per_ms)| Rate { requests: *requests, per_ms: *per_ms }).collect();
        Limiter::new(&rates)
    }

    #[test]
    fn no_window_ever_holds_more_than_its_rate() {
        let limiter = limiter(&[(5, 1_000)]);
        let start = Instant::now();
        let mut sent = Vec::new();
        // An eager caller, asking every 7 ms for ten seconds.
        for step in 0..1_430 {
            let at = Duration::from_millis(step * 7);
            if limiter.take(start + at).is_ok() {
                sent.push(at);
            }
        }
        for (index, first) in sent.iter().enumerate() {
            let within = sent[index..].iter().filter(|at| **at - *first < Duration::from_secs(1)).count();
            assert!(within <= 5, "{within} requests within a second of {first:?}");
        }
        // Ten windows of five, less what the rounding costs: 64/65 of 50, and the eager caller's steps.
        assert!((45..=50).contains(&sent.len()), "{}", sent.len());
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let limiter = limiter(&[(2, 640), (3, 6_400)]);
        let start = Instant::now();
        assert_eq!(limiter.take(start), Ok(()));
        assert_eq!(limiter.take(start), Ok(()));
        // 640 ms, and the 10 ms of the part that both were counted in.
        let wait = limiter.take(start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(650));
        assert_eq!(limiter.take(start + wait), Ok(()));
        // Now the longer window is full.
        assert_eq!(limiter.take(start + wait), Err(Duration::from_millis(6_500 - 650)));
    }

    #[test]
    fn without_rates_nothing_waits() {
        let limiter = limiter(&[]);
        let now = Instant::now();
        assert!((0..100_000).all(|_| limiter.take(now).is_ok()));
    }

    #[test]
    fn absurd_windows_do_no_harm() {
        let limiter = limiter(&[(1, u64::MAX), (1, 0)]);
        let now = Instant::now();
        assert_eq!(limiter.take(now), Ok(()));
        assert!(limiter.take(now).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = limiter(&[(u32::MAX, 64)]);
        let start = Instant::now();
        for step in 0..10_000 {
            limiter.take(start + Duration::from_millis(step)).unwrap();
        }
        assert!(limiter.windows.lock().unwrap()[0].parts.len() <= 66);
    }
}
