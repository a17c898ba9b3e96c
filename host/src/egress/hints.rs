//! What a response says about the rate that an API allows: the headers that vendors commonly send.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest that a response's word is taken for: a day, the longest budget that vendors count requests in. A wrong date
/// must not silence a connection for longer.
const HOLD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to hold after a 429 that does not say.
const HOLD_UNSAID: Duration = Duration::from_secs(1);

/// How long to hold when a day's budget is used up and the response does not say when the day ends, or whether it ends at
/// midnight or 24 hours after the request. One request an hour finds out: at most 24 more on top of the budget's many
/// thousands, and at most an hour lost.
const HOLD_DAILY: Duration = Duration::from_secs(60 * 60);

/// How long the API wants no request with the same credential; none if it says nothing of the kind.
pub(super) fn pause(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let refused = status == StatusCode::TOO_MANY_REQUESTS;
    let clock = Clock::of(headers);
    let after = (refused || status == StatusCode::SERVICE_UNAVAILABLE)
        .then(|| retry_after(headers, &clock))
        .flatten();
    // An API that refuses has nothing left, whatever else it says; unless it says for how long: then that holds, and the
    // headers may be about another, longer window, as Track-POD's about its minute when its second is used up.
    let is_unsaid = refused && after.is_none();
    let used_up = |name| is_unsaid || number(headers, name) == Some(0);
    let hints = [
        after,
        used_up("x-ratelimit-remaining").then(|| interval(headers)).flatten(),
        used_up("ratelimit-remaining").then(|| draft_reset(headers)).flatten(),
        used_up("x-rate-limit-remaining").then(|| dated_reset(headers, &clock)).flatten(),
        (number(headers, "x-ratelimit-daily-remaining") == Some(0)).then(|| daily(headers)),
        refused.then_some(HOLD_UNSAID),
    ];
    hints.into_iter().flatten().max().map(|pause| pause.min(HOLD_MAX))
}

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    if let Some(seconds) = number(headers, header::RETRY_AFTER.as_str()) {
        return Some(Duration::from_secs(seconds));
    }
    clock.until(http_date(text(headers, header::RETRY_AFTER.as_str())?)?)
}

/// The length of the window, when a budget of some seconds is used up; when it began is not said.
fn interval(headers: &HeaderMap) -> Option<Duration> {
    number(headers, "x-ratelimit-interval-milliseconds").map(Duration::from_millis)
}

/// The seconds to the next window, after the IETF's drafts. Some APIs of the same header mean a time since 1970, which as
/// a pause would be decades: what is longer than any budget is no count of seconds.
fn draft_reset(headers: &HeaderMap) -> Option<Duration> {
    number(headers, "ratelimit-reset").map(Duration::from_secs).filter(|pause| *pause <= HOLD_MAX)
}

/// The time of the next window, as ISO 8601; what APIs on ASP.NET commonly send.
fn dated_reset(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    clock.until(text(headers, "x-rate-limit-reset")?.parse().ok()?)
}

/// The rest of the day, in milliseconds where it is said.
fn daily(headers: &HeaderMap) -> Duration {
    number(headers, "x-ratelimit-daily-reset").map_or(HOLD_DAILY, Duration::from_millis)
}

/// What time it is for who wrote the response.
struct Clock(Option<Timestamp>);

impl Clock {
    /// Its own clock where it tells the time: then it does not matter how far ours is off.
    fn of(headers: &HeaderMap) -> Clock {
        let told = text(headers, header::DATE.as_str()).and_then(http_date);
        Clock(told.or_else(|| Timestamp::try_from(SystemTime::now()).ok()))
    }

    /// How long it is until `time`: no time at all if that is over.
    fn until(&self, time: Timestamp) -> Option<Duration> {
        Some(Duration::try_from(time.duration_since(self.0?)).unwrap_or_default())
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    // The day of the week adds nothing, so a wrong one does no harm.
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A count. A fraction is cut off, a negative one is none left; one beyond counting is as many as can be counted.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = text(headers, name)?;
    if text.starts_with('-') {
        return text.get(1..)?.parse::<u64>().ok().map(|_| 0);
    }
    let whole = text.split('.').next().filter(|whole| !whole.is_empty())?;
    let digits = whole.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| whole.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "hints_tests.rs"]
mod tests;
