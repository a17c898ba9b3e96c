//! One rate: so many requests in any window of so many milliseconds.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use transload_policy::manifest::Rate;

use super::portion::Portion;

/// Parts that a window is divided into. A request counts until the whole of its part has left the window, so a budget is
/// kept exactly, and given back up to a sixty-fourth of the window late. Memory per rate does not depend on the rate: 65
/// counters of four bytes.
const PARTS: u32 = 64;

/// The longest window, in milliseconds: 31 days, the longest that vendors bill by. Also keeps a manifest's number from
/// running past the end of the clock.
const WINDOW_MS_MAX: u64 = 31 * 24 * 60 * 60 * 1_000;

/// The requests of the last so many milliseconds.
pub(super) struct Window {
    requests: u32,
    length: Duration,
    part: Duration,
    /// When the oldest part began.
    start: Instant,
    /// The requests of each part, oldest first; neither end is zero.
    counts: VecDeque<u32>,
    total: u32,
    /// How many of those who share the budget asked for this rate.
    pub(super) members: u32,
}

impl Window {
    pub(super) fn new(rate: Rate, now: Instant) -> Window {
        // A window of no length could not be divided.
        let length = Duration::from_millis(rate.per_ms.clamp(1, WINDOW_MS_MAX));
        Window {
            // A rate of zero requests could never be met; the manifest's author meant at least one.
            requests: rate.requests.max(1),
            length,
            part: length / PARTS,
            start: now,
            counts: VecDeque::new(),
            total: 0,
            members: 0,
        }
    }

    /// Whether both hold the same rate.
    pub(super) fn equals(&self, other: &Window) -> bool {
        (self.requests, self.length) == (other.requests, other.length)
    }

    /// How well this window's requests tell those of a window of `length`: one that reaches as far back, and of these
    /// the one with the finest parts, is best; else the one that reaches furthest. The least is best.
    pub(super) fn distance(&self, length: Duration) -> (bool, Duration) {
        let short = self.length < length;
        (short, if short { Duration::MAX - self.length } else { self.length })
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    /// Count the requests of another window, each as late as it may have been.
    pub(super) fn seed(&mut self, other: &Window, now: Instant) {
        let mut end = other.start;
        for count in other.counts.iter().copied() {
            end += other.part;
            self.count(end.min(now), count);
        }
        self.expire(now);
    }

    /// How long until a request fits into a portion of the rate; none if one does. What others send until then is not
    /// known.
    pub(super) fn wait(&mut self, now: Instant, portion: Portion) -> Option<Duration> {
        self.expire(now);
        let room = portion.of(self.requests);
        let (mut left, mut end) = (self.total, self.end());
        if left < room {
            return None;
        }
        for count in self.counts.iter().copied() {
            left = left.saturating_sub(count);
            if left < room {
                break;
            }
            end += self.part;
        }
        Some(end.saturating_duration_since(now))
    }

    /// Count `requests` at `now`; not before others that are counted.
    pub(super) fn count(&mut self, now: Instant, requests: u32) {
        if requests == 0 {
            return;
        }
        self.expire(now);
        if self.counts.is_empty() {
            self.start = now;
        }
        let index = now.saturating_duration_since(self.start).as_nanos() / self.part.as_nanos().max(1);
        let index = usize::try_from(index).unwrap_or(usize::MAX).min(PARTS as usize);
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        // A clock read before another's lock was won may lie a little behind; it counts as the latest.
        if let Some(count) = self.counts.back_mut() {
            *count = count.saturating_add(requests);
            self.total = self.total.saturating_add(requests);
        }
    }

    /// When a request that is counted in the oldest part stops counting.
    fn end(&self) -> Instant {
        self.start + self.part + self.length
    }

    fn expire(&mut self, now: Instant) {
        while let Some(count) = self.counts.front().copied()
            && (count == 0 || self.end() <= now)
        {
            self.total = self.total.saturating_sub(count);
            self.counts.pop_front();
            self.start += self.part;
        }
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> usize {
        self.counts.len()
    }
}
