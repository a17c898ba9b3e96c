//! Tests of what responses say about rates.

use http::{HeaderName, HeaderValue};

use super::*;

fn pause(status: u16, pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    super::pause(StatusCode::from_u16(status).unwrap(), &pairs.iter().map(pair).collect())
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    // The date is the example of RFC 9110, section 5.6.7, and the first is two minutes before it.
    let date = ("date", "Sun, 06 Nov 1994 08:47:37 GMT");
    assert_eq!(pause(429, &[("retry-after", "120")]), seconds(120));
    assert_eq!(pause(503, &[("retry-after", "120")]), seconds(120));
    assert_eq!(pause(429, &[date, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), seconds(120));
    assert_eq!(pause(503, &[date, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), seconds(120));
    // Without the sender's own clock, ours tells that it is over.
    assert_eq!(pause(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), seconds(1));
    // Of a redirect or of a success it means something else.
    assert_eq!(pause(301, &[("retry-after", "120")]), None);
    assert_eq!(pause(200, &[("retry-after", "120")]), None);
}

#[test]
fn a_refusal_that_says_nothing_is_a_second() {
    assert_eq!(pause(429, &[]), seconds(1));
    assert_eq!(pause(429, &[("retry-after", "0")]), seconds(1));
    assert_eq!(pause(429, &[("retry-after", "soon")]), seconds(1));
    assert_eq!(pause(429, &[("retry-after", "")]), seconds(1));
    assert_eq!(pause(503, &[]), None);
    assert_eq!(pause(503, &[("retry-after", "soon")]), None);
    assert_eq!(pause(500, &[("retry-after", "9")]), None);
}

#[test]
fn a_response_is_believed_for_a_day() {
    let day = seconds(86_400);
    assert_eq!(pause(429, &[("retry-after", "86400")]), day);
    assert_eq!(pause(429, &[("retry-after", "86401")]), day);
    assert_eq!(pause(429, &[("retry-after", "99999999999999999999999")]), day);
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for wrong_or_right in ["Sun, 06 Nov 2094 08:49:37 GMT", "Sat, 06 Nov 2094 08:49:37 GMT"] {
        assert_eq!(pause(429, &[date, ("retry-after", wrong_or_right)]), day);
    }
    let interval = ("x-ratelimit-interval-milliseconds", "86400001");
    assert_eq!(pause(200, &[("x-ratelimit-remaining", "0"), interval]), day);
}

#[test]
fn the_last_of_a_window_holds_until_it_is_over() {
    let interval = ("x-ratelimit-interval-milliseconds", "10000");
    assert_eq!(pause(200, &[("x-ratelimit-remaining", "0"), interval]), seconds(10));
    assert_eq!(pause(200, &[("x-ratelimit-remaining", "-1"), interval]), seconds(10));
    assert_eq!(pause(200, &[("x-ratelimit-remaining", "1"), interval]), None);
    assert_eq!(pause(200, &[interval]), None);
    assert_eq!(pause(429, &[("x-ratelimit-remaining", "7"), interval]), seconds(10));
    assert_eq!(pause(200, &[("x-ratelimit-remaining", "0")]), None);

    assert_eq!(pause(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "50")]), seconds(50));
    assert_eq!(pause(200, &[("ratelimit-remaining", "1"), ("ratelimit-reset", "50")]), None);
    assert_eq!(pause(429, &[("ratelimit-reset", "50")]), seconds(50));
    // Seconds since 1970.
    assert_eq!(pause(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1790000000")]), None);

    let date = ("date", "Wed, 01 May 2024 12:00:00 GMT");
    let reset = ("x-rate-limit-reset", "2024-05-01T12:00:30.0000000Z");
    assert_eq!(pause(200, &[date, ("x-rate-limit-remaining", "0"), reset]), seconds(30));
    assert_eq!(pause(200, &[date, ("x-rate-limit-remaining", "3"), reset]), None);
}

#[test]
fn the_last_of_a_day_holds_until_the_next_or_for_an_hour() {
    let none = ("x-ratelimit-daily-remaining", "0");
    assert_eq!(pause(200, &[none]), seconds(3_600));
    assert_eq!(pause(429, &[none, ("retry-after", "5")]), seconds(3_600));
    assert_eq!(pause(200, &[none, ("x-ratelimit-daily-reset", "7200000")]), seconds(7_200));
    assert_eq!(pause(200, &[none, ("x-ratelimit-daily-reset", "172800000")]), seconds(86_400));
    assert_eq!(pause(200, &[("x-ratelimit-daily-remaining", "1")]), None);
    // A short refusal with some of the day left is no matter of the day.
    let left = ("x-ratelimit-daily-remaining", "1999");
    assert_eq!(pause(429, &[left, ("x-ratelimit-daily-reset", "7200000")]), seconds(1));
}

#[test]
fn the_longest_of_several_hints_holds() {
    let hints = [
        ("retry-after", "3"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("ratelimit-reset", "7"),
    ];
    assert_eq!(pause(429, &hints), seconds(10));
    assert_eq!(pause(404, &hints), seconds(10));
}

#[test]
fn nonsense_is_no_hint() {
    for value in ["", "-", "x", "1e9", "--1", "+5", ".5", "0x0", "\u{7f}"] {
        let Ok(value) = HeaderValue::from_str(value) else { continue };
        let headers: HeaderMap = [
            (HeaderName::from_static("x-ratelimit-remaining"), value.clone()),
            (HeaderName::from_static("x-ratelimit-interval-milliseconds"), value),
        ]
        .into_iter()
        .collect();
        assert_eq!(super::pause(StatusCode::OK, &headers), None, "{headers:?}");
    }
    assert_eq!(
        pause(200, &[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-interval-milliseconds", "1000.5")]),
        seconds(1)
    );
}

#[test]
fn a_refusal_that_says_for_how_long_is_not_held_longer_by_another_window() {
    // Track-POD's second is used up, and its headers tell of its minute, of which 380 are left.
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let minute = ("x-rate-limit-reset", "1994-11-06T08:50:37.0000000Z");
    let after = ("retry-after", "1");
    assert_eq!(pause(429, &[date, after, ("x-rate-limit-remaining", "380"), minute]), seconds(1));
    assert_eq!(pause(429, &[date, after, ("x-rate-limit-remaining", "0"), minute]), seconds(60));
    assert_eq!(pause(429, &[date, minute]), seconds(60));
}
