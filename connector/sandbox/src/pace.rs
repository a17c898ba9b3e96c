//! Request rates: so many requests in so much time.

/// A fixed window of time in which a number of requests is allowed. It opens with the first request after the last
/// window closed, as in the vendors' own limiters.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    limit: u64,
    length_ms: i64,
    opened_ms: i64,
    used: u64,
}

impl Window {
    /// `limit` requests in `length_ms` milliseconds.
    pub fn new(limit: u64, length_ms: i64) -> Self {
        Self { limit, length_ms, opened_ms: i64::MIN, used: 0 }
    }

    /// Requests left at `now_ms`.
    pub fn remaining(&self, now_ms: i64) -> u64 {
        if self.is_open(now_ms) { self.limit.saturating_sub(self.used) } else { self.limit }
    }

    /// When the window closes, in milliseconds of the same clock as `now_ms`.
    pub fn closes_ms(&self, now_ms: i64) -> i64 {
        let opened = if self.is_open(now_ms) { self.opened_ms } else { now_ms };
        opened.saturating_add(self.length_ms)
    }

    /// Requests allowed in a window.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The length of a window in milliseconds.
    pub fn length_ms(&self) -> i64 {
        self.length_ms
    }

    fn is_open(&self, now_ms: i64) -> bool {
        now_ms < self.opened_ms.saturating_add(self.length_ms)
    }

    fn take(&mut self, now_ms: i64) {
        if !self.is_open(now_ms) {
            self.opened_ms = now_ms;
            self.used = 0;
        }
        self.used += 1;
    }
}

/// Counts a request in every window, if each of them has room for it. The one that has none is returned otherwise.
pub(crate) fn take(windows: &mut [Window], now_ms: i64) -> Result<(), Window> {
    if let Some(full) = windows.iter().find(|window| window.remaining(now_ms) == 0) {
        return Err(full.clone());
    }
    windows.iter_mut().for_each(|window| window.take(now_ms));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_allowed_and_one_more_is_not_until_the_window_closes() {
        let mut windows = [Window::new(100, 10_000)];
        for request in 0..100 {
            assert!(take(&mut windows, 5_000 + request).is_ok(), "request {request}");
        }
        assert_eq!(windows[0].remaining(5_100), 0);
        assert_eq!(take(&mut windows, 14_999).unwrap_err().closes_ms(14_999), 15_000);
        assert!(take(&mut windows, 15_000).is_ok());
        assert_eq!(windows[0].remaining(15_000), 99);
    }

    #[test]
    fn a_refused_request_counts_nowhere() {
        let mut windows = [Window::new(1, 1_000), Window::new(5, 60_000)];
        assert!(take(&mut windows, 0).is_ok());
        assert!(take(&mut windows, 1).is_err());
        assert_eq!(windows[1].remaining(1), 4);
    }

    #[test]
    fn the_longer_window_holds_when_the_shorter_reopens() {
        let mut windows = [Window::new(20, 1_000), Window::new(25, 60_000)];
        for request in 0..20 {
            assert!(take(&mut windows, request).is_ok());
        }
        for request in 0..5 {
            assert!(take(&mut windows, 2_000 + request).is_ok());
        }
        assert_eq!(take(&mut windows, 2_006).unwrap_err().limit(), 25);
    }
}
